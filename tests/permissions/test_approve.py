"""Approving writes line, event, state, history and message at once, or nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.utils import timezone

from permissions import services
from permissions.enums import EventKind, GrantStatus, Setting
from permissions.models import Application, Grant, GrantEvent, GrantState
from permissions.services import refusals
from portal.accounts.models import User
from portal.audit.acting import acting
from portal.directory.models import PractitionerStatus
from portal.outbox.models import Message, State
from portal.parameters.days import start_of
from tests.cast import make_practitioner
from tests.permissions.ledger import (
    TODAY,
    approve,
    granted,
    nothing_written,
    privilege,
    propose,
)

pytestmark = pytest.mark.usefixtures("catalogue")


def test_approve_writes_line_event_state_history_and_message(
    lin: User, su: User, wang: User
) -> None:
    assert wang.practitioner is not None
    application = propose(
        lin,
        wang.practitioner,
        "SG04",
        item="50.2205",
        valid_from=date(2026, 12, 1),
        valid_to=date(2027, 11, 30),
    )

    grant = approve(su, application, reason="资料齐全，同意授权")

    now = timezone.now()
    application.refresh_from_db()
    assert (application.state, application.decided_by, application.decided_at) == (
        "APPROVED",
        su,
        now,
    )
    assert Grant.objects.get() == grant
    assert (grant.item_code, grant.item_name, grant.item_grade) == (
        "50.2205",
        "腹腔镜下肝部分切除术",
        4,
    )
    assert (grant.practitioner_name, grant.title_code, grant.department_name) == (
        "王若谷",
        "232",
        "肝胆外科",
    )
    event = GrantEvent.objects.get()
    assert (event.kind, event.by, event.recorded_at) == (EventKind.GRANT, su, now)
    assert event.effective_at == start_of(date(2026, 12, 1))
    state = GrantState.objects.get()
    assert (state.status, state.last_event) == (GrantStatus.ACTIVE, event)
    history = state.history.get()
    assert (history.history_user, history.history_change_reason) == (
        su,
        "资料齐全，同意授权",
    )
    assert history.history_date == now
    assert application.history.count() == 2
    # Who may operate may order: two kinds of right, two rows of the HIS.
    message, ordering = Message.objects.order_by("pk")
    assert (message.kind, message.state) == ("DOCTOR_OP_SAVE", State.WAITING)
    assert (message.stream, message.subject) == ("practitioner:1188", event.subject)
    assert message.takes_away is False
    assert ordering.payload == message.payload | {
        "request_id": str(ordering.request_id),
        "right_kind": "1",
    }
    assert message.payload == {
        "request_id": str(message.request_id),
        "op": "ADD",
        "emp_no": "1188",
        "his_item_id": "50.2205",
        "right_kind": "2",
        "setting": "ALL",
        "save_mode": "INCREMENT",
        "batch_key": None,
        "line_no": None,
        "line_count": None,
        "valid_from": "2026-12-01",
        "valid_to": "2027-11-30",
        "reason": "资料齐全，同意授权",
        "doc_no": "〔2026〕59号",
        "operator": "2032",
    }


def test_approve_of_a_flag_without_end_sends_one_and_no_last_day(
    lin: User, su: User, wang: User
) -> None:
    assert wang.practitioner is not None
    granted(lin, su, wang.practitioner, "RX01")
    payload = Message.objects.get().payload
    assert (payload["his_value"], payload["item_code"], payload["valid_to"]) == (
        "1",
        "",
        None,
    )


def test_approve_where_the_promise_fails_leaves_nothing(
    lin: User, su: User, wang: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert wang.practitioner is not None
    application = propose(lin, wang.practitioner, "RX01")

    def fail(**_given: Any) -> None:
        raise RuntimeError("disk full")

    monkeypatch.setattr("permissions.services.ledger.enqueue", fail)
    with nothing_written(), pytest.raises(RuntimeError, match="disk full"):
        approve(su, application)
    application.refresh_from_db()
    assert (application.state, application.decided_by) == ("SUBMITTED", None)


def test_approve_by_the_proposer_is_refused(lin: User, wang: User) -> None:
    assert wang.practitioner is not None
    application = propose(lin, wang.practitioner, "RX01")
    with nothing_written(), pytest.raises(refusals.OwnProposal) as refused:
        approve(lin, application)
    assert str(refused.value) == "提出人不能审批自己的申请，请由另一人审批。"


def test_decision_by_the_proposer_is_forbidden_by_the_database(
    lin: User, wang: User
) -> None:
    assert wang.practitioner is not None
    application = propose(lin, wang.practitioner, "RX01")
    application.state = "APPROVED"
    application.decided_by = lin
    application.decided_at = timezone.now()
    with (
        pytest.raises(IntegrityError, match="permissions_application_second_person"),
        transaction.atomic(),
        acting(by=lin, reason="绕过"),
    ):
        application.save()


def test_approve_of_an_own_right_is_refused(lin: User, wang: User) -> None:
    assert wang.practitioner is not None
    application = propose(lin, wang.practitioner, "RX01")
    with nothing_written(), pytest.raises(refusals.OwnRight):
        approve(wang, application)


def test_second_approval_is_refused_and_says_who_decided(
    lin: User, su: User, chen: User, wang: User
) -> None:
    assert wang.practitioner is not None
    stale = propose(lin, wang.practitioner, "RX01")
    approve(su, Application.objects.get())
    with nothing_written(), pytest.raises(refusals.AlreadyDecided) as refused:
        approve(chen, stale)
    assert str(refused.value) == (
        "这份申请已同意（苏晓岚 2026-11-23 10:00），没有再次办理。"
    )


def test_approve_without_a_clear_reason_is_refused(
    lin: User, su: User, wang: User
) -> None:
    assert wang.practitioner is not None
    application = propose(lin, wang.practitioner, "RX01")
    with nothing_written(), pytest.raises(refusals.ReasonTooShort) as refused:
        approve(su, application, reason=" 同意  ")
    assert refused.value.field == "reason"
    assert str(refused.value) == "至少 5 个字，现有 2 个。写明依据和经过。"


def test_approve_on_a_later_day_begins_on_that_day(
    lin: User, su: User, wang: User, clock: time_machine.Traveller
) -> None:
    assert wang.practitioner is not None
    application = propose(lin, wang.practitioner, "RX01")
    clock.move_to(datetime(2026, 11, 25, 3, 0, tzinfo=UTC))
    grant = approve(su, application)
    assert grant.valid_from == timezone.now()
    assert GrantEvent.objects.get().effective_at == timezone.now()
    assert Message.objects.get().payload["valid_from"] == "2026-11-25"


def test_approve_after_the_last_day_is_refused(
    lin: User, su: User, wang: User, clock: time_machine.Traveller
) -> None:
    assert wang.practitioner is not None
    application = propose(lin, wang.practitioner, "RX01", valid_to=TODAY)
    clock.move_to(datetime(2026, 11, 23, 16, 0, tzinfo=UTC))
    with nothing_written(), pytest.raises(refusals.EndedMeanwhile) as refused:
        approve(su, application)
    assert str(refused.value) == "申请的到期日期 2026-11-23 已过，退回后重新申请。"


def test_approve_of_who_left_meanwhile_is_refused(
    lin: User, su: User, wang: User
) -> None:
    person = wang.practitioner
    assert person is not None
    application = propose(lin, person, "RX01")
    person.status = PractitionerStatus.LEFT
    person.save()
    with nothing_written(), pytest.raises(refusals.PractitionerNotPractising):
        approve(su, application)


def test_approve_of_a_privilege_disabled_meanwhile_is_refused(
    lin: User, su: User, wang: User
) -> None:
    assert wang.practitioner is not None
    application = propose(lin, wang.practitioner, "RX01")
    entry = privilege("RX01")
    entry.is_enabled = False
    with acting(by=lin, reason="停用"):
        entry.save()
    with nothing_written(), pytest.raises(refusals.PrivilegeDisabled):
        approve(su, application)


def test_approve_of_what_was_granted_meanwhile_is_refused(
    lin: User, su: User, wang: User
) -> None:
    """Two open proposals cannot stand side by side, so the second came by hand."""
    assert wang.practitioner is not None
    granted(lin, su, wang.practitioner, "RX01")
    stray = Application(
        practitioner=wang.practitioner,
        privilege=privilege("RX01"),
        setting=Setting.ALL,
        valid_from=start_of(TODAY),
        reason="手工写入的申请",
        proposed_by=lin,
        proposed_at=timezone.now(),
    )
    with acting(by=lin, reason="手工写入"):
        stray.save()
    with nothing_written(), pytest.raises(refusals.GrantOverlaps) as refused:
        approve(su, stray)
    assert str(refused.value) == (
        "同一医师、权限、项目和场合已有授权，2026-11-23 起长期，日期重叠。"
    )


@pytest.mark.parametrize(
    ("act", "state", "words"),
    [
        (services.return_, "RETURNED", "已退回"),
        (services.reject, "REJECTED", "已驳回"),
    ],
)
def test_declining_closes_the_application_and_tells_the_his_nothing(
    act: Callable[..., Application],
    state: str,
    words: str,
    lin: User,
    su: User,
    wang: User,
) -> None:
    assert wang.practitioner is not None
    application = propose(lin, wang.practitioner, "RX01")
    with nothing_written(), pytest.raises(refusals.OwnProposal):
        act(application=application, by=lin, at=timezone.now(), reason="缺少例数证明")

    act(application=application, by=su, at=timezone.now(), reason="缺少例数证明")

    application.refresh_from_db()
    assert (application.state, application.get_state_display()) == (state, words)
    assert (application.decided_by, application.decision_reason) == (
        su,
        "缺少例数证明",
    )
    assert application.history.first().history_user == su
    assert Grant.objects.count() == GrantEvent.objects.count() == 0
    assert Message.objects.count() == 0
    with nothing_written(), pytest.raises(refusals.AlreadyDecided):
        approve(su, application)


def test_withdraw_by_the_proposer_alone(lin: User, su: User, wang: User) -> None:
    assert wang.practitioner is not None
    application = propose(lin, wang.practitioner, "RX01")
    with nothing_written(), pytest.raises(refusals.NotTheProposer):
        services.withdraw(
            application=application, by=su, at=timezone.now(), reason="填错了医师"
        )
    services.withdraw(
        application=application, by=lin, at=timezone.now(), reason="填错了医师"
    )
    application.refresh_from_db()
    assert (application.state, application.decided_by) == ("WITHDRAWN", lin)
    assert Message.objects.count() == 0
    again = propose(lin, wang.practitioner, "RX01")
    assert again.state == "SUBMITTED"


def test_grants_of_different_items_and_settings_stand_side_by_side(
    lin: User, su: User
) -> None:
    person = make_practitioner("1027", "陈景行", title_code="231")
    granted(lin, su, person, "SG03", item="51.2300", valid_to=date(2028, 11, 22))
    granted(lin, su, person, "RX01", setting=Setting.OUTPATIENT)
    granted(lin, su, person, "RX01", setting=Setting.INPATIENT)
    assert GrantState.objects.count() == 3
    sent = Message.objects.filter(stream="practitioner:1027").order_by("pk")
    assert [message.kind for message in sent] == [
        "DOCTOR_OP_SAVE",
        "DOCTOR_OP_SAVE",
        "PRIV_SAVE",
        "PRIV_SAVE",
    ]


def test_renewal_after_the_last_day_does_not_overlap(
    lin: User, su: User, wang: User
) -> None:
    assert wang.practitioner is not None
    granted(lin, su, wang.practitioner, "RX01", valid_to=date(2026, 12, 31))
    granted(lin, su, wang.practitioner, "RX01", valid_from=date(2027, 1, 1))
    assert GrantState.objects.count() == 2
