"""The task and the command that pull."""

from __future__ import annotations

import logging
from dataclasses import replace
from io import StringIO

import pytest
from celery import current_app
from django.core.management import CommandError, call_command

from portal.directory.models import HisPrivilege, Practitioner, SyncRun
from portal.directory.tasks import pull
from tests.portal.his.rows import ANTIBIOTICS, PRESCRIBE, WANG, ZHAO, ListedHis

pytestmark = pytest.mark.django_db


@pytest.fixture
def his(monkeypatch: pytest.MonkeyPatch) -> ListedHis:
    his = ListedHis([WANG, ZHAO], [PRESCRIBE])
    monkeypatch.setattr("portal.directory.tasks.from_settings", lambda: his)
    return his


def test_pull_directory_prints_the_counts(his: ListedHis) -> None:
    his.doctor_rows.append(replace(WANG, emp_no=""))
    out = StringIO()

    call_command("pull_directory", stdout=out)

    assert out.getvalue().splitlines() == [
        "V_YW_PRIV_DICT: read 1, added 1, changed 0, vanished 0, quarantined 0",
        "V_YW_DOCTOR: read 3, added 2, changed 0, vanished 0, quarantined 1",
    ]


def test_pull_directory_while_the_his_is_down_fails_in_one_line(his: ListedHis) -> None:
    his.is_down = True

    with pytest.raises(CommandError, match=r"^V_YW_PRIV_DICT: HIS 未应答：连接中断$"):
        call_command("pull_directory", stdout=StringIO())

    assert Practitioner.objects.count() == 0
    assert list(SyncRun.objects.values_list("is_ok", flat=True)) == [False, False]


def test_pull_task_takes_both_dictionaries_over(his: ListedHis) -> None:
    his.privilege_rows.append(ANTIBIOTICS)

    pull()

    assert pull.name == "directory.pull"
    assert pull.name in current_app.tasks
    assert (Practitioner.objects.count(), HisPrivilege.objects.count()) == (2, 2)


def test_pull_task_that_fails_logs_numbers_only(
    his: ListedHis, caplog: pytest.LogCaptureFixture
) -> None:
    his.is_down = True
    with caplog.at_level(logging.INFO, logger="portal.directory.tasks"):
        pull()

    assert [record.getMessage() for record in caplog.records] == [
        "directory not pulled",
        "directory not pulled",
    ]
