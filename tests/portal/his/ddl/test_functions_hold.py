"""All or nothing, and once only, also when calls meet."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.portal.his.ddl.peers import Engine
from tests.portal.his.ddl.test_functions_run import LINES, LOG, PRIV, priv

pytestmark = [pytest.mark.integration, pytest.mark.slow]

CALLS_AT_ONCE = 6
ONE_LINE_EACH = "CREATE UNIQUE INDEX 每人一行 ON 人员权限 (人员ID);"
DROP = {
    "sqlite": "DROP INDEX 每人一行;",
    "postgresql": "DROP INDEX 每人一行;",
    "mysql": "DROP INDEX 每人一行 ON 人员权限;",
}
CALL_LOG = {"sqlite": "YW_PRIV_SAVE"}


def called(his: Engine) -> list[tuple[str, ...]]:
    table = CALL_LOG.get(his.name, "YW_PRIV_SAVE_CALL")
    return his.rows(f"SELECT request_id, code, repeats FROM {table} ORDER BY 1")


def test_call_that_breaks_leaves_nothing_and_may_be_made_again(his: Engine) -> None:
    his.run(ONE_LINE_EACH)
    priv(his, 1)
    before = [his.rows(query) for query in (LINES, LOG)]

    with pytest.raises(Exception, match=r"(?i)unique|duplicate"):
        priv(his, 2, priv_code="RX01", his_value="1")

    assert [his.rows(query) for query in (LINES, LOG)] == before
    assert called(his) == [("r1", "0", "0")]

    his.run(DROP[his.name])
    assert priv(his, 2, priv_code="RX01", his_value="1")[0] == "0"
    assert len(his.rows(LOG)) == 2


@pytest.mark.parametrize("name", ["postgresql", "mysql"])
def test_same_request_from_many_sides_at_once_acts_once(
    name: str, request: pytest.FixtureRequest
) -> None:
    his: Engine = request.getfixturevalue(f"typical_{name}")
    with ThreadPoolExecutor(CALLS_AT_ONCE) as threads:
        calls = [
            threads.submit(his.call, "YW_PRIV_SAVE", PRIV) for _ in range(CALLS_AT_ONCE)
        ]
        answers = {call.result() for call in calls}

    assert answers == {("0", "成功", "1")}
    assert len(his.rows(LOG)) == 1
    assert called(his) == [("r1", "0", str(CALLS_AT_ONCE - 1))]


@pytest.mark.parametrize("name", ["postgresql", "mysql"])
def test_overlapping_rights_at_once_leave_one(
    name: str, request: pytest.FixtureRequest
) -> None:
    his: Engine = request.getfixturevalue(f"typical_{name}")
    with ThreadPoolExecutor(CALLS_AT_ONCE) as threads:
        calls = [
            threads.submit(priv, his, number, valid_from=f"2026-12-{number:02}")
            for number in range(1, CALLS_AT_ONCE + 1)
        ]
        codes = sorted(call.result()[0] for call in calls)

    assert codes == ["0"] + ["2006"] * (CALLS_AT_ONCE - 1)
    assert len(his.rows(LINES)) == 1
