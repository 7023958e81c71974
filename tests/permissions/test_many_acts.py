"""Several at once: batches, copies, templates; what an act would do; and undoing it."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from permissions import services
from permissions.enums import EventKind, GrantKind, GrantStatus
from permissions.models import (
    GrantEvent,
    GrantState,
    PostTemplate,
    PostTemplateLine,
)
from permissions.queries.ledger import privileges_of
from permissions.services import Line, refusals, refusals_of_acts
from portal.accounts.models import User
from portal.directory.models import Practitioner
from portal.outbox.models import Message
from portal.parameters.days import end_of, start_of
from surgery.enums import Grade
from tests.cast import make_practitioner
from tests.permissions.act_pages import book
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
ITEM: dict[str, Any] = {"item": "51.2300", "valid_to": date(2027, 6, 30)}


@pytest.fixture
def surgeon(db: None) -> Practitioner:
    return make_practitioner("1027", "陈景行", title_code="231")


@pytest.fixture
def resident(db: None) -> Practitioner:
    return make_practitioner("1301", "周小满", title_code="234")


def suspend(state: GrantState, by: User, **given: Any) -> GrantEvent:
    said: dict[str, Any] = {"reason_code": "08", "reason": WHY, **given}
    return services.suspend(state=state, by=by, at=timezone.now(), **said)


def revoke(state: GrantState, by: User, code: str = "05") -> GrantEvent:
    return services.revoke(
        state=state, by=by, at=timezone.now(), reason_code=code, reason=WHY
    )


# --- batches --------------------------------------------------------------------------


def test_many_acts_are_all_done(
    lin: User, su: User, surgeon: Practitioner, resident: Practitioner
) -> None:
    states = [granted(lin, su, person) for person in (surgeon, resident)]
    done = services.many(
        [partial(suspend, state, lin) for state in states],
        about=[state.practitioner_id for state in states],
    )
    assert [event.grant_id for event in done] == [state.grant_id for state in states]
    assert set(GrantState.objects.values_list("status", flat=True)) == {"SUSPENDED"}
    assert Message.objects.filter(takes_away=True).count() == 2


def test_one_refusal_in_a_batch_leaves_nothing_and_every_refusal_is_told(
    lin: User, su: User, surgeon: Practitioner, resident: Practitioner
) -> None:
    states = [
        granted(lin, su, surgeon),
        granted(lin, su, resident),
        granted(lin, su, surgeon, "RX08", valid_to=TODAY),
    ]
    suspend(states[0], lin)
    services.void(state=states[2], by=lin, at=timezone.now(), reason="录错了医师工号")
    acts = [partial(suspend, state, lin) for state in states]
    with nothing_written(), pytest.raises(refusals_of_acts.ManyRefused) as refused:
        services.many(acts, about=[state.practitioner_id for state in states])
    assert {place: str(row) for place, row in refused.value.rows.items()} == {
        0: "这项授权现为「暂停」，不能暂停。",
        2: "这项授权现为「作废」，不能暂停。",
    }
    assert str(refused.value) == (
        "3 项中有 2 项不能办理，全部没有保存。改正或去掉后再提交。"
    )


# --- copies and templates -------------------------------------------------------------


def test_copy_gives_what_the_target_may_have_and_says_why_not_the_rest(
    lin: User, su: User, surgeon: Practitioner, resident: Practitioner
) -> None:
    granted(lin, su, surgeon, "RX01")
    granted(lin, su, surgeon, "AB03", setting="INP", valid_to=date(2027, 3, 1))
    granted(lin, su, surgeon, "SG03", **ITEM)
    suspend(granted(lin, su, surgeon, "ND03", valid_to=date(2028, 1, 1)), lin)
    granted(lin, su, resident, "RX01")

    with nothing_written():
        offers = services.from_colleague(
            source=surgeon, target=resident, at=timezone.now()
        )
    told = {offer.line.privilege.code: str(offer.refusal or "") for offer in offers}
    assert told == {
        "RX01": ("同一医师、权限、项目和场合已有授权，2026-11-23 起长期，日期重叠。"),
        "AB03": "「特殊使用级抗菌药物」须副主任医师及以上，现为医师。",
        "SG03": "",
    }

    given = services.give(
        target=resident,
        lines=[offer.line for offer in offers],
        by=lin,
        at=timezone.now(),
        reason="按同组同岗位授权",
    )
    (copy,) = given.granted
    assert [offer.line.privilege.code for offer in given.skipped] == ["RX01", "AB03"]
    assert (copy.item_code, copy.kind, copy.valid_to) == (
        "51.2300",
        GrantKind.DIRECT,
        end_of(date(2027, 6, 30)),
    )


def test_copy_to_oneself_is_refused(surgeon: Practitioner) -> None:
    with pytest.raises(refusals_of_acts.SameDoctor):
        services.from_colleague(source=surgeon, target=surgeon, at=timezone.now())


def test_copy_without_a_clear_reason_is_refused(
    lin: User, surgeon: Practitioner
) -> None:
    line = Line(privilege=privilege("RX01"), valid_from=TODAY)
    with nothing_written(), pytest.raises(refusals.ReasonTooShort):
        services.give(
            target=surgeon, lines=[line], by=lin, at=timezone.now(), reason="同岗"
        )


def keep(by: User, *lines: Line, **given: Any) -> PostTemplate:
    said: dict[str, Any] = {"name": "肝胆外科主治医师", "reason": REASON, **given}
    return services.keep_template(lines=lines, by=by, at=timezone.now(), **said)


def test_template_is_kept_with_history_and_granted_for_its_months(
    lin: User, surgeon: Practitioner
) -> None:
    prescribing = Line(privilege=privilege("RX01"), valid_from=TODAY)
    operating = Line(
        privilege=privilege("SG03"),
        valid_from=TODAY,
        valid_to=TODAY + 364 * DAY,
        item="51.2300",
    )
    duty = Line(privilege=privilege("SG09"), valid_from=TODAY)
    template = keep(lin, prescribing, duty)
    keep(lin, prescribing, operating, template=template, name="肝胆外科主治")

    rows = PostTemplateLine.objects.filter(template=template).order_by("pk")
    assert [(row.privilege.code, row.is_dropped, row.months) for row in rows] == [
        ("RX01", False, None),
        ("SG09", True, None),
        ("SG03", False, 12),
    ]
    assert template.history.count() == 2
    assert PostTemplateLine.history.count() == 4

    offers = services.from_template(
        template=template, target=surgeon, at=timezone.now()
    )
    given = services.give(
        target=surgeon,
        lines=[offer.line for offer in offers],
        by=lin,
        at=timezone.now(),
        reason="按岗位模板授权",
    )
    assert [(one.privilege.code, one.valid_to) for one in given.granted] == [
        ("RX01", None),
        ("SG03", end_of(TODAY + 364 * DAY)),
    ]
    assert given.skipped == ()


def test_template_without_lines_or_with_a_taken_name_is_refused(lin: User) -> None:
    line = Line(privilege=privilege("RX01"), valid_from=TODAY)
    with pytest.raises(refusals_of_acts.TemplateEmpty):
        keep(lin)
    keep(lin, line)
    with pytest.raises(refusals_of_acts.TemplateNameTaken) as refused:
        keep(lin, line)
    assert str(refused.value) == (
        "已有名为「肝胆外科主治医师」的岗位模板，请换一个名称或修改原模板。"
    )
    assert PostTemplate.objects.count() == PostTemplate.history.count() == 1


# --- consequences ---------------------------------------------------------------------


def test_consequences_name_booked_operations_and_rows_of_the_his(
    lin: User, su: User, surgeon: Practitioner, resident: Practitioner
) -> None:
    item = granted(lin, su, surgeon, "SG03", **ITEM)
    book(lin, surgeon, "51.2300", Grade.THREE, 2)
    book(lin, surgeon, "51.2300", Grade.THREE, 12)
    book(lin, surgeon, "50.2205", Grade.FOUR, 3)
    book(lin, surgeon, "51.2300", Grade.THREE, -1)
    book(lin, resident, "51.2300", Grade.THREE, 4)

    with nothing_written():
        found = services.consequences(
            [item], EventKind.SUSPEND, at=timezone.now(), last_day=TODAY + 6 * DAY
        )
        ended = services.consequences([item], EventKind.REVOKE, at=timezone.now())
    assert [one.application_no for one in found.booked] == ["SQ1027002"]
    assert [one.application_no for one in ended.booked] == [
        "SQ1027002",
        "SQ1027012",
    ]
    assert [
        (one.emp_no, one.key, one.before and one.before.status, one.after.status)
        for one in found.his
    ] == [
        ("1027", (("YW_DOCTOR_OP_SAVE", kind, "51.2300", "ALL"), TODAY), "1", "2")
        for kind in "21"
    ]
    row, _ordering = ended.his
    assert row.before is not None
    assert (row.after.status, row.before.last_day, row.after.last_day) == (
        "3",
        date(2027, 6, 30),
        TODAY,
    )


def test_operation_another_line_still_covers_is_not_hit(
    lin: User, su: User, surgeon: Practitioner
) -> None:
    first = granted(lin, su, surgeon, "SG01", valid_to=date(2027, 6, 30))
    granted(lin, su, surgeon, "SG02", valid_to=date(2027, 6, 30))
    book(lin, surgeon, "86.2200", Grade.ONE, 2)
    found = services.consequences([first], EventKind.REVOKE, at=timezone.now())
    assert found.booked == ()
    both = list(GrantState.objects.order_by("pk"))
    ended = services.consequences(both, EventKind.REVOKE, at=timezone.now())
    assert [one.code for one in ended.booked] == ["86.2200"]


def test_consequences_of_left_and_right_leave_the_shared_row_of_the_his(
    lin: User, surgeon: Practitioner
) -> None:
    states = []
    for side in ("LEFT", "RIGHT"):
        line = Line(privilege=privilege("SG03"), valid_from=TODAY, side=side, **ITEM)
        made = services.grant(
            practitioner=surgeon, line=line, by=lin, at=timezone.now(), reason=REASON
        )
        states.append(GrantState.objects.get(grant=made))
    one = services.consequences(states[:1], EventKind.REVOKE, at=timezone.now())
    both = services.consequences(states, EventKind.REVOKE, at=timezone.now())
    # To operate and to order.
    assert (len(one.his), len(both.his)) == (0, 2)


def test_suspension_that_is_over_is_not_told_as_one(
    lin: User, su: User, surgeon: Practitioner, clock: time_machine.Traveller
) -> None:
    state = granted(lin, su, surgeon)
    suspend(state, lin, last_day=TODAY)
    clock.move_to(start_of(TODAY + 2 * DAY))
    state.refresh_from_db()
    found = services.consequences([state], EventKind.REVOKE, at=timezone.now())
    (row,) = found.his
    assert row.before is not None
    assert (row.before.status, row.after.status) == ("1", "3")


def test_downgrade_spares_the_operations_the_lower_line_still_covers(
    lin: User, su: User, surgeon: Practitioner
) -> None:
    state = granted(lin, su, surgeon, "SG03", **ITEM)
    book(lin, surgeon, "51.2300", Grade.THREE, 2)
    lower = {line.role: line for line in services.lower_lines(state, at=timezone.now())}
    hit = {
        role: len(
            services.consequences(
                [state],
                EventKind.DOWNGRADE,
                at=timezone.now(),
                instead=[services.lowered(state, lower[role], at=timezone.now())],
            ).booked
        )
        for role in ("OPERATE_SUPERVISED", "ASSIST")
    }
    assert hit == {"OPERATE_SUPERVISED": 0, "ASSIST": 1}


# --- undo -----------------------------------------------------------------------------


def undo(event: GrantEvent, by: User, **given: Any) -> GrantEvent:
    said: dict[str, Any] = {"at": timezone.now(), "reason": "点错了医师", **given}
    return services.undo(event=event, by=by, **said)


def test_undo_of_a_direct_grant_voids_it_and_of_a_suspension_restores(
    lin: User, su: User, surgeon: Practitioner
) -> None:
    line = Line(privilege=privilege("RX01"), valid_from=TODAY)
    services.grant(
        practitioner=surgeon, line=line, by=lin, at=timezone.now(), reason=REASON
    )
    first = GrantEvent.objects.get()
    back = undo(first, lin)
    assert (back.kind, back.undoes) == (EventKind.VOID, first)
    assert GrantState.objects.get().status == GrantStatus.VOID

    state = granted(lin, su, surgeon, "RX08", valid_to=date(2027, 6, 30))
    suspension = suspend(state, lin)
    restored = undo(suspension, su)
    assert (restored.kind, restored.undoes) == (EventKind.RESTORE, suspension)
    again = undo(restored, lin)
    assert (again.kind, again.reason_code) == (EventKind.SUSPEND, "08")


def test_undo_of_a_revocation_grants_the_right_anew(
    lin: User, su: User, surgeon: Practitioner, clock: time_machine.Traveller
) -> None:
    state = granted(lin, su, surgeon, "RX08", valid_to=date(2027, 6, 30))
    event = revoke(state, lin)
    clock.move_to(timezone.now() + timedelta(hours=3))
    anew = undo(event, lin)
    assert (anew.kind, anew.undoes, anew.grant.follows) == (
        EventKind.GRANT,
        event,
        state.grant,
    )
    assert (anew.grant.valid_from, anew.grant.valid_to) == (
        timezone.now(),
        end_of(date(2027, 6, 30)),
    )
    assert privileges_of(surgeon, timezone.now()) == [anew.grant]
    assert privileges_of(surgeon, timezone.now() - timedelta(hours=1)) == []


def test_undo_of_what_was_undone_or_of_a_downgrade_is_refused(
    lin: User, su: User, surgeon: Practitioner
) -> None:
    state = granted(lin, su, surgeon, "RX08", valid_to=date(2027, 6, 30))
    event = revoke(state, lin)
    anew = GrantState.objects.get(grant=undo(event, lin).grant)
    services.void(state=anew, by=lin, at=timezone.now(), reason="又点错了医师")
    with nothing_written(), pytest.raises(refusals_of_acts.AlreadyUndone):
        undo(GrantEvent.objects.get(pk=event.pk), lin)
    item = granted(lin, su, surgeon, "SG03", **ITEM)
    (lower,) = services.downgrade(
        state=item,
        to=services.lower_lines(item, at=timezone.now())[:1],
        by=lin,
        at=timezone.now(),
        reason_code="07",
        reason=WHY,
    )
    with nothing_written(), pytest.raises(refusals_of_acts.CannotUndo):
        undo(GrantEvent.objects.get(grant=lower), lin)


def test_undo_that_cannot_be_is_refused(
    lin: User, su: User, surgeon: Practitioner, clock: time_machine.Traveller
) -> None:
    state = granted(lin, su, surgeon, "AB02", valid_to=date(2027, 6, 30))
    approved = GrantEvent.objects.get()
    with nothing_written(), pytest.raises(refusals_of_acts.CannotUndo) as refused:
        undo(approved, lin)
    assert str(refused.value) == "「审批授权」不能撤销。录错的请作废，其余请取消。"
    suspension = suspend(state, lin)
    with nothing_written(), pytest.raises(refusals.ChangedMeanwhile):
        undo(approved, lin)
    clock.move_to(timezone.now() + timedelta(hours=25))
    with nothing_written(), pytest.raises(refusals_of_acts.TooLateToUndo) as late:
        undo(suspension, lin)
    assert str(late.value) == "只能在 24 小时内撤销。现在请按正常变更办理。"
    event = revoke(state, lin)
    with nothing_written(), pytest.raises(refusals_of_acts.CannotUndo) as never:
        undo(event, lin)
    assert str(never.value) == (
        "「取消抗菌药物权限」不能撤销。期满后按申请流程重新授权。"
    )


# --- the six months of antibiotics ----------------------------------------------------


@pytest.mark.parametrize(
    ("revoked", "code", "asked", "day", "may"),
    [
        ("AB02", "12", "AB02", date(2027, 5, 22), False),
        ("AB02", "12", "AB02", date(2027, 5, 23), True),
        ("AB02", "12", "AB03", date(2027, 1, 10), False),  # higher is barred too
        ("AB02", "12", "AB01", date(2027, 1, 10), True),  # lower is not
        ("AB02", "05", "AB02", date(2027, 1, 10), True),  # transfer is no sanction
        ("AB02", "12", "ND03", date(2027, 1, 10), True),
        ("ND03", "12", "ND03", date(2027, 1, 10), True),
    ],
)
@pytest.mark.usefixtures("prerequisites_warn")
def test_antibiotic_right_taken_for_cause_stays_away_for_six_months(
    revoked: str,
    code: str,
    asked: str,
    day: date,
    may: bool,
    lin: User,
    su: User,
    surgeon: Practitioner,
    clock: time_machine.Traveller,
) -> None:
    revoke(granted(lin, su, surgeon, revoked, valid_to=date(2027, 11, 1)), lin, code)
    clock.move_to(start_of(day) + timedelta(hours=9))
    line = Line(
        privilege=privilege(asked),
        valid_from=day,
        valid_to=day,
        setting="INP",
    )
    give = partial(
        services.grant,
        practitioner=surgeon,
        line=line,
        by=lin,
        at=timezone.now(),
        reason=REASON,
    )
    if may:
        assert give().privilege.code == asked
        return
    with nothing_written(), pytest.raises(refusals.SanctionStands) as refused:
        give()
    assert str(refused.value) == (
        f"「{line.privilege.name}」因「超常处方」于 2026-11-23 取消，6 个月内不得恢复，"
        "最早 2027-05-23。"
    )


def test_proposal_of_a_barred_antibiotic_right_is_refused(
    lin: User, su: User, surgeon: Practitioner
) -> None:
    revoke(granted(lin, su, surgeon, "AB02", valid_to=date(2027, 11, 1)), lin, "11")
    with nothing_written(), pytest.raises(refusals.SanctionStands):
        granted(lin, su, surgeon, "AB02", valid_to=date(2027, 11, 1))
