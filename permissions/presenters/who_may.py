"""谁能做: people in the words of a list, each with until when and why not yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from permissions.checks.candidates import Candidate, Way
from permissions.checks.codes import Code
from permissions.checks.findings import ReasonKey
from permissions.presenters import words
from portal.accounts.scope import HOUSE, Scope
from portal.directory.models import Practitioner
from portal.parameters.days import ZONE
from portal.ui.elements import Chip, Text
from portal.ui.moments import write_day, write_last_day, write_moment
from portal.ui.phrases import listed
from surgery.presenters.declarations import verdict_chip

CHIPS: Mapping[Way, Chip] = {
    Way.OPERATE: verdict_chip(Code.ALLOWED.value),
    Way.SUPERVISED: verdict_chip(Code.SUPERVISED.value),
    Way.SUPERVISE: Chip("ok", "users", gettext_lazy("可带教")),
    Way.ASSIST: Chip("info", "user-check", gettext_lazy("可助手")),
    Way.PRESCRIBE: Chip("ok", "circle-check", gettext_lazy("可开具")),
    Way.HOLD: Chip("ok", "circle-check", gettext_lazy("持有")),
}
FUTURE = Chip("info", "clock", gettext_lazy("待生效"))
TITLES: Mapping[Way, Text] = {
    Way.OPERATE: gettext_lazy("可主刀"),
    Way.SUPERVISED: gettext_lazy("带教下主刀"),
    Way.SUPERVISE: gettext_lazy("可带教"),
    Way.ASSIST: gettext_lazy("可助手"),
    Way.PRESCRIBE: gettext_lazy("可开具"),
    Way.HOLD: gettext_lazy("持有"),
    Way.NEARLY: gettext_lazy("还差一步"),
}
# Whoever assists is often half the house: the list shows so many, the file all.
MOST_SHOWN = 24


@dataclass(frozen=True)
class PersonRow:
    """One person in one way; ``load`` is what is booked for them on that day, ``url``
    empty where the reader may not open the file."""

    name: str
    emp_no: str
    first: str
    department: str
    title: str
    url: str
    chip: Chip
    until: str
    why: str
    load: str


@dataclass(frozen=True)
class PersonGroup:
    way: Way
    title: Text
    rows: Sequence[PersonRow]
    hidden: int


Bookings = Mapping[str, Sequence[datetime]]


def person_groups(
    candidates: Sequence[Candidate],
    people: Mapping[str, Practitioner],
    bookings: Bookings,
    *,
    limit: int | None = MOST_SHOWN,
    scope: Scope = HOUSE,
) -> list[PersonGroup]:
    """By what they may do; who has less to do that day comes first.

    Whoever may is named to every reader: a patient may need them tonight. Who may not
    yet, and why, is told to those who look after the department, as is the file.
    """
    inside = {
        emp_no for emp_no, one in people.items() if scope.holds(one.department.code)
    }
    groups = []
    for way in Way:
        named = inside if way is Way.NEARLY else people
        those = [one for one in candidates if one.way is way and one.emp_no in named]
        those.sort(key=lambda one: _order(people[one.emp_no], bookings))
        rows = [
            _row(
                one,
                people[one.emp_no],
                bookings.get(one.emp_no, ()),
                has_file=one.emp_no in inside,
            )
            for one in those[:limit]
        ]
        if rows:
            group = PersonGroup(way, TITLES[way], rows, len(those) - len(rows))
            groups.append(group)
    return groups


def _order(person: Practitioner, bookings: Bookings) -> tuple[int, str, str, str]:
    busy = len(bookings.get(person.emp_no, ()))
    return busy, person.title_code or "9", person.pinyin, person.emp_no


def _row(
    one: Candidate, person: Practitioner, booked: Sequence[datetime], *, has_file: bool
) -> PersonRow:
    is_near = one.way is Way.NEARLY
    file = reverse("permissions:practitioner-detail", args=[person.emp_no])
    return PersonRow(
        name=person.name,
        emp_no=person.emp_no,
        first=person.name[:1],
        department=person.department.name,
        title=words.title_word(person.title_code),
        url=file if has_file else "",
        chip=_near_chip(one) if is_near else CHIPS[one.way],
        until="" if is_near else _("至 %(day)s") % {"day": write_last_day(one.until)},
        why=_why(one),
        load=_load(booked),
    )


def _near_chip(one: Candidate) -> Chip:
    is_dated = one.code in {Code.SUSPENDED, Code.EXPIRED}
    return FUTURE if one.since and not is_dated else verdict_chip(one.code.value)


def _why(one: Candidate) -> str:
    """What is in the way, and from when it is not any more."""
    found = []
    if one.code is Code.SUSPENDED:
        found.append(_("已暂停"))
    for reason in one.reasons:
        at = reason.params.get("at")
        if reason.key is ReasonKey.ENDED and isinstance(at, datetime):
            found.append(_("至 %(day)s 已到期") % {"day": write_last_day(at)})
        elif reason.key is ReasonKey.REVOKED:
            found.append(_("该项授权已取消"))
    if one.way is Way.NEARLY and one.code is Code.EXPIRED and one.until:
        found.append(_("至 %(day)s 已到期") % {"day": write_last_day(one.until)})
    if one.is_title:
        found.append(_("职称未达到要求"))
    if one.since:
        found.append(_("自 %(at)s 起可以") % {"at": _begins(one.since)})
    return listed(found)


def _begins(since: datetime) -> str:
    is_midnight = since.astimezone(ZONE).time() == datetime.min.time()
    return write_day(since) if is_midnight else write_moment(since)


def _load(booked: Sequence[datetime]) -> str:
    if not booked:
        return ""
    times = listed(f"{at.astimezone(ZONE):%H:%M}" for at in booked)
    return _("当日已排 %(n)s 台：%(times)s") % {"n": len(booked), "times": times}


def sheet(groups: Sequence[PersonGroup]) -> tuple[list[Text], list[list[str]]]:
    titles: list[Text] = [
        *(_("可以"), _("医师"), _("工号"), _("科室"), _("职称")),
        *(_("有效期"), _("原因"), _("当日手术")),
    ]
    lines = [
        [
            *(str(group.title), row.name, row.emp_no, row.department, row.title),
            *(row.until, row.why, row.load),
        ]
        for group in groups
        for row in group.rows
    ]
    return titles, lines
