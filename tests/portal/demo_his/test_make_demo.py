"""``make demo`` with HIS_DSN: the demo HIS on PostgreSQL, the portal behind its proxy."""

from __future__ import annotations

from pathlib import Path

import pytest

from portal.demo_his.database import Database
from tests.demo_stack import running_demo
from tests.portal.demo_his.test_serve import Visitor
from tests.services import wait_until

pytestmark = [pytest.mark.integration, pytest.mark.slow]


def test_demo_on_postgresql_goes_through_the_proxy(
    fresh_postgres: str, tmp_path: Path
) -> None:
    dsn = fresh_postgres.replace("postgresql://", "postgresql+psycopg://")
    database = Database(dsn)

    def calls() -> int:
        return len(database.rows("SELECT request_id FROM V_YW_CALL_LOG"))

    with running_demo(tmp_path / "var", HIS_DSN=dsn) as demo:
        visitor = Visitor(demo.his_url)
        assert "--proxy-port" not in visitor.get("/switches")[1]
        wait_until(lambda: calls() > 0, seconds=60, what="the portal delivers")
        visitor.post("/switches/down/on")
        assert visitor.get("/station/inpatient")[0] == 503
        visitor.post("/switches/down/off")
        assert visitor.get("/station/inpatient")[0] == 200
    assert len(database.rows("SELECT emp_no FROM V_YW_DOCTOR")) == 328

    database.run("DELETE FROM 门诊处方明细")
    with running_demo(tmp_path / "var", HIS_DSN=dsn, RESET="1"):
        assert len(database.rows("SELECT * FROM 门诊处方明细")) == 10
