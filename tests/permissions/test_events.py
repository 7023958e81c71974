"""What events of practitioners do to rights: suspend, open a review, remind."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone

from permissions.enums import ReasonCode
from permissions.models import (
    EventCursor,
    EventReading,
    GrantEvent,
    GrantState,
    Review,
    ReviewLine,
)
from permissions.services import events, telling
from portal.accounts.models import SYSTEM_STAFF_NO, User
from portal.directory.models import Practitioner, PractitionerEvent, PractitionerStatus
from portal.notices.models import Notice, NoticeKind
from portal.outbox.models import Message
from tests.cast import make_department, make_practitioner
from tests.permissions.event_acts import (
    give,
    happen,
    leave,
    only_review,
    outcomes,
    read,
    set_to,
    statuses,
)
from tests.permissions.ledger import nothing_written

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogue")]
Kind = PractitionerEvent.Kind


@pytest.fixture
def house() -> list[Practitioner]:
    """So many colleagues that one who leaves is no mass."""
    return [make_practitioner(f"6{number:03}", "同事") for number in range(30)]


@pytest.fixture
def doctor(house: list[Practitioner]) -> Practitioner:
    return make_practitioner("1188", "王若谷", title_code="233")


def test_leaver_is_suspended_in_the_name_of_the_system(
    doctor: Practitioner, lin: User
) -> None:
    give(lin, doctor, "RX01")
    give(lin, doctor, "BL01")
    messages = Message.objects.count()
    leave(doctor)

    assert read() == 1

    assert outcomes() == [("LEFT", "SUSPENDED")]
    assert statuses() == ["SUSPENDED", "SUSPENDED"]
    for event in GrantEvent.objects.filter(kind="SUSPEND"):
        assert event.by.staff_no == SYSTEM_STAFF_NO
        assert event.reason_code == ReasonCode.R05
        assert event.reason == (
            "离职、退休、从 HIS 消失：由 在职 变为 离职（来自 HIS）"
        )
    newest = GrantState.history.order_by("-history_id")[:2]
    assert {row.history_user.staff_no for row in newest} == {SYSTEM_STAFF_NO}
    assert Message.objects.count() == messages + 2
    review = only_review()
    assert (review.practitioner, review.trigger, review.state) == (
        doctor,
        "LEFT",
        "OPEN",
    )
    assert review.due_on == date(2026, 12, 7)  # ten working days after Monday
    assert ReviewLine.objects.filter(review=review).count() == 2


def test_read_again_does_nothing(doctor: Practitioner, lin: User) -> None:
    give(lin, doctor)
    leave(doctor)
    read()
    told = Notice.objects.count()
    with nothing_written():
        assert read() == 0
    assert (Review.objects.count(), Notice.objects.count()) == (1, told)


@pytest.mark.parametrize(
    ("kind", "before", "after", "fields", "trigger", "code"),
    [
        ("STATUS", "01", "05", {"status": "05"}, "AWAY", "06"),
        ("STATUS", "01", "06", {"status": "06"}, "BARRED", "02"),
        ("LAPSED", "", "2026-11-22", {"license_valid_to": date(2026, 11, 22)},
         "LICENSE_LAPSED", "01"),
    ],
)  # fmt: skip
def test_who_may_not_practise_is_suspended_with_the_code_of_the_rules(
    doctor: Practitioner,
    lin: User,
    kind: str,
    before: str,
    after: str,
    fields: dict[str, Any],
    trigger: str,
    code: str,
) -> None:
    give(lin, doctor)
    happen(doctor, kind, before, after, **fields)
    read()
    assert outcomes() == [(trigger, "SUSPENDED")]
    assert GrantEvent.objects.get(kind="SUSPEND").reason_code == code


def test_vanished_doctor_is_suspended(doctor: Practitioner, lin: User) -> None:
    give(lin, doctor)
    happen(doctor, Kind.VANISHED, missing_since=timezone.now())
    read()
    assert (outcomes(), statuses()) == ([("LEFT", "SUSPENDED")], ["SUSPENDED"])


def test_who_is_back_before_it_is_read_keeps_every_right(
    doctor: Practitioner, lin: User
) -> None:
    give(lin, doctor)
    leave(doctor)
    happen(doctor, "STATUS", "99", "01", status=PractitionerStatus.ACTIVE)
    with nothing_written():
        assert read() == 2
    assert outcomes() == [("LEFT", "NOTHING"), ("BACK", "NOTHING")]
    assert Notice.objects.count() == 0


def test_who_comes_back_finds_a_review_of_what_is_suspended(
    doctor: Practitioner, lin: User
) -> None:
    give(lin, doctor)
    leave(doctor)
    read()
    Review.objects.get()
    happen(doctor, "STATUS", "99", "01", status=PractitionerStatus.ACTIVE)
    read()
    assert outcomes() == [("LEFT", "SUSPENDED"), ("BACK", "REVIEW")]
    assert statuses() == ["SUSPENDED"]
    assert Review.objects.filter(trigger="BACK", lines__isnull=False).count() == 1


def test_transfer_opens_a_review_and_suspends_nothing(
    doctor: Practitioner, lin: User
) -> None:
    give(lin, doctor)
    other = make_department("0403", "骨科")
    happen(doctor, Kind.DEPARTMENT, "0301", "0403", department=other)
    with nothing_written():
        read()
    review = only_review()
    assert (review.trigger, review.why) == (
        "TRANSFER",
        "调换科室：由 肝胆外科 变为 骨科（来自 HIS）",
    )


def test_lower_title_concerns_the_rights_that_need_the_higher(
    doctor: Practitioner, lin: User
) -> None:
    give(lin, doctor, "RX01")
    blood = give(lin, doctor, "BL01")  # T≥3 by a hard rule
    happen(doctor, Kind.TITLE, "233", "234", title_code="234")
    set_to(lin, EVENT_TITLE=2)
    read()
    line = ReviewLine.objects.get()
    assert line.state == blood
    assert statuses() == ["ACTIVE", "SUSPENDED"]
    assert GrantEvent.objects.get(kind="SUSPEND").reason_code == ReasonCode.R19


def test_higher_title_touches_nothing(doctor: Practitioner, lin: User) -> None:
    give(lin, doctor, "BL01")
    happen(doctor, Kind.TITLE, "233", "232", title_code="232")
    with nothing_written():
        read()
    assert outcomes() == [("TITLE", "NOTHING")]


def test_scope_no_longer_registered_concerns_the_rights_bound_to_it(
    doctor: Practitioner, lin: User
) -> None:
    give(lin, doctor, "RX01")
    surgical = give(lin, doctor, "SG01")
    happen(doctor, Kind.SCOPE, "A12", "")
    read()
    assert outcomes() == [("SCOPE", "REVIEW")]
    assert [line.state for line in ReviewLine.objects.all()] == [surgical]


def test_event_of_who_holds_nothing_is_read_and_told_to_nobody(
    doctor: Practitioner, lin: User
) -> None:
    leave(doctor)
    assert read() == 1
    assert outcomes() == [("LEFT", "NOTHING")]
    assert (Review.objects.count(), Notice.objects.count()) == (0, 0)


def test_parameter_says_only_remind(doctor: Practitioner, lin: User) -> None:
    give(lin, doctor)
    set_to(lin, EVENT_LEFT=0)
    leave(doctor)
    with nothing_written():
        read()
    assert outcomes() == [("LEFT", "REMINDED")]
    assert Review.objects.count() == 0
    notice = Notice.objects.get()
    assert (notice.recipient, notice.kind) == (lin, NoticeKind.EVENT)
    assert notice.title == "王若谷（工号 1188）离职、退休、从 HIS 消失"
    assert notice.link == "/doctors/1188/"


def test_two_events_of_one_kind_share_a_review(doctor: Practitioner, lin: User) -> None:
    give(lin, doctor)
    other = make_department("0403", "骨科")
    happen(doctor, Kind.DEPARTMENT, "0301", "0403", department=other)
    read()
    give(lin, doctor, "BL01")
    happen(doctor, Kind.DEPARTMENT, "0403", "0301", department=make_department())
    read()
    assert Review.objects.count() == 1
    assert ReviewLine.objects.count() == 2
    assert Notice.objects.count() == 1


def test_doctor_head_and_office_are_told_each_once(
    wang: User, lin: User, su: User, chen: User, zhao: User, house: list[Practitioner]
) -> None:
    assert wang.practitioner is not None
    give(lin, wang.practitioner)
    leave(wang.practitioner)
    read()
    told = Notice.objects.order_by("recipient__staff_no")
    assert [(one.recipient.staff_no, one.link) for one in told] == [
        ("1027", f"/reviews/?view=all&review={only_review().pk}"),
        ("1188", "/my/"),
        ("2031", f"/reviews/?view=all&review={only_review().pk}"),
        ("2032", f"/reviews/?view=all&review={only_review().pk}"),
    ]
    assert {one.kind for one in told} == {NoticeKind.SUSPENDED}
    assert told[0].text.endswith(
        "已自动暂停 1 项授权，1 项授权待复核，2026-12-07 前办结。"
    )


# --- a mass change ----------------------------------------------------------------------


def mass(lin: User, house: list[Practitioner], count: int) -> None:
    at = timezone.now()
    for person in house[:count]:
        give(lin, person)
        leave(person, at=at)


def test_pull_that_shows_everybody_gone_suspends_nobody(
    lin: User, house: list[Practitioner]
) -> None:
    mass(lin, house, 11)
    with nothing_written():
        assert read() == 11
    review = only_review()
    assert (review.trigger, review.practitioner, review.state) == ("MASS", None, "OPEN")
    assert review.why == "HIS 一次变动将暂停 11 位医师的授权，超过医院参数的限额"
    assert set(outcomes()) == {("LEFT", "HELD")}
    notice = Notice.objects.get()
    assert notice.title == "成批变动待确认：涉及 11 位医师"
    with nothing_written():
        assert read() == 0


def test_share_of_the_house_counts_from_three_on(
    lin: User, house: list[Practitioner]
) -> None:
    mass(lin, house, 3)  # a tenth of the house
    read()
    assert set(outcomes()) == {("LEFT", "HELD")}


def test_two_of_a_small_house_are_no_mass(lin: User, house: list[Practitioner]) -> None:
    mass(lin, house, 2)
    read()
    assert outcomes() == [("LEFT", "SUSPENDED")] * 2


def test_house_lost_bit_by_bit_within_a_day_is_held_too(
    lin: User, house: list[Practitioner]
) -> None:
    set_to(lin, MASS_DOCTORS=3, MASS_PERCENT=100)
    for person in house[:5]:
        give(lin, person)
        leave(person)
        read()
    assert outcomes() == [("LEFT", "SUSPENDED")] * 3 + [("LEFT", "HELD")] * 2
    assert statuses() == ["SUSPENDED"] * 3 + ["ACTIVE"] * 2


def test_rest_of_a_mass_change_too_long_for_one_round_is_held_too(
    lin: User, house: list[Practitioner]
) -> None:
    set_to(lin, MASS_DOCTORS=5, MASS_PERCENT=100)
    mass(lin, house, 11)
    for _round in range(2):
        events.read_events(at=timezone.now(), limit=8)
    assert set(outcomes()) == {("LEFT", "HELD")}
    assert statuses() == ["ACTIVE"] * 11


def test_worker_that_comes_second_to_a_mass_change_leaves_it(
    lin: User, house: list[Practitioner], monkeypatch: pytest.MonkeyPatch
) -> None:
    mass(lin, house, 11)
    unread = list(
        PractitionerEvent.objects.select_related("practitioner").order_by("pk")
    )
    read()
    monkeypatch.setattr(events, "unread_events", lambda _floor, _limit: unread)
    with nothing_written():
        read()
    assert Review.objects.count() == 1


def test_held_change_leaves_the_harmless_events_of_the_same_pull(
    lin: User, house: list[Practitioner], doctor: Practitioner
) -> None:
    give(lin, doctor)
    at = timezone.now()
    happen(doctor, Kind.DEPARTMENT, "0301", "0403", at=at)
    mass(lin, house, 11)
    read()
    assert outcomes()[0] == ("TRANSFER", "REVIEW")
    assert outcomes()[1:] == [("LEFT", "HELD")] * 11


# --- once, whatever dies ------------------------------------------------------------------


def test_reader_that_dies_midway_leaves_nothing_and_begins_again(
    doctor: Practitioner, lin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    give(lin, doctor)
    leave(doctor)

    def die(*_args: object, **_given: object) -> None:
        raise RuntimeError("killed")

    with nothing_written(), monkeypatch.context() as patch:
        patch.setattr(telling, "reviewed", die)  # the last step of all
        with pytest.raises(RuntimeError, match="killed"):
            read()
        assert (EventReading.objects.count(), Review.objects.count()) == (0, 0)
    assert read() == 1
    assert outcomes() == [("LEFT", "SUSPENDED")]


def test_event_that_commits_late_with_a_lower_number_is_not_lost(
    doctor: Practitioner, lin: User, house: list[Practitioner]
) -> None:
    """Two pulls at once: the one that took the lower numbers commits last."""
    give(lin, doctor)
    early = leave(doctor)
    number = early.pk
    early.delete()
    leave(house[0])
    read()
    PractitionerEvent.objects.create(
        pk=number, practitioner=doctor, kind="STATUS", before="01", after="99",
        at=timezone.now(),
    )  # fmt: skip
    assert read() == 1
    assert statuses() == ["SUSPENDED"]


def test_cursor_rises_over_what_is_read_and_a_day_old(
    doctor: Practitioner, lin: User
) -> None:
    old = leave(doctor, at=timezone.now() - timedelta(days=2))
    happen(doctor, "STATUS", "99", "05", status="05")
    read()
    assert EventCursor.objects.get().floor == 0  # still something to read then
    read()
    assert EventCursor.objects.get().floor == old.pk
