"""The faults of the wire, felt by the portal's own gateway on PostgreSQL."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from portal.demo_his.database import Database
from portal.demo_his.site import Site, open_site, use
from portal.demo_his.switches import WireWay
from portal.his.contract.interfaces import YW_PRIV_SAVE
from portal.his.gateway import HisRejected, HisUnavailable
from portal.his.messages import Answer
from portal.his.sql.gateway import SqlGateway
from tests.pages import CheckedClient
from tests.portal.demo_his.conftest import KEY, PORTAL
from tests.portal.demo_his.test_surgery_application import SHEET
from tests.portal.demo_his.test_switches import alarms, message, turn

pytestmark = [pytest.mark.integration, pytest.mark.slow]

TIMEOUT = 2.0


@pytest.fixture
def far(filled_postgresql: Database) -> Iterator[Site]:
    """The site on PostgreSQL with its proxy; the rights of earlier tests are gone."""
    for table in ("人员权限", "权限维护日志", "权限维护请求"):
        filled_postgresql.run(f"DELETE FROM {table}")
    opened = open_site(
        filled_postgresql, portal_url=PORTAL, app="YW", key=KEY, proxy_port=0
    )
    use(opened)
    yield opened
    assert isinstance(opened.way, WireWay)
    opened.way.close()


@pytest.fixture
def client_of(far: Site, his_settings: None) -> CheckedClient:
    return CheckedClient()


@pytest.fixture
def gateway(far: Site) -> Iterator[SqlGateway]:
    """As the portal has it: through the proxy."""
    dsn = far.front.url.render_as_string(hide_password=False)
    opened = SqlGateway(dsn, TIMEOUT)
    yield opened
    opened.close()


def logged(site: Site, request_id: str) -> list[tuple[str, int]]:
    """Code and repeats of a request, read past the proxy."""
    query = "SELECT code, repeats FROM V_YW_CALL_LOG WHERE request_id = :request_id"
    rows = site.database.rows(query, request_id=request_id)
    return [(row["code"], row["repeats"]) for row in rows]


def lines(site: Site) -> int:
    return len(site.database.rows("SELECT * FROM V_YW_DOCTOR_PRIV"))


def warm(gateway: SqlGateway) -> None:
    """Calls whose statements the driver has prepared, as on a busy day."""
    for _call in range(3):
        gateway.save_privilege(message(emp_no="1027", setting="OUTP"))


COLD_AND_WARM = pytest.mark.parametrize(
    "before", [lambda gateway: None, warm], ids=["first call", "prepared"]
)


def test_proxy_passes_everything_while_nothing_is_wrong(
    far: Site, gateway: SqlGateway
) -> None:
    assert len(list(gateway.doctors())) == 328
    assert gateway.save_privilege(message()).code == "0"
    assert lines(far) == 1


def test_down_refuses_and_cuts_until_switched_off(
    far: Site, client_of: CheckedClient, gateway: SqlGateway
) -> None:
    gateway.save_privilege(message())
    turn(client_of, "down", "on")
    assert alarms(client_of) == ["停机"]

    with pytest.raises(HisUnavailable, match="连接不上") as caught:
        gateway.save_privilege(message(setting="OUTP"))
    assert caught.value.sent is False
    assert client_of.get("/station/inpatient").status_code == 503
    assert client_of.get("/switches").status_code == 200

    turn(client_of, "down", "off")
    assert gateway.save_privilege(message(setting="OUTP")).code == "0"
    assert client_of.get("/station/inpatient").status_code == 200


def test_slow_answers_late_by_the_seconds_given(
    client_of: CheckedClient, gateway: SqlGateway
) -> None:
    gateway.save_privilege(message())
    turn(client_of, "slow", "on", seconds="0.4")
    started = time.monotonic()

    assert gateway.save_privilege(message()).code == "0"

    assert 0.4 <= time.monotonic() - started < TIMEOUT
    turn(client_of, "slow", "off")
    assert alarms(client_of) == []


def test_slower_than_the_deadline_leaves_it_in_doubt(
    far: Site, client_of: CheckedClient, gateway: SqlGateway
) -> None:
    warm(gateway)
    turn(client_of, "slow", "on", seconds="30")
    late = message(setting="INP")

    with pytest.raises(HisUnavailable) as caught:
        gateway.save_privilege(late)

    assert caught.value.sent is True
    assert logged(far, late.request_id) == [("0", 0)]
    turn(client_of, "slow", "off")
    assert gateway.save_privilege(late).code == "0"


@COLD_AND_WARM
def test_lost_answer_is_of_a_call_that_was_done(
    far: Site,
    client_of: CheckedClient,
    gateway: SqlGateway,
    before: Callable[[SqlGateway], None],
) -> None:
    before(gateway)
    turn(client_of, "lose", "on")
    lost = message()

    with pytest.raises(HisUnavailable, match="应答丢失") as caught:
        gateway.save_privilege(lost)

    assert caught.value.sent is True
    assert logged(far, lost.request_id) == [("0", 0)]
    line = gateway.doctor_privilege(lost)  # reading is not what is lost
    assert line is not None
    assert line.status == "1"
    turn(client_of, "lose", "off")
    assert gateway.save_privilege(lost).code == "0"
    assert logged(far, lost.request_id) == [("0", 1)]


@COLD_AND_WARM
def test_doubled_call_has_one_effect_and_one_answer(
    far: Site,
    client_of: CheckedClient,
    gateway: SqlGateway,
    before: Callable[[SqlGateway], None],
) -> None:
    before(gateway)
    count = lines(far)
    turn(client_of, "twice", "on")
    doubled, refused = message(), message(emp_no="nobody")

    answer = gateway.save_privilege(doubled)
    with pytest.raises(HisRejected, match="2001"):
        gateway.save_privilege(refused)

    assert (answer.code, answer.message) == ("0", "成功")
    assert logged(far, doubled.request_id) == [("0", 1)]
    assert logged(far, refused.request_id) == [("2001", 1)]
    assert lines(far) == count + 1
    turn(client_of, "twice", "off")
    assert gateway.save_privilege(message()).code == "0"


def test_many_doubled_calls_have_each_its_own_answer_and_line(
    far: Site, client_of: CheckedClient, gateway: SqlGateway
) -> None:
    """Told without waiting: no answer may come in the place of another."""
    turn(client_of, "twice", "on")
    settings = ("OUTP", "INP", "ALL")
    calls = [message(setting=setting) for setting in settings]

    told = list(gateway.tell_each(calls))

    assert [one.line.setting for one in told] == list(settings)
    assert [one.answer.code for one in told if isinstance(one.answer, Answer)] == [
        "0",
        "0",
        "0",
    ]
    assert [logged(far, call.request_id) for call in calls] == [[("0", 1)]] * 3


def test_doubled_and_lost_together(
    far: Site, client_of: CheckedClient, gateway: SqlGateway
) -> None:
    turn(client_of, "twice", "on")
    turn(client_of, "lose", "on")
    call = message()

    with pytest.raises(HisUnavailable, match="应答丢失"):
        gateway.save_privilege(call)

    assert alarms(client_of) == ["丢失应答", "重复应答"]
    assert logged(far, call.request_id) == [("0", 1)]


def arguments(**changes: Any) -> list[Any]:
    call = replace(message(), **changes)
    return [getattr(call, item.name) for item in YW_PRIV_SAVE.arguments]


CALL = "SELECT code FROM yw_priv_save(" + ", ".join(["%s"] * 12) + ")"


def test_answer_inside_a_transaction_is_lost_at_its_commit(
    far: Site, client_of: CheckedClient
) -> None:
    turn(client_of, "lose", "on")
    dsn = far.front.url.set(drivername="postgresql").render_as_string(False)
    request_id = str(uuid.uuid4())

    with psycopg.connect(dsn) as link:
        row = link.execute(CALL, arguments(request_id=request_id)).fetchone()
        assert row == ("0",)
        assert logged(far, request_id) == []
        with pytest.raises(psycopg.OperationalError):
            link.commit()

    assert logged(far, request_id) == [("0", 0)]


def test_refuse_and_by_hand_work_on_postgresql_too(
    far: Site, client_of: CheckedClient, gateway: SqlGateway
) -> None:
    row_id = gateway.save_privilege(message()).his_row_id
    turn(client_of, "refuse", "on", code="3001", words="升级维护中")
    with pytest.raises(HisRejected, match="升级维护中"):
        gateway.save_privilege(message())
    turn(client_of, "refuse", "off")

    values = {"status": "2", "his_value": "1", "valid_to": ""}
    client_of.post(f"/switches/row/{row_id}/change", values)
    line = gateway.doctor_privilege(message())
    assert line is not None
    assert (line.status, line.valid_to, line.last_operator) == ("2", None, "DBA")
    client_of.post(f"/switches/row/{row_id}/delete")
    assert gateway.doctor_privilege(message()) is None


def test_sheet_is_kept_on_postgresql_too(far: Site, client_of: CheckedClient) -> None:
    client_of.post("/station/inpatient/save", SHEET | {"act": "submit"})
    text = client_of.get("/station/inpatient?a=SS261123100000001").content.decode()

    assert 'value="2026-11-25T08:30"' in text
    assert "历次申请（1）" in text
    assert client_of.get("/station/outpatient").status_code == 200


def test_without_a_proxy_the_page_says_what_is_missing(
    filled_postgresql: Database, his_settings: None
) -> None:
    use(
        open_site(
            filled_postgresql, portal_url=PORTAL, app="YW", key=KEY, proxy_port=None
        )
    )
    client = CheckedClient()

    text = client.get("/switches").content.decode()

    assert text.count("启动时没有给出 --proxy-port，此开关不可用。") == 4
    assert turn(client, "down", "on") == 400
