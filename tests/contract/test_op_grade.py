"""Grades of procedures: every HIS that offers the function keeps its contract."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from portal.his import opening
from portal.his.contract.interfaces import V_YW_OP_GRADE, VIEWS
from portal.his.gateway import HisGateway, HisMisconfigured, HisRejected
from portal.his.messages import OpGradeSave
from portal.his.pull.quarantine import RowCheck
from portal.outbox.comparison import grade_differences
from tests.contract.conftest import TIMEOUT_SECONDS
from tests.contract.peers import Peer
from tests.portal.his.rows import values_of

pytestmark = [pytest.mark.integration, pytest.mark.slow]
OP_DICT = next(view for view in VIEWS if view.name == "V_YW_OP_DICT")
DAY = date(2026, 12, 1)


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
def message(gateway: HisGateway) -> Iterator[OpGradeSave]:
    """Grade 1 for the last item; afterwards it has the grade it had."""
    place = {name: at for at, name in enumerate(OP_DICT.column_names)}
    item = max(gateway.rows(OP_DICT), key=lambda row: row[place["his_item_id"]])
    call = OpGradeSave(
        request_id=str(uuid.uuid4()),
        op="UPDATE",
        his_item_id=item[place["his_item_id"]],
        proc_code=item[place["code_clinical"]],
        old_grade=None,
        new_grade="1",
        effective_from=DAY,
        grade_version="2026-2",
        reason="年度调整",
        doc_no="医务〔2026〕12号",
        operator="009001",
    )
    before = gateway.op_grade(call)
    assert before is not None
    yield call
    since = before.effective_from or date(2026, 1, 1)
    back = then(call, new_grade=before.grade, effective_from=since)
    gateway.save_op_grade(back if before.grade != "0" else replace(back, op="VOID"))


def then(message: OpGradeSave, **changes: Any) -> OpGradeSave:
    """A next message about the same procedure."""
    return replace(message, request_id=str(uuid.uuid4()), **changes)


def test_grade_is_accepted_and_read_back_through_the_view(
    gateway: HisGateway, message: OpGradeSave
) -> None:
    answer = gateway.save_op_grade(message)
    line = gateway.op_grade(message)

    assert (answer.code, answer.his_row_id) == ("0", message.his_item_id)
    assert line is not None
    assert RowCheck(V_YW_OP_GRADE).fault(values_of(line)) is None
    assert (line.proc_code, line.grade) == (message.proc_code, "1")
    assert (line.grade_name, line.effective_from) == ("一级", DAY)
    assert grade_differences(message, line) == ()


def test_voided_grade_is_none(gateway: HisGateway, message: OpGradeSave) -> None:
    voided = then(message, op="VOID", new_grade="0")
    gateway.save_op_grade(message)

    gateway.save_op_grade(voided)

    line = gateway.op_grade(message)
    assert line is not None
    assert line.grade == "0"
    assert grade_differences(voided, line) == ()


def test_repeated_request_gets_the_first_answer_and_no_second_effect(
    gateway: HisGateway, message: OpGradeSave
) -> None:
    first = gateway.save_op_grade(message)
    gateway.save_op_grade(then(message, new_grade="2", old_grade="1"))

    assert gateway.save_op_grade(message) == first
    line = gateway.op_grade(message)
    assert line is not None
    assert line.grade == "2"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"op": "SUSPEND"}, "2005"),
        ({"his_item_id": "nothing"}, "2004"),
        ({"proc_code": "nothing"}, "2004"),
        ({"new_grade": "9"}, "2005"),
        ({"old_grade": "4", "new_grade": "2"}, "2005"),
    ],
    ids=["operation", "item", "procedure", "grade", "changed meanwhile"],
)
def test_call_against_the_rules_is_rejected_with_the_code(
    gateway: HisGateway, message: OpGradeSave, changes: dict[str, Any], code: str
) -> None:
    gateway.save_op_grade(message)
    wrong = then(message, **changes)

    for _try in range(2):
        with pytest.raises(HisRejected) as caught:
            gateway.save_op_grade(wrong)
        assert caught.value.code == code

    line = gateway.op_grade(message)
    assert line is not None
    assert line.grade == "1"


def test_procedure_the_his_does_not_have_is_no_line(
    gateway: HisGateway, message: OpGradeSave
) -> None:
    assert gateway.op_grade(replace(message, proc_code="nothing")) is None


def test_hl7_has_no_message_for_it_and_says_so(
    request: pytest.FixtureRequest,
) -> None:
    his: Peer = request.getfixturevalue("hl7_mfk_his")
    gateway = opening.open_gateway(his.dsn, TIMEOUT_SECONDS, his.push_dsn)
    call = OpGradeSave(
        str(uuid.uuid4()), "ADD", "9001", "51.2300", None, "3", DAY, "", "", "", "2031"
    )

    with pytest.raises(HisMisconfigured, match="HL7 v2 只传送 YW_PRIV_SAVE"):
        gateway.save_op_grade(call)
    gateway.close()
