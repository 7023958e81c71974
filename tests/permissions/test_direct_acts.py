"""Direct acts of the office: grant, renew, downgrade, and what is recorded late."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from permissions import services
from permissions.enums import (
    EventKind,
    GrantKind,
    GrantStatus,
    ReasonCode,
    SurgicalRole,
)
from permissions.models import Grant, GrantEvent, GrantState
from permissions.queries.grants import Standing, standing_condition, standing_of
from permissions.queries.ledger import able_to, privileges_in, privileges_of
from permissions.services import Line, refusals, refusals_of_acts
from permissions.services.refusals import ActRefused
from portal.accounts.models import User
from portal.directory.models import Practitioner
from portal.outbox.models import Message, State
from portal.parameters.days import end_of, start_of
from portal.parameters.registry import DIRECT_SECOND_PERSON
from portal.parameters.services import change
from tests.cast import make_practitioner
from tests.permissions.ledger import (
    REASON,
    TODAY,
    granted,
    nothing_written,
    privilege,
)

pytestmark = pytest.mark.usefixtures("catalogue")
WHY = "四级手术年度评估未提交"
DAY = timedelta(days=1)


@pytest.fixture
def surgeon(db: None) -> Practitioner:
    return make_practitioner("1027", "陈景行", title_code="231")


def give(by: User, person: Practitioner, code: str, **fields: Any) -> Grant:
    second = fields.pop("second", None)
    line = Line(privilege=privilege(code), **{"valid_from": TODAY, **fields})
    return services.grant(
        practitioner=person,
        line=line,
        by=by,
        at=timezone.now(),
        reason=REASON,
        second=second,
    )


def state_of(grant: Grant) -> GrantState:
    return GrantState.objects.get(grant=grant)


def test_grant_writes_line_event_state_history_and_message(
    lin: User, su: User, surgeon: Practitioner
) -> None:
    grant = give(
        lin,
        surgeon,
        "SG04",
        item="50.2205",
        valid_to=date(2027, 11, 22),
        kind=GrantKind.DIRECT,
        campus=" 东院 ",
        conditions="须有二线医师在场",
        evidence="委员会纪要第 3 号",
        second=su,
    )
    now = timezone.now()
    assert (grant.item_kind, grant.item_name, grant.role, grant.campus) == (
        "PROCEDURE",
        "腹腔镜下肝部分切除术",
        "OPERATE",
        "东院",
    )
    assert (grant.valid_from, grant.valid_to) == (now, end_of(date(2027, 11, 22)))
    assert (grant.conditions, grant.evidence) == (
        "须有二线医师在场",
        "委员会纪要第 3 号",
    )
    assert (grant.department_code, grant.application) == ("0301", None)
    event = GrantEvent.objects.get()
    assert (event.kind, event.by, event.second) == (EventKind.GRANT, lin, su)
    assert (event.effective_at, event.recorded_at) == (now, now)
    state = GrantState.objects.get()
    assert (state.status, state.kind, state.key) == ("ACTIVE", "DIRECT", grant.key)
    assert state.history.count() == 1
    sent = [message.payload for message in Message.objects.order_by("pk")]
    assert [(one["op"], one["his_item_id"], one["right_kind"]) for one in sent] == [
        ("ADD", "50.2205", "2"),
        ("ADD", "50.2205", "1"),
    ]


def test_grant_recorded_late_held_from_its_first_day_but_was_not_known(
    lin: User, surgeon: Practitioner
) -> None:
    first = TODAY - 10 * DAY
    grant = give(lin, surgeon, "RX01", valid_from=first)
    assert (grant.valid_from, grant.recorded_at) == (start_of(first), timezone.now())
    then = start_of(first) + 3 * DAY
    assert privileges_of(surgeon, then) == [grant]
    assert privileges_of(surgeon, then, known_at=then) == []
    assert privileges_in("0301", then) == [grant]
    assert privileges_in("0401", then) == []


def test_grants_of_a_procedure_say_who_could_do_it(
    lin: User, surgeon: Practitioner
) -> None:
    other = make_practitioner("1188", "王若谷")
    first = give(lin, surgeon, "SG03", item="51.2300", valid_to=date(2027, 1, 31))
    second = give(lin, other, "SG03", item="51.2300", valid_to=date(2026, 12, 31))
    assert able_to("51.2300", timezone.now()) == [first, second]
    assert able_to("51.2300", start_of(date(2027, 1, 10))) == [first]
    assert able_to("50.2205", timezone.now()) == []


ASKED: list[tuple[str, dict[str, Any], type[ActRefused], str]] = [
    (
        "RX01",
        {"valid_from": TODAY - 31 * DAY},
        refusals.StartsTooLongAgo,
        "最早补记到 2026-10-24。更早的决定请按申请流程办理。",
    ),
    (
        "RX01",
        {"role": SurgicalRole.OPERATE},
        refusals.RoleNotAsked,
        "「普通处方权」不分角色，角色留空。",
    ),
    (
        "SG05",
        {"item": "51.2300", "role": SurgicalRole.OPERATE, "valid_to": TODAY},
        refusals.RoleNotAllowed,
        "「手术开单权」的角色只能是开单。",
    ),
    (
        "SG03",
        {"item": "X1", "item_kind": "DRUG", "item_name": "药", "valid_to": TODAY},
        refusals.ItemKindNotAsked,
        "「三级手术权限（逐项）」只能按手术逐项授权。",
    ),
    (
        "TC03",
        {"item": "X1", "item_kind": "DEVICE", "valid_to": TODAY},
        refusals.ItemNameMissing,
        "药品和设备须写明名称。",
    ),
    (
        "RX01",
        {"kind": GrantKind.ONE_PATIENT, "valid_to": TODAY},
        refusals.VisitMissing,
        "单例患者授权须填 HIS 就诊号。",
    ),
    (
        "RX01",
        {"visit_no": "ZY0001"},
        refusals.VisitNotAsked,
        "只有单例患者授权填就诊号，请留空或改选授权类型。",
    ),
    (
        "RX01",
        {"kind": GrantKind.TEMPORARY},
        refusals.EndMissing,
        "临时授权和单例患者授权须填到期日期。",
    ),
]


@pytest.mark.parametrize(("code", "fields", "refusal", "words"), ASKED)
def test_grant_that_does_not_fit_is_refused(
    code: str,
    fields: dict[str, Any],
    refusal: type[ActRefused],
    words: str,
    lin: User,
    surgeon: Practitioner,
) -> None:
    with nothing_written(), pytest.raises(refusal) as refused:
        give(lin, surgeon, code, **fields)
    assert str(refused.value) == words


def test_grant_for_one_patient_holds_with_us_and_is_not_told_to_the_his(
    lin: User, surgeon: Practitioner
) -> None:
    """The HIS knows no single visit: told of the line, it would open it for all."""
    grant = give(
        lin, surgeon, "RX01", kind="ONE_PATIENT", visit_no="ZY0001", valid_to=TODAY
    )
    assert privileges_of(surgeon, timezone.now()) == [grant]
    assert Message.objects.count() == 0


@pytest.mark.usefixtures("prerequisites_warn")
def test_role_the_his_has_no_word_for_is_not_told(
    lin: User, surgeon: Practitioner
) -> None:
    fields = {"item": "51.2300", "valid_to": TODAY}
    give(lin, surgeon, "SG03", role=SurgicalRole.ASSIST, **fields)
    assert Message.objects.count() == 0
    give(lin, surgeon, "SG05", **fields)
    assert Message.objects.get().payload["right_kind"] == "1"


def test_left_and_right_are_one_row_of_the_his_until_both_are_gone(
    lin: User, surgeon: Practitioner
) -> None:
    fields = {"item": "51.2300", "valid_to": TODAY + 9 * DAY}
    left, right = (
        state_of(give(lin, surgeon, "SG03", side=side, **fields))
        for side in ("LEFT", "RIGHT")
    )
    for state in (left, right):
        services.suspend(
            state=state, by=lin, at=timezone.now(), reason_code="08", reason=WHY
        )
    sent = Message.objects.order_by("pk")
    assert [(m.payload["op"], m.payload["right_kind"]) for m in sent] == [
        ("ADD", "2"),
        ("ADD", "1"),
        ("SUSPEND", "2"),
        ("SUSPEND", "1"),
    ]
    assert sent[2].subject == GrantState.objects.get(pk=right.pk).last_event.subject


def test_second_person_is_needed_where_the_hospital_says_so(
    lin: User, su: User, wang: User, surgeon: Practitioner
) -> None:
    change(parameter=DIRECT_SECOND_PERSON, value=1, by=lin, reason="院务会决定")
    with nothing_written(), pytest.raises(refusals.SecondPersonMissing):
        give(lin, surgeon, "RX01")
    with nothing_written(), pytest.raises(refusals.SecondPersonNotAnother):
        give(lin, surgeon, "RX01", second=lin)
    assert wang.practitioner is not None
    with nothing_written(), pytest.raises(refusals.SecondPersonNotAnother):
        give(lin, wang.practitioner, "RX01", second=wang)
    state = state_of(give(lin, surgeon, "RX01", second=su))
    services.suspend(
        state=state, by=lin, at=timezone.now(), reason_code="08", reason=WHY
    )
    assert GrantState.objects.get().status == GrantStatus.SUSPENDED


def test_own_right_is_granted_and_renewed_by_another(
    lin: User, su: User, wang: User
) -> None:
    assert wang.practitioner is not None
    with nothing_written(), pytest.raises(refusals.OwnRight):
        give(wang, wang.practitioner, "RX01")
    state = granted(lin, su, wang.practitioner, valid_to=TODAY)
    with nothing_written(), pytest.raises(refusals.OwnRight):
        renew(state, wang, TODAY + DAY)


# --- renew ----------------------------------------------------------------------------


def renew(state: GrantState, by: User, last_day: date, **given: Any) -> GrantEvent:
    said: dict[str, Any] = {"at": timezone.now(), "reason": REASON, **given}
    return services.renew(state=state, by=by, last_day=last_day, **said)


@pytest.mark.usefixtures("prerequisites_warn")
def test_renewal_keeps_the_line_and_tells_its_new_end(
    lin: User, su: User, surgeon: Practitioner
) -> None:
    state = granted(lin, su, surgeon, "SG02", valid_to=date(2026, 12, 31))
    event = renew(state, lin, date(2028, 12, 31))
    state.refresh_from_db()
    assert (state.status, state.valid_to) == ("ACTIVE", end_of(date(2028, 12, 31)))
    assert (state.last_event, state.changed_from) == (event, state.valid_from)
    assert Grant.objects.get().valid_to == end_of(date(2026, 12, 31))
    message = Message.objects.first()
    assert message is not None
    assert (message.payload["op"], message.payload["valid_to"]) == (
        "UPDATE",
        "2028-12-31",
    )
    assert privileges_of(surgeon, start_of(date(2028, 6, 1))) == [state.grant]
    assert (
        privileges_of(surgeon, start_of(date(2028, 6, 1)), timezone.now() - DAY) == []
    )


@pytest.mark.usefixtures("prerequisites_warn")
def test_renewal_that_cannot_be_is_refused(
    lin: User,
    su: User,
    surgeon: Practitioner,
    clock: time_machine.Traveller,
) -> None:
    long = granted(lin, su, surgeon, "RX01")
    with nothing_written(), pytest.raises(refusals_of_acts.HasNoEnd):
        renew(long, lin, TODAY)
    state = granted(lin, su, surgeon, "SG02", valid_to=date(2026, 12, 31))
    with nothing_written(), pytest.raises(refusals_of_acts.UntilNotLater) as same:
        renew(state, lin, date(2026, 12, 31))
    assert str(same.value) == "须晚于 2026-12-31。核对后重新填写。"
    with nothing_written(), pytest.raises(refusals.LastsTooLong) as long_one:
        renew(state, lin, date(2029, 1, 1))
    assert str(long_one.value) == "「二级手术权限」最长 24 个月，最晚 2028-12-31。"
    clock.move_to(start_of(date(2027, 1, 1)))
    with nothing_written(), pytest.raises(refusals.AlreadyEnded):
        renew(state, lin, date(2027, 6, 1))
    late = start_of(date(2026, 12, 30))
    renew(state, lin, date(2027, 6, 1), effective_at=late)
    assert privileges_of(surgeon, timezone.now())[-1] == state.grant


# --- suspension with an end, late acts ------------------------------------------------


def test_suspension_with_a_last_day_ends_by_itself_and_tells_the_his(
    lin: User, su: User, surgeon: Practitioner, clock: time_machine.Traveller
) -> None:
    state = granted(lin, su, surgeon)
    event = services.suspend(
        state=state,
        by=lin,
        at=timezone.now(),
        reason_code=ReasonCode.R06,
        reason="外出进修一周",
        last_day=date(2026, 11, 29),
    )
    state.refresh_from_db()
    back = start_of(date(2026, 11, 30))
    assert (state.status, state.suspended_until) == ("SUSPENDED", back)
    waiting = Message.objects.get(subject=f"permissions.suspensionend:{event.pk}")
    assert (waiting.payload["op"], waiting.not_before, waiting.state) == (
        "RESTORE",
        back,
        State.WAITING,
    )
    for moment, standing in (
        (timezone.now(), Standing.SUSPENDED),
        (back - timedelta(seconds=1), Standing.SUSPENDED),
        (back, Standing.IN_FORCE),
    ):
        assert standing_of(state, moment) is standing
        assert GrantState.objects.filter(standing_condition(standing, moment)).count()
        held = [state.grant] if standing is Standing.IN_FORCE else []
        assert privileges_of(surgeon, moment) == held
    clock.move_to(back)
    services.suspend(
        state=state, by=lin, at=back, reason_code="06", reason="进修再延长一周"
    )
    assert GrantEvent.objects.count() == 3


def test_early_restoration_stops_the_message_that_waits(
    lin: User, su: User, surgeon: Practitioner
) -> None:
    state = granted(lin, su, surgeon)
    said: dict[str, Any] = {"state": state, "by": lin, "at": timezone.now()}
    event = services.suspend(
        reason_code="06", reason="外出进修一周", last_day=date(2026, 11, 29), **said
    )
    services.restore(reason="提前返岗，准予恢复", **said)
    waiting = Message.objects.get(subject=f"permissions.suspensionend:{event.pk}")
    assert waiting.state == State.STOPPED


def test_suspension_that_ends_before_it_begins_is_refused(
    lin: User, su: User, surgeon: Practitioner
) -> None:
    state = granted(lin, su, surgeon)
    with nothing_written(), pytest.raises(refusals_of_acts.UntilNotLater) as refused:
        services.suspend(
            state=state,
            by=lin,
            at=timezone.now(),
            reason_code="06",
            reason="外出进修一周",
            last_day=TODAY - DAY,
        )
    assert str(refused.value) == "须晚于 2026-11-22。核对后重新填写。"


def test_late_recorded_revocation_ended_the_right_when_it_took_effect(
    lin: User, su: User, surgeon: Practitioner, clock: time_machine.Traveller
) -> None:
    state = granted(lin, su, surgeon)
    clock.move_to(start_of(date(2026, 12, 10)))
    left = start_of(date(2026, 12, 1))
    services.revoke(
        state=state,
        by=lin,
        at=timezone.now(),
        reason_code="05",
        reason="已于 12 月 1 日调离",
        effective_at=left,
    )
    state.refresh_from_db()
    assert (state.status, state.ended_at) == ("REVOKED", left)
    assert privileges_of(surgeon, left + DAY) == []
    assert privileges_of(surgeon, left + DAY, known_at=left + DAY) == [state.grant]
    message = Message.objects.first()
    assert message is not None
    assert message.payload["valid_to"] == "2026-12-01"


@pytest.mark.parametrize(
    ("days_back", "refusal", "words"),
    [
        (
            -1,
            refusals_of_acts.EffectiveInFuture,
            "生效时间不能晚于现在。到那时再办理。",
        ),
        (
            31,
            refusals_of_acts.EffectiveTooLongAgo,
            "补记的生效时间最早为 2026-12-21 10:00。更早的变更须另行说明。",
        ),
        (
            20,
            refusals_of_acts.LaterChangeStands,
            "2027-01-10 10:00 已有「恢复」，在它之前补记「取消」后两者矛盾。核对生效时间。",
        ),
    ],
)
def test_late_act_that_cannot_be_is_refused(
    days_back: int,
    refusal: type[ActRefused],
    words: str,
    lin: User,
    su: User,
    surgeon: Practitioner,
    clock: time_machine.Traveller,
) -> None:
    state = granted(lin, su, surgeon)
    clock.move_to(timezone.now() + 38 * DAY)
    said: dict[str, Any] = {"state": state, "by": lin}
    services.suspend(at=timezone.now(), reason_code="08", reason=WHY, **said)
    clock.move_to(timezone.now() + 10 * DAY)
    services.restore(at=timezone.now(), reason="补评合格，准予恢复", **said)
    clock.move_to(timezone.now() + 10 * DAY)
    with nothing_written(), pytest.raises(refusal) as refused:
        services.revoke(
            at=timezone.now(),
            reason_code="05",
            reason="已经调离本院",
            effective_at=timezone.now() - days_back * DAY,
            **said,
        )
    assert str(refused.value) == words


def test_late_act_before_the_line_began_is_refused(
    lin: User, su: User, surgeon: Practitioner
) -> None:
    state = granted(lin, su, surgeon)
    with (
        nothing_written(),
        pytest.raises(refusals_of_acts.EffectiveBeforeStart) as refused,
    ):
        services.revoke(
            state=state,
            by=lin,
            at=timezone.now(),
            reason_code="05",
            reason="已经调离本院",
            effective_at=timezone.now() - DAY,
        )
    assert str(refused.value) == (
        "这项授权 2026-11-23 10:00 才生效，变更不能更早；录错的请作废。"
    )


# --- downgrade ------------------------------------------------------------------------


def downgrade(state: GrantState, by: User, *lines: Line) -> list[Grant]:
    return services.downgrade(
        state=state,
        to=lines,
        by=by,
        at=timezone.now(),
        reason_code=ReasonCode.R07,
        reason="能力评估不合格，降为带教下主刀",
    )


def test_downgrade_closes_the_line_and_opens_a_lower_one(
    lin: User, su: User, surgeon: Practitioner
) -> None:
    state = granted(lin, su, surgeon, "SG03", item="51.2300", valid_to=date(2027, 6, 1))
    lower = Line(
        privilege=state.privilege,
        valid_from=TODAY,
        valid_to=date(2027, 6, 1),
        item="51.2300",
        role=SurgicalRole.OPERATE_SUPERVISED,
    )
    (opened,) = downgrade(state, lin, lower)
    state.refresh_from_db()
    assert (state.status, state.ended_at) == ("REVOKED", timezone.now())
    assert state.last_event.kind == EventKind.DOWNGRADE
    assert (opened.kind, opened.role, opened.follows) == (
        "DOWNGRADE",
        "OPERATE_SUPERVISED",
        state.grant,
    )
    assert privileges_of(surgeon, timezone.now()) == [opened]
    assert [one.payload["op"] for one in Message.objects.order_by("pk")] == [
        "ADD",
        "ADD",
        "REVOKE",
        "REVOKE",
    ]


def test_downgrade_to_the_same_or_a_higher_level_leaves_nothing(
    lin: User, su: User, surgeon: Practitioner
) -> None:
    state = granted(lin, su, surgeon, "AB02", valid_to=date(2027, 6, 1))
    for code in ("AB02", "AB03", "AB04", "RX01"):
        line = Line(privilege=privilege(code), valid_from=TODAY, valid_to=TODAY)
        with nothing_written(), pytest.raises(refusals.NotLower):
            downgrade(state, lin, line)
    (opened,) = downgrade(
        state, lin, Line(privilege=privilege("AB01"), valid_from=TODAY, valid_to=TODAY)
    )
    assert opened.privilege.code == "AB01"
