"""Who is told what, in Chinese; names and numbers of doctors, nothing of patients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime

from django.urls import reverse

from permissions.enums import Trigger
from permissions.models import BookingHit, Review
from portal.accounts.models import User
from portal.accounts.queries import heads_of
from portal.directory.models import Department, Practitioner
from portal.notices.models import NoticeKind
from portal.notices.queries import account_of, officers
from portal.notices.services import Told, notify
from portal.ui.moments import write_moment
from portal.ui.navigation import url_if_any
from portal.ui.phrases import in_chinese
from surgery.models import GradeChange

# What comes, and what to do about it in time.
COMING = {
    NoticeKind.EXPIRY: ("即将到期", "续期"),
    NoticeKind.ASSESSMENT: ("即将须完成能力评估", "评估"),
    NoticeKind.CERTIFICATE: ("所需证书即将到期", "换证"),
}
TODAY = {
    NoticeKind.EXPIRY: "到期",
    NoticeKind.ASSESSMENT: "能力评估",
    NoticeKind.CERTIFICATE: "所需证书到期",
}


def doctor(practitioner: Practitioner) -> str:
    return f"{practitioner.name}（工号 {practitioner.emp_no}）"


def review_url(review: Review) -> str:
    return f"{reverse('permissions:review-list')}?view=all&review={review.pk}"


def doctor_url(practitioner: Practitioner) -> str:
    return reverse("permissions:practitioner-detail", args=[practitioner.emp_no])


@in_chinese
def reviewed(
    review: Review,
    *,
    suspended: int,
    lines: int,
    at: datetime,
    former: Department | None = None,
) -> None:
    """A review was opened, with or without lines suspended at once; ``former`` is the
    department the doctor was transferred from."""
    person = review.practitioner
    if person is None:
        return
    label = str(Trigger(review.trigger).label)
    done = f"已自动暂停 {suspended} 项授权，" if suspended else ""
    _tell_all(
        person,
        NoticeKind.SUSPENDED if suspended else NoticeKind.REVIEW,
        key=f"review:{review.pk}",
        title=f"{doctor(person)}{label}",
        text=f"{review.why}。{done}{lines} 项授权待复核，{review.due_on} 前办结。",
        link=review_url(review),
        at=at,
        former=former,
    )


@in_chinese
def held(review: Review, *, doctors: int, at: datetime) -> None:
    """A mass change waits for a person."""
    told = Told(
        NoticeKind.REVIEW,
        f"review:{review.pk}",
        f"成批变动待确认：涉及 {doctors} 位医师",
        f"{review.why}。确认前没有暂停任何授权。",
        review_url(review),
    )
    notify(told, to=officers(), at=at)


@in_chinese
def happened(
    person: Practitioner,
    *,
    event_id: int,
    trigger: Trigger,
    why: str,
    at: datetime,
    former: Department | None = None,
) -> None:
    """An event of which the hospital only wants to be told."""
    _tell_all(
        person,
        NoticeKind.EVENT,
        key=f"event:{event_id}",
        title=f"{doctor(person)}{trigger.label}",
        text=f"{why}。授权未变，如须调整请在权限维护中办理。",
        link=doctor_url(person),
        at=at,
        former=former,
    )


@in_chinese
def concluded(review: Review, *, at: datetime) -> None:
    """The doctor and the head learn what the review came to."""
    person = review.practitioner
    if person is None:
        return
    told = Told(
        NoticeKind.REVIEW,
        f"concluded:{review.pk}",
        f"{doctor(person)}复核办结：{review.get_state_display()}",
        f"{Trigger(review.trigger).label}的复核已办结。",
        doctor_url(person),
        person.emp_no,
    )
    _tell_two(told, person, heads_of(person.department), at)


@in_chinese
def booked(hits: Sequence[BookingHit], *, at: datetime) -> None:
    """Operations lost their surgeon's right: whoever can plan anew is told at once."""
    for person in {one.surgeon.pk: one.surgeon for one in hits}.values():
        mine = [one for one in hits if one.surgeon_id == person.pk]
        first = min(mine, key=lambda one: one.due_at)
        told = Told(
            NoticeKind.BOOKED,
            f"booked:{first.pk}",
            f"{doctor(person)}{len(mine)} 台已排手术受影响",
            f"{first.why}后主刀不再有权做，请在 {write_moment(first.due_at)} 前改派或改期。",
            reverse("permissions:booking-list"),
            person.emp_no,
        )
        _tell_two(told, person, [*officers(), *heads_of(person.department)], at)


@in_chinese
def coming(
    person: Practitioner,
    kind: NoticeKind,
    *,
    key: str,
    ends: Sequence[date],
    at: datetime,
) -> None:
    """Rights end, or must be assessed, before long; one notice for all of a person."""
    what, step = COMING[kind]
    told = Told(
        kind,
        key,
        f"{doctor(person)}{len(ends)} 项授权{what}",
        f"最近一项 {min(ends)}。请按时办理{step}。",
        doctor_url(person),
        person.emp_no,
    )
    _tell_two(told, person, heads_of(person.department), at)


@in_chinese
def coming_today(kind: NoticeKind, *, key: str, count: int, at: datetime) -> None:
    """The office gets one notice a day, not one for each doctor."""
    title = f"今日提醒：{count} 项授权{TODAY[kind]}"
    link = f"{reverse('permissions:grant-list')}?view=expiring"
    if kind is NoticeKind.ASSESSMENT:
        link = reverse("permissions:assessment-list")
    elif kind is NoticeKind.CERTIFICATE:
        link = reverse("permissions:certificate-list")
    told = Told(kind, key, title, "医师和科主任已另行通知。", link)
    notify(told, to=officers(), at=at)


@in_chinese
def regraded(
    person: Practitioner, made: GradeChange, due_on: date, *, at: datetime
) -> None:
    """A right does not reach the new grade of its procedure; one notice a procedure."""
    _tell_all(
        person,
        NoticeKind.EVENT,
        key=f"regraded:{made.pk}:{person.pk}",
        title=f"{doctor(person)}的授权须按新级别审批",
        text=(
            f"{made.name}（{made.code}）自 {made.effective_from} 起为"
            f"{made.get_grade_display()}。现有授权 {due_on} 起暂停，"
            "请在此前完成相应级别的逐项审批。"
        ),
        link=doctor_url(person),
        at=at,
    )


def _tell_all(
    person: Practitioner,
    kind: NoticeKind,
    *,
    key: str,
    title: str,
    text: str,
    link: str,
    at: datetime,
    former: Department | None = None,
) -> None:
    told = Told(kind, key, title, text, link, person.emp_no)
    _tell_two(told, person, [*officers(), *heads_of(person.department)], at)
    if former is not None:
        # The file is no longer theirs to open; what their department lost is.
        lost = f"{reverse('permissions:differences')}?subject=T:{former.code}"
        notify(replace(told, link=lost), to=heads_of(former), at=at)


def _tell_two(
    told: Told, person: Practitioner, others: Sequence[User], at: datetime
) -> None:
    """The doctor's own page is another one than the office's."""
    own = account_of(person)
    notify(told, to=[user for user in others if user not in own], at=at)
    page = url_if_any("his_plugin:my-privileges")
    notify(
        Told(told.kind, told.key, told.title, told.text, page, told.staff_no),
        to=own,
        at=at,
    )
