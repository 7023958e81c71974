"""Suspend, restore, revoke and void: each writes event, state and message, or nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from permissions import services
from permissions.enums import EventKind, GrantStatus, ReasonCode
from permissions.models import Grant, GrantEvent, GrantState
from permissions.services import refusals
from portal.accounts.models import User
from portal.audit.history import HistoryBypass
from portal.directory.models import Practitioner
from portal.outbox.models import Message
from tests.cast import make_practitioner
from tests.permissions.ledger import granted, nothing_written

pytestmark = pytest.mark.usefixtures("catalogue")
Act = Callable[..., GrantEvent]
WHY = "四级手术年度评估未提交"


@pytest.fixture
def state(lin: User, su: User) -> GrantState:
    """A right in force until the end of the year."""
    surgeon = make_practitioner("1027", "陈景行", title_code="231")
    return granted(lin, su, surgeon, "RX01", valid_to=date(2026, 12, 31))


def do(act: Act, state: GrantState, by: User, **given: Any) -> GrantEvent:
    asked: dict[str, Any] = {
        "at": timezone.now(),
        "reason": WHY,
        "reason_code": ReasonCode.R08,
        **given,
    }
    return act(state=state, by=by, **asked)


@pytest.mark.parametrize(
    ("act", "kind", "status", "last_day"),
    [
        (services.suspend, "SUSPEND", GrantStatus.SUSPENDED, "2026-12-31"),
        (services.revoke, "REVOKE", GrantStatus.REVOKED, "2026-11-23"),
        (services.void, "VOID", GrantStatus.VOID, "2026-12-31"),
    ],
)
def test_taking_away_writes_event_state_history_and_message(
    act: Act, kind: str, status: str, last_day: str, su: User, state: GrantState
) -> None:
    event = do(act, state, su)

    now = timezone.now()
    assert (event.kind, event.reason_code, event.reason) == (kind, "08", WHY)
    assert (event.effective_at, event.recorded_at, event.by) == (now, now, su)
    state.refresh_from_db()
    assert (state.status, state.last_event) == (status, event)
    history = state.history.first()
    assert (history.history_user, history.history_change_reason) == (su, WHY)
    assert state.history.count() == 2
    message = Message.objects.first()
    assert message is not None
    assert (message.subject, message.stream) == (event.subject, "practitioner:1027")
    assert message.takes_away is True
    assert message.payload == {
        "request_id": str(message.request_id),
        "op": kind,
        "emp_no": "1027",
        "priv_code": "RX01",
        "setting": "ALL",
        "item_code": "",
        "his_value": "1",
        "valid_from": "2026-11-23",
        "valid_to": last_day,
        "reason": WHY,
        "doc_no": "〔2026〕59号",
        "operator": "2032",
    }


def test_restore_gives_back_the_right_with_its_dates(
    lin: User, su: User, state: GrantState
) -> None:
    do(services.suspend, state, su)
    event = do(
        services.restore, state, lin, reason="补评合格，准予恢复", reason_code=""
    )
    state.refresh_from_db()
    assert (state.status, state.last_event) == (GrantStatus.ACTIVE, event)
    message = Message.objects.first()
    assert message is not None
    assert (message.payload["op"], message.payload["valid_to"]) == (
        "RESTORE",
        "2026-12-31",
    )
    assert message.takes_away is False


def test_revoke_before_the_first_day_still_sends_a_span_of_days(
    lin: User, su: User
) -> None:
    surgeon = make_practitioner("1027", "陈景行")
    state = granted(lin, su, surgeon, "RX01", valid_from=date(2026, 12, 1))
    do(services.revoke, state, su)
    message = Message.objects.first()
    assert message is not None
    assert (message.payload["valid_from"], message.payload["valid_to"]) == (
        "2026-12-01",
        "2026-12-01",
    )


ACTS: dict[str, Act] = {
    "suspend": services.suspend,
    "restore": services.restore,
    "revoke": services.revoke,
    "void": services.void,
}
REFUSED = [
    ([], "restore", "这项授权现为「生效」，不能恢复。"),
    (["suspend"], "suspend", "这项授权现为「暂停」，不能暂停。"),
    (["revoke"], "suspend", "这项授权现为「取消」，不能暂停。"),
    (["revoke"], "restore", "这项授权现为「取消」，不能恢复。"),
    (["revoke"], "revoke", "这项授权现为「取消」，不能取消。"),
    (["revoke"], "void", "这项授权现为「取消」，不能作废。"),
    (["void"], "suspend", "这项授权现为「作废」，不能暂停。"),
    (["void"], "restore", "这项授权现为「作废」，不能恢复。"),
    (["void"], "revoke", "这项授权现为「作废」，不能取消。"),
    (["void"], "void", "这项授权现为「作废」，不能作废。"),
]


@pytest.mark.parametrize(("before", "act", "words"), REFUSED)
def test_act_in_the_wrong_state_is_refused(
    before: list[str], act: str, words: str, su: User, state: GrantState
) -> None:
    for name in before:
        do(ACTS[name], state, su)
    with nothing_written(), pytest.raises(refusals.NotInThatState) as refused:
        do(ACTS[act], state, su)
    assert str(refused.value) == words


@pytest.mark.parametrize(
    ("before", "act", "words"),
    [
        ([], "suspend", "这项授权已于 2026-12-31 到期，不能暂停。"),
        (["suspend"], "restore", "这项授权已于 2026-12-31 到期，不能恢复。"),
        ([], "revoke", "这项授权已于 2026-12-31 到期，不能取消。"),
    ],
)
def test_act_after_the_last_day_is_refused(
    before: list[str],
    act: str,
    words: str,
    su: User,
    state: GrantState,
    clock: time_machine.Traveller,
) -> None:
    for name in before:
        do(ACTS[name], state, su)
    clock.move_to(datetime(2026, 12, 31, 16, 0, tzinfo=UTC))
    with nothing_written(), pytest.raises(refusals.AlreadyEnded) as refused:
        do(ACTS[act], state, su)
    assert str(refused.value) == words


def test_void_after_the_last_day_is_possible(
    su: User, state: GrantState, clock: time_machine.Traveller
) -> None:
    clock.move_to(datetime(2027, 1, 5, 2, 0, tzinfo=UTC))
    do(services.void, state, su)
    assert GrantState.objects.get().status == GrantStatus.VOID


@pytest.mark.parametrize("act", [*ACTS])
def test_act_from_a_stale_form_is_refused(
    act: str, su: User, state: GrantState
) -> None:
    seen = state.last_event_id
    do(services.suspend, state, su)
    with nothing_written(), pytest.raises(refusals.ChangedMeanwhile) as refused:
        do(ACTS[act], state, su, seen=seen)
    assert str(refused.value) == (
        "打开表单之后这项授权已被苏晓岚改动（2026-11-23 10:00），"
        "现为「暂停」。关闭后重新打开。"
    )


@pytest.mark.parametrize("act", [*ACTS])
def test_act_without_a_clear_reason_is_refused(
    act: str, su: User, state: GrantState
) -> None:
    if act == "restore":
        do(services.suspend, state, su)
    with nothing_written(), pytest.raises(refusals.ReasonTooShort):
        do(ACTS[act], state, su, reason="超期")


@pytest.mark.parametrize("act", ["suspend", "revoke"])
@pytest.mark.parametrize("code", ["", "99"])
def test_taking_away_without_a_reason_code_is_refused(
    act: str, code: str, su: User, state: GrantState
) -> None:
    with nothing_written(), pytest.raises(refusals.ReasonCodeMissing):
        do(ACTS[act], state, su, reason_code=code)


def test_restore_of_an_own_right_is_refused(lin: User, su: User, wang: User) -> None:
    assert wang.practitioner is not None
    own = granted(lin, su, wang.practitioner, "RX01")
    do(services.suspend, own, su)
    with nothing_written(), pytest.raises(refusals.OwnRight):
        do(services.restore, own, wang)


@pytest.mark.parametrize("act", [*ACTS])
def test_act_whose_promise_fails_leaves_nothing(
    act: str, su: User, state: GrantState, monkeypatch: pytest.MonkeyPatch
) -> None:
    if act == "restore":
        do(services.suspend, state, su)

    def fail(**_given: Any) -> None:
        raise RuntimeError("disk full")

    monkeypatch.setattr("permissions.services.ledger.enqueue", fail)
    with nothing_written(), pytest.raises(RuntimeError, match="disk full"):
        do(ACTS[act], state, su)


def test_ledger_lines_and_events_are_never_changed_or_deleted(
    state: GrantState,
) -> None:
    for line in (Grant.objects.get(), GrantEvent.objects.get()):
        with nothing_written(), pytest.raises(HistoryBypass):
            line.save()
        with nothing_written(), pytest.raises(HistoryBypass):
            line.delete()
    with nothing_written(), pytest.raises(HistoryBypass):
        state.delete()


def test_events_are_named_for_the_outbox(state: GrantState) -> None:
    event = GrantEvent.objects.get()
    assert event.kind == EventKind.GRANT
    assert event.subject == f"permissions.grantevent:{event.pk}"


def test_streams_keep_practitioners_apart(
    lin: User, su: User, state: GrantState
) -> None:
    other: Practitioner = make_practitioner("1188", "王若谷")
    granted(lin, su, other, "RX01")
    do(services.suspend, state, su)
    assert list(Message.objects.order_by("pk").values_list("stream", flat=True)) == [
        "practitioner:1027",
        "practitioner:1188",
        "practitioner:1027",
    ]
