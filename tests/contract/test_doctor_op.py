"""Rights to single procedures: every HIS that offers the function keeps its contract."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from portal.his import opening
from portal.his.contract.codes import STATUS_AFTER
from portal.his.contract.interfaces import V_YW_DOCTOR_OP, VIEWS
from portal.his.gateway import HisGateway, HisMisconfigured, HisRejected
from portal.his.messages import DoctorOpSave, DoctorOpSet, OpLine
from portal.his.pull.quarantine import RowCheck
from portal.his.records import DoctorOpRecord
from portal.outbox.kinds import DOCTOR_OP_SET, send_set
from tests.contract.conftest import TIMEOUT_SECONDS, day_of_its_own
from tests.contract.peers import Peer
from tests.portal.his.rows import values_of

pytestmark = [pytest.mark.integration, pytest.mark.slow]
OP_DICT = next(view for view in VIEWS if view.name == "V_YW_OP_DICT")


@pytest.fixture(
    params=[
        "demo_sqlite",
        "demo_postgresql",
        "typical_sqlite",
        "typical_postgresql",
        "typical_mysql",
        "gbk_mysql",
        "rest_sqlite",
        "rest_postgresql",
        pytest.param("given", marks=pytest.mark.his),
    ]
)
def his(request: pytest.FixtureRequest) -> Peer:
    peer: Peer = request.getfixturevalue(f"{request.param}_his")
    return peer


@pytest.fixture
def gateway(his: Peer) -> Iterator[HisGateway]:
    opened = opening.open_gateway(his.dsn, TIMEOUT_SECONDS, his.push_dsn)
    yield opened
    opened.close()


@pytest.fixture
def message(gateway: HisGateway) -> DoctorOpSave:
    """For the first practising doctor and the first item in use, on a day of its own."""
    doctors = sorted(row.emp_no for row in gateway.doctors() if row.status == "01")
    place = {name: at for at, name in enumerate(OP_DICT.column_names)}
    items = sorted(
        row[place["his_item_id"]]
        for row in gateway.rows(OP_DICT)
        if row[place["enabled"]] == "1"
    )
    day = day_of_its_own()
    return DoctorOpSave(
        request_id=str(uuid.uuid4()),
        op="ADD",
        emp_no=doctors[-1],
        his_item_id=items[0],
        right_kind="2",
        setting="ALL",
        valid_from=day,
        valid_to=day,
        reason="年度授权",
        doc_no="医务〔2026〕12号",
        operator="009001",
    )


def then(message: DoctorOpSave, op: str, **changes: Any) -> DoctorOpSave:
    """A next message about the same line."""
    return replace(message, op=op, request_id=str(uuid.uuid4()), **changes)


def test_right_is_accepted_and_read_back_through_the_view(
    gateway: HisGateway, message: DoctorOpSave
) -> None:
    assert gateway.doctor_op(message) is None

    answer = gateway.save_doctor_op(message)
    line = gateway.doctor_op(message)

    assert (answer.code, answer.his_row_id != "") == ("0", True)
    assert line is not None
    assert RowCheck(V_YW_DOCTOR_OP).fault(values_of(line)) is None
    assert line == DoctorOpRecord(
        emp_no=message.emp_no,
        his_item_id=message.his_item_id,
        right_kind="2",
        grade="",
        setting="ALL",
        valid_from=message.valid_from,
        valid_to=message.valid_to,
        status="1",
        last_operator="009001",
        last_modified=line.last_modified,
    )


def test_ordering_and_operating_are_two_rights(
    gateway: HisGateway, message: DoctorOpSave
) -> None:
    ordering = then(message, "ADD", right_kind="1")
    gateway.save_doctor_op(message)
    gateway.save_doctor_op(ordering)

    gateway.save_doctor_op(then(message, "REVOKE"))

    found = {
        kind: gateway.doctor_op(each)
        for kind, each in zip("21", (message, ordering), strict=True)
    }
    assert {kind: line and line.status for kind, line in found.items()} == {
        "2": "3",
        "1": "1",
    }


@pytest.mark.parametrize("op", ["SUSPEND", "REVOKE", "VOID"])
def test_right_taken_away_has_the_status_of_the_operation(
    gateway: HisGateway, message: DoctorOpSave, op: str
) -> None:
    gateway.save_doctor_op(message)

    gateway.save_doctor_op(then(message, op))

    line = gateway.doctor_op(message)
    assert line is not None
    assert (line.status, line.valid_to) == (STATUS_AFTER[op], message.valid_to)


def test_repeated_request_gets_the_first_answer_and_no_second_effect(
    gateway: HisGateway, message: DoctorOpSave
) -> None:
    first = gateway.save_doctor_op(message)
    gateway.save_doctor_op(then(message, "SUSPEND"))

    assert gateway.save_doctor_op(message) == first
    line = gateway.doctor_op(message)
    assert line is not None
    assert line.status == "2"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"emp_no": "nobody"}, "2001"),
        ({"his_item_id": "nothing"}, "2004"),
        ({"right_kind": "9"}, "2005"),
        ({"op": "SUSPEND"}, "9999"),
    ],
    ids=["doctor", "item", "kind", "no line"],
)
def test_call_against_the_rules_is_rejected_with_the_code(
    gateway: HisGateway, message: DoctorOpSave, changes: dict[str, Any], code: str
) -> None:
    wrong = replace(message, **changes)

    for _try in range(2):
        with pytest.raises(HisRejected) as caught:
            gateway.save_doctor_op(wrong)
        assert caught.value.code == code

    assert gateway.doctor_op(message) is None


def test_whole_set_takes_away_what_is_not_in_it(
    gateway: HisGateway, message: DoctorOpSave
) -> None:
    gateway.save_doctor_op(message)
    others = [
        OpLine("ADD", message.his_item_id, kind, "OUTP", message.valid_from, None)
        for kind in "12"
    ]
    whole = DoctorOpSet(
        request_id=str(uuid.uuid4()),
        emp_no=message.emp_no,
        day=date(2026, 12, 1),
        lines=tuple(others),
        reason="整批授权",
        doc_no="",
        operator="009001",
    )

    assert send_set(gateway, whole) == send_set(gateway, whole)
    lines = gateway.doctor_ops(message.emp_no)
    nothing = replace(whole, request_id=str(uuid.uuid4()), lines=())
    send_set(gateway, nothing)

    assert DOCTOR_OP_SET.differences(whole, lines) == ()
    old = gateway.doctor_op(message)
    assert old is not None
    assert old.status == "3"
    left = gateway.doctor_ops(message.emp_no)
    assert DOCTOR_OP_SET.differences(nothing, left) == ()
    assert len(left) >= 3  # nothing is deleted


@pytest.mark.parametrize("peer", ["hl7_mfk_his"])
def test_hl7_has_no_message_for_it_and_says_so(
    peer: str, request: pytest.FixtureRequest
) -> None:
    his: Peer = request.getfixturevalue(peer)
    gateway = opening.open_gateway(his.dsn, TIMEOUT_SECONDS, his.push_dsn)
    day = date(2026, 12, 1)
    call = DoctorOpSave(
        str(uuid.uuid4()), "ADD", "001027", "ALL", day, None, "", "", "009001", "1", "2"
    )

    with pytest.raises(HisMisconfigured, match="HL7 v2 只传送 YW_PRIV_SAVE"):
        gateway.save_doctor_op(call)
    gateway.close()
