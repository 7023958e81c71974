"""What every HIS behind the gateway must do."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import date, datetime

import pytest

from portal.his.contract.codes import STATUS_AFTER
from portal.his.contract.interfaces import V_YW_DOCTOR, V_YW_PRIV_DICT
from portal.his.gateway import HisGateway, HisRejected
from portal.his.messages import Answer, PrivSave
from portal.his.pull.quarantine import RowCheck
from portal.his.records import DoctorPrivRecord, DoctorRecord, PrivilegeRecord
from tests.contract.conftest import day_of_its_own, message_for
from tests.contract.peers import Peer
from tests.portal.his.rows import values_of

pytestmark = [pytest.mark.integration, pytest.mark.slow]


@pytest.fixture
def message(gateway: HisGateway) -> PrivSave:
    """For the first practising doctor and the first flag privilege in use."""
    doctors = sorted(row.emp_no for row in gateway.doctors() if row.status == "01")
    privileges = sorted(
        row.priv_code
        for row in gateway.privileges()
        if row.value_kind == "FLAG" and row.enabled == "1"
    )
    day = day_of_its_own()
    return message_for(doctors[0], privileges[0], valid_from=day, valid_to=day)


def then(message: PrivSave, op: str) -> PrivSave:
    """A next message about the same line."""
    return replace(message, op=op, request_id=str(uuid.uuid4()))


def test_read_doctors_gives_typed_rows_that_keep_the_contract(
    gateway: HisGateway,
) -> None:
    rows = list(gateway.doctors())
    check = RowCheck(V_YW_DOCTOR)

    assert len(rows) > 0
    assert {type(row) for row in rows} == {DoctorRecord}
    assert [check.fault(values_of(row)) for row in rows] == [None] * len(rows)
    assert {type(row.last_modified) for row in rows} == {datetime}
    assert {type(row.prac_valid_to) for row in rows} <= {date, type(None)}
    assert [row.name for row in rows] == [row.name.strip() for row in rows]
    assert len({row.emp_no for row in rows}) == len(rows)


def test_read_privileges_gives_typed_rows_that_keep_the_contract(
    gateway: HisGateway,
) -> None:
    rows = list(gateway.privileges())
    check = RowCheck(V_YW_PRIV_DICT)

    assert len(rows) > 0
    assert {type(row) for row in rows} == {PrivilegeRecord}
    assert [check.fault(values_of(row)) for row in rows] == [None] * len(rows)


def test_save_privilege_is_accepted_and_read_back_through_the_view(
    gateway: HisGateway, message: PrivSave
) -> None:
    assert gateway.doctor_privilege(message) is None

    answer = gateway.save_privilege(message)
    line = gateway.doctor_privilege(message)

    assert answer.code == "0"
    assert answer.his_row_id != ""
    assert line is not None
    assert line == DoctorPrivRecord(
        emp_no=message.emp_no,
        priv_code=message.priv_code,
        setting="ALL",
        item_code="",
        his_value="1",
        valid_from=message.valid_from,
        valid_to=message.valid_to,
        status="1",
        last_operator="009001",
        last_modified=line.last_modified,
    )
    assert type(line.last_modified) is datetime


def test_save_privilege_without_an_end_is_read_back_without_one(
    gateway: HisGateway, message: PrivSave
) -> None:
    endless = replace(message, valid_to=None, setting="EMER")
    gateway.save_privilege(endless)

    line = gateway.doctor_privilege(endless)
    # It would overlap all later ones of a HIS which lives on.
    gateway.save_privilege(then(endless, "VOID"))

    assert line is not None
    assert line.valid_to is None


@pytest.mark.parametrize("op", ["SUSPEND", "REVOKE", "VOID"])
def test_save_privilege_leaves_the_status_of_the_operation(
    gateway: HisGateway, message: PrivSave, op: str
) -> None:
    gateway.save_privilege(message)
    next_message = then(message, op)

    gateway.save_privilege(next_message)

    line = gateway.doctor_privilege(next_message)
    assert line is not None
    assert line.status == STATUS_AFTER[op]


def test_save_privilege_restored_is_valid_again(
    gateway: HisGateway, message: PrivSave
) -> None:
    for op in ("ADD", "SUSPEND", "RESTORE", "UPDATE"):
        gateway.save_privilege(then(message, op))

    line = gateway.doctor_privilege(message)
    assert line is not None
    assert line.status == "1"


def test_save_privilege_repeated_gets_the_first_answer_and_one_log_row(
    his: Peer, gateway: HisGateway, message: PrivSave
) -> None:
    first: Answer = gateway.save_privilege(message)
    gateway.save_privilege(then(message, "SUSPEND"))

    again = gateway.save_privilege(message)

    assert again == first
    line = gateway.doctor_privilege(message)
    assert line is not None
    assert line.status == "2"
    if his.log_table:
        assert his.logged(message.request_id) == 1


def test_save_privilege_for_an_unknown_doctor_is_rejected_with_the_code(
    his: Peer, gateway: HisGateway, message: PrivSave
) -> None:
    unknown = replace(message, emp_no="nobody")

    for _try in range(2):
        with pytest.raises(HisRejected) as caught:
            gateway.save_privilege(unknown)
        assert caught.value.code == "2001"
        assert caught.value.message != ""

    assert gateway.doctor_privilege(unknown) is None
    if his.log_table:
        assert his.logged(unknown.request_id) == 1


def test_ping_takes_a_moment(gateway: HisGateway) -> None:
    assert 0 < gateway.ping() < 2
