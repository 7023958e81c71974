"""Every switch acts for real on SQLite, and says what SQLite cannot show."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from portal.demo_his.database import Database, prepare
from portal.demo_his.site import Site, open_site, use
from portal.his.gateway import HisRejected, HisUnavailable
from portal.his.messages import PrivSave
from portal.his.sql.gateway import SqlGateway
from tests.pages import CheckedClient
from tests.portal.demo_his.conftest import KEY, PORTAL
from tests.services import wait_until

pytestmark = [pytest.mark.real_time, pytest.mark.slow]

LINE = "SELECT * FROM V_YW_DOCTOR_PRIV"


def message(**changes: Any) -> PrivSave:
    values: dict[str, Any] = {
        "request_id": str(uuid.uuid4()),
        "op": "ADD",
        "emp_no": "1188",
        "priv_code": "RX01",
        "setting": "ALL",
        "item_code": "",
        "his_value": "1",
        "valid_from": date(2026, 12, 1),
        "valid_to": date(2027, 11, 30),
        "reason": "年度授权",
        "doc_no": "",
        "operator": "009001",
    }
    return PrivSave(**(values | changes))


@pytest.fixture
def gateway(database: Database) -> Iterator[SqlGateway]:
    """The portal's own way to this HIS."""
    opened = SqlGateway(f"sqlite:///{database.path}", 0.5)
    yield opened
    opened.close()


def alarms(client: CheckedClient) -> list[str]:
    """The switches shown as on."""
    text = client.get("/switches").content.decode()
    return re.findall(r'<tr class="alarm"><th scope="row">(.+?)</th>', text)


def turn(client: CheckedClient, name: str, act: str, **values: str) -> int:
    answer = client.post(f"/switches/{name}/{act}", values)
    return int(answer.status_code)


# --- down ---------------------------------------------------------------------------


def test_down_moves_the_file_away_and_back(
    his: Site, his_client: CheckedClient, gateway: SqlGateway
) -> None:
    gateway.save_privilege(message())

    assert turn(his_client, "down", "on") == 302
    assert not his.database.path.exists()
    assert alarms(his_client) == ["停机"]
    with pytest.raises(HisUnavailable) as caught:
        gateway.save_privilege(message(setting="OUTP"))
    assert caught.value.sent is False

    assert turn(his_client, "down", "off") == 302
    assert alarms(his_client) == []
    assert gateway.save_privilege(message(setting="OUTP")).code == "0"
    assert len(his.database.rows(LINE)) == 2
    left = [path.name for path in his.database.path.parent.iterdir()]
    assert [name for name in left if ".away" in name] == []


def test_down_twice_and_back_twice_loses_nothing(
    his: Site, his_client: CheckedClient
) -> None:
    for act in ("on", "on", "off", "off"):
        turn(his_client, "down", act)

    assert len(his.database.rows("SELECT * FROM 人员表")) == 328


def test_down_is_still_down_after_a_restart_and_comes_back(
    his: Site, his_client: CheckedClient, gateway: SqlGateway
) -> None:
    gateway.save_privilege(message())
    turn(his_client, "down", "on")

    again = Database(f"sqlite:///{his.database.path}")
    assert prepare(again) is False
    use(open_site(again, portal_url=PORTAL, app="YW", key=KEY, proxy_port=None))

    assert alarms(his_client) == ["停机"]
    turn(his_client, "down", "off")
    assert len(again.rows(LINE)) == 1


def test_reset_while_down_starts_over_and_is_up(
    his: Site, his_client: CheckedClient
) -> None:
    turn(his_client, "down", "on")

    assert prepare(his.database, reset=True) is True

    assert alarms(his_client) == []
    assert not his.database.away.exists()


def test_down_stations_say_so_and_the_switch_page_works(
    his: Site, his_client: CheckedClient
) -> None:
    turn(his_client, "down", "on")

    addresses = (
        "/",
        "/station/inpatient",
        "/station/outpatient",
        "/launch?u=1188&st=ZY",
        "/launch/expired",
    )
    answers = [his_client.get(address) for address in addresses]
    assert [answer.status_code for answer in answers] == [503] * 5
    assert all("数据库连接失败" in answer.content.decode() for answer in answers)
    shown = his_client.get("/switches")
    assert shown.status_code == 200
    assert "数据库连接失败。开关仍可使用。" in shown.content.decode()
    assert turn(his_client, "refuse", "on", code="3001") == 503
    assert turn(his_client, "slow", "on") == 400


# --- slow ---------------------------------------------------------------------------


def test_slow_holds_the_file_locked_until_switched_off(
    his_client: CheckedClient, gateway: SqlGateway
) -> None:
    assert turn(his_client, "slow", "on") == 302
    assert alarms(his_client) == ["变慢"]

    started = time.monotonic()
    with pytest.raises(HisUnavailable, match="忙或超时") as caught:
        gateway.save_privilege(message())
    assert caught.value.sent is False
    assert time.monotonic() - started > 0.4
    assert len(list(gateway.doctors())) == 328  # reading goes on

    turn(his_client, "slow", "off")
    assert gateway.save_privilege(message()).code == "0"
    assert alarms(his_client) == []


def test_slow_for_a_while_ends_by_itself(
    his: Site, his_client: CheckedClient, gateway: SqlGateway
) -> None:
    turn(his_client, "slow", "on", seconds="0.3")
    assert alarms(his_client) == ["变慢"]

    wait_until(lambda: alarms(his_client) == [], what="the lock is released")
    assert gateway.save_privilege(message()).code == "0"


@pytest.mark.parametrize("seconds", ["soon", "0", "-1", "99999", "nan"])
def test_slow_for_no_real_time_is_refused(
    his_client: CheckedClient, seconds: str
) -> None:
    assert turn(his_client, "slow", "on", seconds=seconds) == 400
    assert alarms(his_client) == []


# --- refuse, lose, twice --------------------------------------------------------------


def test_refuse_answers_with_the_code_and_words_chosen(
    his: Site, his_client: CheckedClient, gateway: SqlGateway
) -> None:
    turn(his_client, "refuse", "on", code="3001", words="升级维护中")
    assert alarms(his_client) == ["拒收"]

    refused = message()
    with pytest.raises(HisRejected) as caught:
        gateway.save_privilege(refused)
    assert (caught.value.code, caught.value.message) == ("3001", "升级维护中")
    assert his.database.rows(LINE) == []

    turn(his_client, "refuse", "off")
    assert gateway.save_privilege(message()).code == "0"
    with pytest.raises(HisRejected):  # the first answer, again
        gateway.save_privilege(refused)


def test_refuse_without_words_uses_those_of_the_code(
    his_client: CheckedClient, gateway: SqlGateway
) -> None:
    turn(his_client, "refuse", "on", code="2006")

    with pytest.raises(HisRejected, match="与已有记录重叠"):
        gateway.save_privilege(message())


@pytest.mark.parametrize("code", ["0", "", "12345"])
def test_refuse_with_a_code_that_is_none_is_refused(
    his_client: CheckedClient, code: str
) -> None:
    assert turn(his_client, "refuse", "on", code=code) == 400
    assert alarms(his_client) == []


@pytest.mark.parametrize("name", ["lose", "twice"])
def test_faults_of_the_wire_are_said_to_need_postgresql(
    his_client: CheckedClient, name: str
) -> None:
    text = his_client.get("/switches").content.decode()

    assert text.count("仅在 PostgreSQL 上演示") == 2
    assert turn(his_client, name, "on") == 400
    assert turn(his_client, name, "off") == 400


def test_switch_nobody_knows_is_404(his_client: CheckedClient) -> None:
    assert turn(his_client, "everything", "on") == 404


def test_switch_turned_from_elsewhere_stays(his: Site) -> None:
    stranger = CheckedClient(enforce_csrf_checks=True)

    assert turn(stranger, "down", "on") == 403
    assert his.database.path.exists()


# --- by hand --------------------------------------------------------------------------


@pytest.fixture
def row_id(his: Site, gateway: SqlGateway) -> int:
    return int(gateway.save_privilege(message()).his_row_id)


def test_row_changed_by_hand_shows_in_the_view_and_the_log(
    his: Site, his_client: CheckedClient, row_id: int
) -> None:
    values = {"status": "3", "his_value": "9", "valid_to": "2026-12-31"}

    answer = his_client.post(f"/switches/row/{row_id}/change", values)

    assert answer["Location"] == "/switches?doctor=1188#rows"
    [line] = his.database.rows(LINE)
    assert (line["status"], line["his_value"], line["valid_to"]) == (
        "3",
        "9",
        "2026-12-31",
    )
    assert line["last_operator"] == "DBA"
    log = his.database.rows("SELECT * FROM V_YW_CHANGE_LOG ORDER BY seq")
    assert [(row["op"], row["operator"], row["request_id"] is None) for row in log] == [
        ("ADD", "009001", False),
        ("UPDATE", "DBA", True),
    ]
    assert (log[1]["before_status"], log[1]["after_status"]) == ("1", "3")


def test_row_deleted_by_hand_is_gone_and_logged(
    his: Site, his_client: CheckedClient, row_id: int
) -> None:
    his_client.post(f"/switches/row/{row_id}/delete")

    assert his.database.rows(LINE) == []
    last = his.database.rows("SELECT * FROM V_YW_CHANGE_LOG ORDER BY seq DESC")[0]
    assert (last["op"], last["operator"], last["after_status"]) == ("DELETE", "DBA", "")
    assert his_client.post(f"/switches/row/{row_id}/delete").status_code == 400


@pytest.mark.parametrize(
    "values",
    [
        {"status": "9", "his_value": "1", "valid_to": ""},
        {"status": "1", "his_value": "1" * 21, "valid_to": ""},
        {"status": "1", "his_value": "1", "valid_to": "never"},
    ],
)
def test_row_changed_into_nonsense_stays(
    his: Site, his_client: CheckedClient, row_id: int, values: dict[str, str]
) -> None:
    before = his.database.rows(LINE)

    assert his_client.post(f"/switches/row/{row_id}/change", values).status_code == 400

    assert his.database.rows(LINE) == before
    assert len(his.database.rows("SELECT * FROM V_YW_CHANGE_LOG")) == 1


def test_page_lists_the_calls_with_their_repeats(
    his: Site, his_client: CheckedClient, gateway: SqlGateway
) -> None:
    call = message()
    for _time in range(3):
        gateway.save_privilege(call)

    text = his_client.get("/switches").content.decode()

    row = re.search(r"<td>0 成功</td><td>(\d)</td><td>\d+</td><td>(.+?)</td>", text)
    assert row is not None
    assert row.groups() == ("2", call.request_id)
    assert text.count("<td>009001</td>") == 2  # the row and its log


def test_missing_file_that_was_not_moved_is_no_switch(
    his: Site, his_client: CheckedClient, tmp_path: Path
) -> None:
    his.database.path.rename(tmp_path / "elsewhere")

    assert alarms(his_client) == []
    assert his_client.get("/").status_code == 503
