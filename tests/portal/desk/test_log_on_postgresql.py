"""变更日志 on a real PostgreSQL: a filter never reads the long rows of the archive."""

from __future__ import annotations

import json

import pytest

from tests.permissions.test_list_on_postgresql import run
from tests.services import make_tables

pytestmark = [pytest.mark.integration, pytest.mark.slow]


def test_archive_is_narrowed_by_its_indexes(fresh_postgres: str) -> None:
    make_tables({"DATABASE_URL": fresh_postgres, "REDIS_URL": "memory://"})
    told = run(fresh_postgres, "-m", "tests.portal.desk.log_plans")

    lines = [json.loads(line) for line in told.splitlines() if line[:1] == "["]
    plans = {name: used for name, used, _rows in lines}
    assert len(plans) == 3
    of_archive = {
        name: [one for one in used if "archive" in one] for name, used in plans.items()
    }
    assert of_archive == {
        "same": ["Index outbox_archived_state"],
        "acts upon one doctor's": ["Index outbox_archived_stream"],
        "acts upon messages found by name": ["Index outbox_archived_stream"],
    }
    assert [rows for _name, _used, rows in lines] == [0, 1, 1]
