"""Re-coding: entries, grades and grants go over to the new codes, together or not."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from permissions import recoding, regrading, services
from permissions.checks.codes import Code
from permissions.checks.engine import check
from permissions.checks.question import surgeon
from permissions.enums import EventKind, GrantStatus, ReasonCode
from permissions.models import (
    Application,
    Grant,
    GrantEvent,
    GrantState,
    RecodedGrant,
)
from permissions.queries.ledger import privileges_of
from permissions.recoding.refusals import LinesCross
from permissions.services.assessments import due_on
from permissions.snapshot import KEPT
from portal.accounts.capabilities import Role
from portal.accounts.models import User
from portal.audit.acting import acting
from portal.directory.models import Practitioner
from portal.outbox.models import Message
from portal.parameters.days import day_of
from surgery.enums import Grade, GradeAct, RecodingKind, RecodingState
from surgery.models import Filing, GradeChange, Procedure, Recoding
from surgery.queries.grading import grade_of
from surgery.queries.search import search
from surgery.services import grading_refusals as grades
from surgery.services import recoding as room
from surgery.services import recoding_refusals as refusals
from tests.cast import make_practitioner, make_user
from tests.permissions import ledger
from tests.permissions.recodings import (
    CHOLE,
    LIVER,
    MEETING,
    NEW,
    OTHER,
    REASON,
    decide,
    held,
    lines,
    nothing_written,
    pair,
    undo,
)
from tests.surgery import grading as paper

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("catalogue", "prerequisites_warn"),
]
DAY = timedelta(days=1)


@pytest.fixture
def he(db: None) -> User:
    return make_user("2003", "何静宜", Role.OFFICE_HEAD)


@pytest.fixture
def person(wang: User) -> Practitioner:
    assert wang.practitioner is not None
    return wang.practitioner


@pytest.fixture
def right(lin: User, person: Practitioner) -> GrantState:
    return held(lin, person)


def entry(code: str) -> Procedure:
    found: Procedure = Procedure.objects.get(code=code)
    return found


def asked(code: str, moment: Any) -> Code:
    return check(surgeon("1188", [code], moment), KEPT.world()).code


# --- one code becomes another ---------------------------------------------------------


def test_replaced_code_ends_today_and_the_new_one_has_its_attributes_and_grade(
    lin: User, he: User
) -> None:
    with acting(by=lin, reason="测试"):
        old = entry(CHOLE)
        old.specialty, old.is_mini_invasive = "普外", True
        old.save()
    one = decide(lin, he, pair(CHOLE, NEW, "腹腔镜胆囊切除术"))
    today = day_of(timezone.now())
    old, new = entry(CHOLE), entry(NEW)
    assert (one.state, one.applied_at, one.version_id is None) == (
        RecodingState.APPLIED,
        one.decided_at,
        False,
    )
    assert (old.is_enabled, old.effective_to, old.grade) == (False, today, 0)
    assert (new.is_enabled, new.effective_from, new.grade) == (True, today, 3)
    assert (new.name, new.specialty, new.is_mini_invasive) == (
        "腹腔镜胆囊切除术",
        "普外",
        True,
    )
    assert [alias.name for alias in new.aliases.all()] == ["腹腔镜下胆囊切除术"]
    changes = GradeChange.objects.filter(version=one.version).order_by("code")
    assert [(c.code, c.act, c.grade_before, c.grade) for c in changes] == [
        (CHOLE, GradeAct.RECODE, 3, 0),
        (NEW, GradeAct.RECODE, 0, 3),
    ]


def test_grant_goes_on_under_the_new_code_with_the_same_terms(
    lin: User, he: User, person: Practitioner
) -> None:
    before = held(lin, person, conditions="须有上级在场", doc_no="云医发〔2026〕18号")
    type(person).objects.filter(pk=person.pk).update(name="王改名", title_code="231")
    decide(lin, he, pair(CHOLE, NEW))
    old = GrantState.objects.get(pk=before.pk)
    row = RecodedGrant.objects.get()
    new: Grant = row.into
    assert (old.status, old.last_event.kind) == (
        GrantStatus.REVOKED,
        EventKind.RECODE,
    )
    assert row.event_id == old.last_event_id
    assert (new.follows_id, new.item_code, new.item_name, new.item_grade) == (
        old.grant_id,
        NEW,
        "腹腔镜下胆囊切除术",
        3,
    )
    same = (
        *("role", "setting", "conditions", "doc_no", "valid_to", "kind"),
        *("practitioner_name", "title_code", "department_code", "department_name"),
    )
    assert [getattr(new, name) for name in same] == [
        getattr(old.grant, name) for name in same
    ]
    assert new.valid_from == row.event.effective_at
    assert lines(person) == [f"{NEW} OPERATE"]


def test_past_days_are_answered_as_before(
    lin: User, he: User, person: Practitioner, right: GrantState
) -> None:
    yesterday = timezone.now() - DAY
    assert asked(CHOLE, yesterday) is Code.ALLOWED
    decide(lin, he, pair(CHOLE, NEW))
    assert asked(CHOLE, yesterday) is Code.ALLOWED
    assert asked(NEW, yesterday) is Code.NOT_IN_CATALOGUE
    assert (asked(CHOLE, timezone.now()), asked(NEW, timezone.now())) == (
        Code.NOT_DONE_HERE,
        Code.ALLOWED,
    )
    assert grade_of(entry(CHOLE), day_of(yesterday)) == Grade.THREE
    assert grade_of(entry(NEW), day_of(yesterday)) == Grade.UNGRADED
    assert lines(person, yesterday) == [f"{CHOLE} OPERATE"]


def test_suspended_line_stays_suspended_and_the_his_never_gets_it(
    lin: User, he: User, person: Practitioner, right: GrantState
) -> None:
    services.suspend(
        state=right,
        by=lin,
        at=timezone.now() - timedelta(hours=1),
        reason_code=ReasonCode.R09,
        reason="并发症率偏高",
    )
    known = Message.objects.count()
    decide(lin, he, pair(CHOLE, NEW))
    new = GrantState.objects.get(item_code=NEW)
    assert (new.status, new.suspended_until) == (GrantStatus.SUSPENDED, None)
    assert new.last_event.reason_code == ReasonCode.R09
    told = Message.objects.order_by("pk")[known:]
    assert [
        one.payload["op"] for one in told if one.payload.get("his_item_id") == NEW
    ] == []


def test_his_is_told_the_end_of_the_old_before_the_new_begins(
    lin: User, he: User, person: Practitioner, right: GrantState
) -> None:
    known = Message.objects.count()
    decide(lin, he, pair(CHOLE, NEW))
    told = [
        (one.payload["op"], one.payload["his_item_id"])
        for one in Message.objects.order_by("pk")[known:]
        if one.stream == "practitioner:1188"
    ]
    assert told == [
        ("REVOKE", CHOLE),
        ("REVOKE", CHOLE),
        ("ADD", NEW),
        ("ADD", NEW),
    ]


def test_assessment_clock_of_a_carried_line_goes_on(
    lin: User, he: User, person: Practitioner
) -> None:
    before = held(lin, person, "SG04", item=LIVER)
    due = due_on(before, None)
    decide(lin, he, pair(LIVER, NEW))
    new = GrantState.objects.get(item_code=NEW)
    assert (new.grant.first_due, due_on(new, None)) == (due, due)


def test_old_code_finds_the_new_entry_through_every_step(lin: User, he: User) -> None:
    decide(lin, he, pair(CHOLE, NEW))
    assert [one.code for one in search(CHOLE)] == [NEW]
    with time_machine.travel(timezone.now() + DAY, tick=True):
        decide(lin, he, pair(NEW, OTHER))
    assert [one.code for one in search(CHOLE)] == [OTHER]
    assert [one.code for one in search(NEW)] == [OTHER]


def test_filed_restricted_technique_is_filed_under_its_new_code(
    lin: User, he: User
) -> None:
    old = entry("11.6400x001")
    with acting(by=lin, reason="测试"):
        Filing(
            procedure=old, filed_on=day_of(timezone.now()), authority="市卫健委"
        ).save()
    decide(lin, he, pair("11.6400x001", "11.6400x009"))
    new = entry("11.6400x009")
    assert (new.restricted_class, new.filing.authority) == (1, "市卫健委")


def test_open_application_is_returned_with_the_new_code_in_its_reason(
    lin: User, su: User, he: User, person: Practitioner
) -> None:
    application = ledger.propose(
        *(lin, person, "SG03"),
        item=CHOLE,
        valid_from=day_of(timezone.now()),
        valid_to=day_of(timezone.now()) + 90 * DAY,
    )
    decide(lin, he, pair(CHOLE, NEW))
    closed = Application.objects.get(pk=application.pk)
    assert (closed.state, closed.decided_by.name) == ("RETURNED", "系统")  # type: ignore[union-attr]
    assert NEW in closed.decision_reason


# --- several become one, one becomes several ------------------------------------------


def test_two_merged_lines_of_one_right_become_one_to_the_later_end(
    lin: User, he: User, person: Practitioner
) -> None:
    ledger.make_procedure("51.2200", "胆囊切除术", Grade.THREE)
    today = day_of(timezone.now())
    short = held(lin, person, valid_to=today + timedelta(days=90))
    long = held(lin, person, item="51.2200", valid_to=today + timedelta(days=300))
    helper = held(lin, person, item="51.2200", role="SUPERVISE")
    one = decide(
        lin, he, pair(CHOLE, NEW, "胆囊切除术，任何入路"), pair("51.2200", NEW)
    )
    assert {line.kind for line in one.lines.all()} == {RecodingKind.MERGE}
    assert lines(person) == [f"{NEW} OPERATE", f"{NEW} SUPERVISE"]
    whole = GrantState.objects.get(item_code=NEW, role="OPERATE")
    assert (whole.valid_to, whole.grant.follows_id) == (long.valid_to, long.grant_id)
    rows = RecodedGrant.objects.order_by("state_id")
    assert [row.state_id for row in rows] == sorted([short.pk, long.pk, helper.pk])


def test_merge_with_one_of_two_suspended_is_suspended(
    lin: User, he: User, person: Practitioner, right: GrantState
) -> None:
    ledger.make_procedure("51.2200", "胆囊切除术", Grade.THREE)
    held(lin, person, item="51.2200")
    services.suspend(
        state=right,
        by=lin,
        at=timezone.now(),
        reason_code=ReasonCode.R07,
        reason="能力评估不合格",
    )
    decide(lin, he, pair(CHOLE, "51.2200"))
    assert lines(person) == []
    assert GrantState.objects.filter(status=GrantStatus.SUSPENDED).count() == 1


def test_line_held_under_the_new_code_already_stays_as_it_is(
    lin: User, he: User, person: Practitioner, right: GrantState
) -> None:
    ledger.make_procedure("51.2200", "胆囊切除术", Grade.THREE)
    own = held(lin, person, item="51.2200")
    decide(lin, he, pair(CHOLE, "51.2200"))
    row = RecodedGrant.objects.get()
    assert (row.state_id, row.into_id, row.is_opened) == (
        right.pk,
        own.grant_id,
        False,
    )
    assert GrantState.objects.get(pk=own.pk).last_event_id == own.last_event_id


def test_wider_line_takes_in_a_narrower_one_and_is_not_widened_in_time(
    lin: User, he: User, person: Practitioner
) -> None:
    ledger.make_procedure("51.2200", "胆囊切除术", Grade.THREE)
    today = day_of(timezone.now())
    wide = held(lin, person, valid_to=today + timedelta(days=30), setting="ALL")
    held(lin, person, item="51.2200", side="LEFT", valid_to=today + timedelta(days=90))
    decide(lin, he, pair(CHOLE, NEW, "胆囊切除术"), pair("51.2200", NEW))
    first, after = GrantState.objects.filter(item_code=NEW).order_by("valid_from")
    assert (first.side, first.valid_to) == ("", wide.valid_to)
    assert (after.side, after.valid_from) == ("LEFT", wide.valid_to)


def test_lines_that_cross_refuse_the_whole_and_leave_nothing(
    lin: User, he: User, person: Practitioner
) -> None:
    ledger.make_procedure("51.2200", "胆囊切除术", Grade.THREE)
    held(lin, person, campus="1")
    held(lin, person, item="51.2200", side="LEFT")
    with nothing_written(), pytest.raises(LinesCross) as refused:
        decide(lin, he, pair(CHOLE, NEW, "胆囊切除术"), pair("51.2200", NEW))
    assert "王若谷 51.2300 与 51.2200 主刀" in str(refused.value)


def test_strictest_grade_wins_a_merge_and_who_does_not_reach_it_is_suspended(
    lin: User, he: User, person: Practitioner, right: GrantState
) -> None:
    higher = make_practitioner("1102", "江月明", initials="jym", pinyin="jiang yueming")
    held(lin, higher, "SG04", item=LIVER)
    decide(lin, he, pair(CHOLE, NEW, "合并后的手术"), pair(LIVER, NEW))
    assert entry(NEW).grade == Grade.FOUR
    assert (lines(person), lines(higher)) == ([], [f"{NEW} OPERATE"])
    mine = GrantState.objects.get(practitioner=person, item_code=NEW)
    assert mine.status == GrantStatus.SUSPENDED


def test_split_gives_each_new_code_the_grade_and_the_lines(
    lin: User, he: User, person: Practitioner, right: GrantState
) -> None:
    one = decide(lin, he, pair(CHOLE, NEW, "左入路"), pair(CHOLE, OTHER, "右入路"))
    assert {line.kind for line in one.lines.all()} == {RecodingKind.SPLIT}
    assert (entry(NEW).grade, entry(OTHER).grade) == (Grade.THREE, Grade.THREE)
    assert lines(person) == [f"{NEW} OPERATE", f"{OTHER} OPERATE"]
    assert GrantEvent.objects.filter(kind=EventKind.RECODE).count() == 1


def test_chain_ends_at_the_last_code(lin: User, he: User) -> None:
    one = decide(lin, he, pair(CHOLE, NEW, "中间"), pair(NEW, OTHER, "最终"))
    assert [str(line) for line in one.lines.all()] == [f"{CHOLE} → {OTHER}"]
    assert not Procedure.objects.filter(code=NEW).exists()
    assert entry(OTHER).name == "最终"


# --- who decides, and when ------------------------------------------------------------


def test_planned_recoding_changes_nothing_until_its_day_and_then_once(
    lin: User, he: User, person: Practitioner, right: GrantState
) -> None:
    tomorrow = timezone.now() + DAY
    one = decide(lin, he, pair(CHOLE, NEW), effective_on=day_of(tomorrow))
    assert (one.state, lines(person)) == (RecodingState.PLANNED, [f"{CHOLE} OPERATE"])
    assert recoding.apply_due(at=timezone.now()) == 0
    with time_machine.travel(tomorrow, tick=True):
        assert recoding.apply_due(at=timezone.now()) == 1
        assert recoding.apply_due(at=timezone.now()) == 0
        assert lines(person) == [f"{NEW} OPERATE"]


def test_planned_recoding_is_taken_back_before_its_day(
    lin: User, he: User, right: GrantState
) -> None:
    tomorrow = timezone.now() + DAY
    one = decide(lin, he, pair(CHOLE, NEW), effective_on=day_of(tomorrow))
    room.cancel(recoding=one, by=lin, at=timezone.now(), reason="对照表还要核对")
    with time_machine.travel(tomorrow, tick=True):
        assert recoding.apply_due(at=timezone.now()) == 0
    assert Recoding.objects.get().state == RecodingState.CANCELED


def test_what_cannot_be_done_on_its_day_says_why_and_waits(lin: User, he: User) -> None:
    tomorrow = timezone.now() + DAY
    decide(lin, he, pair(CHOLE, NEW), effective_on=day_of(tomorrow))
    paper.propose(lin, CHOLE, 4)
    with time_machine.travel(tomorrow, tick=True):
        assert recoding.apply_due(at=timezone.now()) == 0
    one = Recoding.objects.get()
    assert (one.state, "待审定的定级申请" in one.problem) == (
        RecodingState.PLANNED,
        True,
    )


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ({"doc_no": " "}, grades.DocumentMissing),
        ({"meeting": ""}, grades.MeetingMissing),
        ({"effective_on": day_of(timezone.now()) - DAY}, refusals.DayInPast),
    ],
)
def test_decision_that_lacks_something_is_refused_and_leaves_nothing(
    lin: User, he: User, given: dict[str, Any], refusal: type[Exception]
) -> None:
    if "effective_on" in given:
        given = {"effective_on": day_of(timezone.now()) - DAY}
    with nothing_written(), pytest.raises(refusal):
        decide(lin, he, pair(CHOLE, NEW), **given)


def test_grades_three_and_four_are_the_committees(
    lin: User, su: User, he: User
) -> None:
    with nothing_written(), pytest.raises(grades.CommitteeNeeded):
        decide(lin, su, pair(CHOLE, NEW))
    with nothing_written(), pytest.raises(refusals.DeciderIsProposer):
        decide(he, he, pair(CHOLE, NEW))
    ledger.make_procedure("54.9105", "腹腔穿刺术", Grade.ONE)
    assert decide(lin, su, pair("54.9105", "54.9106"), meeting="").meeting == ""


@pytest.mark.parametrize(
    ("wishes", "said"),
    [
        ([pair("99.9999", NEW)], "没有这个旧编码"),
        ([pair(CHOLE, LIVER), pair(LIVER, CHOLE)], "没有终点"),
        ([pair(CHOLE, CHOLE)], "没有终点"),
        ([pair("50.3x00", NEW)], "50.3x00：已停用"),
        ([pair(CHOLE, "50.3x00")], "新编码已停用"),
        ([pair(CHOLE, "abc", "名称")], "不是国临 3.0 的写法"),
        ([pair(CHOLE, NEW, "甲"), pair(LIVER, NEW), pair(LIVER, OTHER, "乙")], "拆分"),
        ([pair(CHOLE, NEW), pair(LIVER, NEW)], "填写新名称"),
    ],
)
def test_codes_that_cannot_be_recoded_are_named_and_nothing_is_left(
    lin: User, he: User, wishes: list[Any], said: str
) -> None:
    with nothing_written(), pytest.raises(refusals.CodesCannot) as refused:
        decide(lin, he, *wishes)
    assert said in str(refused.value)


def test_code_in_another_planned_recoding_is_refused(lin: User, he: User) -> None:
    one = decide(lin, he, pair(CHOLE, NEW), effective_on=day_of(timezone.now() + DAY))
    with nothing_written(), pytest.raises(refusals.CodesCannot) as refused:
        decide(lin, he, pair(CHOLE, OTHER))
    assert f"第 {one.pk} 号" in str(refused.value)


# --- taking it back -------------------------------------------------------------------


def test_undo_gives_everything_back_from_now_on(
    lin: User, he: User, person: Practitioner, right: GrantState
) -> None:
    started = timezone.now()
    with time_machine.travel(started, tick=False):
        one = decide(lin, he, pair(CHOLE, NEW))
    with time_machine.travel(started + 3 * DAY, tick=False):
        undo(one, he)
        assert lines(person) == [f"{CHOLE} OPERATE"]
        again = GrantState.objects.get(item_code=CHOLE, status=GrantStatus.ACTIVE)
        assert (again.valid_to, again.grant.follows.item_code) == (  # type: ignore[union-attr]
            right.valid_to,
            NEW,
        )
        old, new = entry(CHOLE), entry(NEW)
        assert (old.is_enabled, old.effective_to, old.grade) == (True, None, 3)
        assert (new.is_enabled, new.grade) == (False, 0)
        assert [found.code for found in search(CHOLE)] == [CHOLE]
        # The days between are answered as they were.
        between = started + DAY
        assert lines(person, between) == [f"{NEW} OPERATE"]
        assert grade_of(new, day_of(between)) == Grade.THREE
        assert asked(NEW, between) is Code.ALLOWED
        assert Recoding.objects.get().state == RecodingState.UNDONE


def test_undone_merge_gives_each_line_back_as_it_stood(
    lin: User, he: User, person: Practitioner, right: GrantState
) -> None:
    ledger.make_procedure("51.2200", "胆囊切除术", Grade.THREE)
    paused = held(lin, person, item="51.2200")
    services.suspend(
        state=paused,
        by=lin,
        at=timezone.now(),
        reason_code=ReasonCode.R07,
        reason="能力评估不合格",
    )
    one = decide(lin, he, pair(CHOLE, NEW, "胆囊切除术"), pair("51.2200", NEW))
    undo(one, he)
    assert lines(person) == [f"{CHOLE} OPERATE"]
    other = GrantState.objects.filter(item_code="51.2200").order_by("pk").last()
    assert other is not None
    assert (other.status, other.last_event.reason_code) == ("SUSPENDED", "07")


def test_undo_gives_back_what_a_stricter_grade_had_suspended(
    lin: User, he: User, person: Practitioner, right: GrantState
) -> None:
    one = decide(lin, he, pair(CHOLE, LIVER))
    assert lines(person) == []
    undo(one, he)
    assert lines(person) == [f"{CHOLE} OPERATE"]
    assert entry(LIVER).grade == Grade.FOUR


def test_undone_code_may_be_recoded_to_again(lin: User, he: User) -> None:
    undo(decide(lin, he, pair(CHOLE, NEW)), he)
    with time_machine.travel(timezone.now() + DAY, tick=True):
        decide(lin, he, pair(CHOLE, NEW))
        assert (entry(NEW).is_enabled, entry(NEW).grade) == (True, 3)


def test_undo_is_refused_and_names_what_was_built_on_it(
    lin: User, he: User, person: Practitioner, right: GrantState
) -> None:
    started = timezone.now()
    with time_machine.travel(started, tick=False):
        one = decide(lin, he, pair(CHOLE, NEW))
    with time_machine.travel(started + DAY, tick=False):
        new = GrantState.objects.get(item_code=NEW)
        services.suspend(
            state=new,
            by=lin,
            at=timezone.now(),
            reason_code=ReasonCode.R09,
            reason="并发症率偏高",
        )
        paper.regraded(lin, he, NEW, 4)
        with nothing_written(), pytest.raises(refusals.StandsInTheWay) as refused:
            undo(one, he)
    said = str(refused.value)
    assert "王若谷 51.2301 于" in said
    assert "51.2301 在 2026." in said


def test_undo_is_refused_to_the_proposer_and_below_the_committee(
    lin: User, su: User, he: User
) -> None:
    one = decide(lin, he, pair(CHOLE, NEW))
    with nothing_written():
        with pytest.raises(grades.OwnGradeProposal):
            undo(one, lin)
        with pytest.raises(grades.CommitteeNeeded):
            undo(one, su)


def test_version_of_a_recoding_is_not_undone_by_itself(lin: User, he: User) -> None:
    earlier = paper.regraded(lin, he, CHOLE, 2)
    one = decide(lin, he, pair(CHOLE, NEW))
    assert one.version is not None
    with nothing_written():
        for version in (one.version, earlier):
            with pytest.raises(refusals.CarriedByRecoding):
                regrading.undo(
                    version=version, by=he, at=timezone.now(), reason="级别有误撤销"
                )


def test_carried_line_is_not_undone_by_itself(
    lin: User, he: User, right: GrantState
) -> None:
    decide(lin, he, pair(CHOLE, NEW))
    new = GrantState.objects.get(item_code=NEW)
    with nothing_written(), pytest.raises(services.ActRefused) as refused:
        services.undo(
            event=new.last_event, by=lin, at=timezone.now(), reason="录错了要撤销"
        )
    assert "编码调整" in str(refused.value)


def test_renewal_counts_under_the_new_code(
    lin: User, he: User, person: Practitioner, right: GrantState
) -> None:
    assert right.valid_to is not None
    with time_machine.travel(right.valid_to - 5 * DAY, tick=True):
        services.renew(
            state=right, last_day=None, by=lin, at=timezone.now(), reason=REASON
        )
        longer = GrantState.objects.get(pk=right.pk).valid_to
        decide(lin, he, pair(CHOLE, NEW), meeting=MEETING)
        found = privileges_of(person, timezone.now())
        assert [(one.item_code, one.valid_to) for one in found] == [(NEW, longer)]
