"""What ``manage.py his check`` finds of the HIS in use stands on its tiles."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from portal.demo_his.database import Database, prepare
from portal.directory.conformance import last_conformance
from portal.directory.models import ConformanceRun
from portal.his.mapping.loader import DEMO
from portal.his.opening import open_gateway

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


def check(*words: str) -> None:
    call_command("his", "check", "--mapping", str(DEMO), *words, stdout=StringIO())


@pytest.fixture
def dsn(tmp_path: Path, settings: Any) -> Any:
    settings.HIS_DSN = f"sqlite:///{tmp_path / 'his.sqlite3'}"
    prepare(Database(settings.HIS_DSN))
    yield settings.HIS_DSN
    open_gateway(settings.HIS_DSN, settings.HIS_TIMEOUT_SECONDS).close()


@pytest.mark.real_time  # the HIS was filled by the clock on the wall
def test_check_of_the_his_in_use_is_kept_by_interface(dsn: str) -> None:
    check()

    found = last_conformance()
    drugs = found["V_YW_DRUG"]
    assert (drugs.passed > 0, drugs.failed) == (True, 0)
    assert found["V_YW_FRONT_PAGE"].passed == 0
    assert ConformanceRun.objects.count() == 1


@pytest.mark.parametrize("words", [("--only", "YW-DEPT"), ("--dsn",)])
def test_check_of_a_part_or_of_another_his_is_not_kept(
    dsn: str, words: tuple[str, ...]
) -> None:
    check(*(words if words != ("--dsn",) else ("--dsn", dsn)))

    assert ConformanceRun.objects.count() == 0
