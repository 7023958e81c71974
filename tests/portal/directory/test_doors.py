"""The tasks and the command that pull."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from celery import current_app
from django.core.management import CommandError, call_command

from portal.directory.dictionaries import BY_VIEW
from portal.directory.models import HisPrivilege, Practitioner, RowChange, SyncRun
from portal.directory.tasks import clear, pull
from tests.portal.his.rows import (
    ANTIBIOTICS,
    PRESCRIBE,
    WANG,
    ZHAO,
    ListedHis,
    many,
    pull_doctors,
)

pytestmark = pytest.mark.django_db
BOTH = ["V_YW_PRIV_DICT", "V_YW_DOCTOR"]
NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
TASKS_LOGGER = "portal.directory.tasks"


@pytest.fixture
def his(monkeypatch: pytest.MonkeyPatch) -> ListedHis:
    his = ListedHis([WANG, ZHAO], [PRESCRIBE])
    for door in ("tasks", "management.commands.pull"):
        monkeypatch.setattr(f"portal.directory.{door}.from_settings", lambda: his)
    return his


def said(*views: str) -> list[str]:
    out = StringIO()
    call_command("pull", *views, stdout=out)
    return out.getvalue().splitlines()


def test_pull_command_prints_the_counts_of_the_views_named(his: ListedHis) -> None:
    his.doctor_rows.append(replace(WANG, emp_no=""))

    assert said("v_yw_priv_dict", "V_YW_DOCTOR") == [
        "V_YW_PRIV_DICT: read 1, added 1, changed 0, vanished 0, quarantined 0",
        "V_YW_DOCTOR: read 3, added 2, changed 0, vanished 0, quarantined 1",
    ]


def test_pull_command_without_a_name_pulls_all_and_fails_for_those_not_offered(
    his: ListedHis,
) -> None:
    missing = sorted(set(BY_VIEW) - set(BOTH))

    with pytest.raises(CommandError) as refused:
        said()

    told = str(refused.value).removeprefix("not taken: ").split(", ")
    assert sorted(told) == missing
    assert (Practitioner.objects.count(), HisPrivilege.objects.count()) == (2, 1)
    runs = SyncRun.objects.filter(is_missing=True).values_list("view", flat=True)
    assert sorted(runs) == missing


def test_pull_command_refuses_a_view_that_is_no_dictionary(his: ListedHis) -> None:
    with pytest.raises(CommandError, match="^V_YW_DOCTOR_PRIV: no such dictionary"):
        said("V_YW_DOCTOR_PRIV")

    assert SyncRun.objects.count() == 0


def test_pull_command_while_the_his_is_down_says_why_and_fails(his: ListedHis) -> None:
    his.is_down = True
    out = StringIO()

    with pytest.raises(CommandError, match=r"^not taken: V_YW_DOCTOR$"):
        call_command("pull", "V_YW_DOCTOR", stdout=out)

    assert out.getvalue() == "V_YW_DOCTOR: HIS 未应答：连接中断\n"
    assert Practitioner.objects.count() == 0
    assert list(SyncRun.objects.values_list("state", "is_missing")) == [
        ("FAILED", False)
    ]


def test_pull_command_that_lost_too_much_says_that_a_person_must_look(
    his: ListedHis,
) -> None:
    his.doctor_rows = many(30)
    said("V_YW_DOCTOR")
    his.doctor_rows = his.doctor_rows[7:]
    out = StringIO()

    with pytest.raises(CommandError, match=r"^not taken: V_YW_DOCTOR$"):
        call_command("pull", "V_YW_DOCTOR", stdout=out)

    assert out.getvalue() == "V_YW_DOCTOR: 7 rows gone, a person must say\n"


def test_pull_task_takes_what_is_offered(his: ListedHis) -> None:
    his.privilege_rows.append(ANTIBIOTICS)

    pull()

    assert pull.name == "directory.pull"
    assert pull.name in current_app.tasks
    assert (Practitioner.objects.count(), HisPrivilege.objects.count()) == (2, 2)


def said_by_the_tasks(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    """Without what libraries say when they happen to be used first in a test."""
    return [one for one in caplog.records if one.name == TASKS_LOGGER]


def test_pull_task_logs_numbers_only(
    his: ListedHis, caplog: pytest.LogCaptureFixture
) -> None:
    his.is_down = True
    with caplog.at_level(logging.INFO, logger=TASKS_LOGGER):
        pull()

    told = [record.getMessage() for record in said_by_the_tasks(caplog)]
    assert told == ["directory not pulled"] * len(BY_VIEW)


def test_history_is_kept_for_ninety_days(
    his: ListedHis, caplog: pytest.LogCaptureFixture
) -> None:
    ages = (91, 90, 0)
    for age, rows in zip(ages, ([WANG], [WANG, ZHAO], [ZHAO]), strict=True):
        his.doctor_rows = rows
        pull_doctors(gateway=his, at=NOW - timedelta(days=age))
    assert RowChange.objects.count() == 2

    with caplog.at_level(logging.INFO, logger=TASKS_LOGGER):
        clear()

    assert [record.__dict__["runs"] for record in said_by_the_tasks(caplog)] == [1]
    left = SyncRun.objects.order_by("id").values_list("added", "vanished")
    assert list(left) == [(1, 0), (0, 1)]
    assert RowChange.objects.count() == 2
    assert Practitioner.objects.count() == 2
