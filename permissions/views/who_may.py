"""谁能做这个手术: who may do, prescribe or hold something, at a moment, in a place."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from permissions.checks.candidates import (
    Candidate,
    for_drug,
    for_privilege,
    for_procedure,
)
from permissions.checks.facts import Context, Urgency
from permissions.checks.facts import Setting as Place
from permissions.checks.facts import Side as AskedSide
from permissions.checks.question import DrugOrder, Member, Question
from permissions.enums import Setting, Side
from permissions.models import Privilege
from permissions.presenters import who_may as present
from permissions.queries.grants import department_names
from permissions.queries.subjects import Subject, subject_or_none, subjects_like
from permissions.snapshot import whole_world
from permissions.snapshot.drugs import with_drug
from permissions.views.asked import notes_of
from portal.accounts.capabilities import Capability
from portal.accounts.guards import AuthenticatedRequest, requires
from portal.accounts.scope import Scope
from portal.directory.models import Drug, Practitioner
from portal.parameters.days import FIRST_DAY, LAST_DAY, ZONE, day_of, end_of, start_of
from portal.ui.elements import Note
from portal.ui.exports import export_table
from portal.ui.filters import Option
from surgery.enums import Grade
from surgery.models import Procedure
from surgery.queries.bookings import bookings_between

# How far ahead 「从何时起可以」 looks.
HORIZON_DAYS = 90
PLACES = (Setting.INPATIENT, Setting.OUTPATIENT, Setting.EMERGENCY)
URGENCIES = {
    Urgency.ROUTINE.value: gettext_lazy("常规"),
    Urgency.EMERGENCY.value: gettext_lazy("急诊"),
}


@dataclass(frozen=True)
class Asked:
    """The address, read once. ``at_text`` is what was typed.

    Nothing typed stays nothing: a page left open asks about the moment of asking, not
    about the minute it was opened in.
    """

    subject: Subject | None
    subject_text: str
    at: datetime
    at_text: str
    setting: str
    side: str
    urgency: str
    campus: str
    department: str
    problems: tuple[str, ...]

    @property
    def context(self) -> Context:
        is_urgent = self.urgency != Urgency.ROUTINE
        side = AskedSide(self.side)
        return Context(Place(self.setting), is_urgent, self.campus, side)

    def question(self, **what: Any) -> Question:
        return Question(
            # Everybody is asked in turn; the first name stands for none.
            team=(Member(""),),
            moment=self.at,
            setting=Place(self.setting),
            urgency=Urgency(self.urgency),
            campus=self.campus,
            side=AskedSide(self.side),
            **what,
        )


def asked(given: Mapping[str, str]) -> Asked:
    now = timezone.now().astimezone(ZONE)
    problems = []
    typed = given.get("at", "").strip()
    at = _moment(typed, now) if typed else now
    if at is None:
        text = _("「%(text)s」不是时间，请写成 2026-11-25 08:30 这样。以下按现在显示。")
        problems.append(text % {"text": typed[:30]})
    wanted = given.get("subject", "").strip()
    subject = subject_or_none(wanted) if wanted else None
    if wanted and subject is None:
        text = _("目录里没有「%(text)s」，请按名称、编码或拼音首字母重新查找。")
        problems.append(text % {"text": wanted[:40]})
    return Asked(
        subject=subject,
        subject_text=wanted,
        at=at or now,
        at_text=f"{at:%Y-%m-%dT%H:%M}" if typed and at else typed,
        setting=_one_of(given.get("setting", ""), [one.value for one in PLACES]),
        side=_one_of(given.get("side", ""), Side.values),
        urgency=_one_of(given.get("urgency", ""), list(URGENCIES)),
        campus=given.get("campus", "").strip()[:20],
        department=given.get("dept", ""),
        problems=tuple(problems),
    )


def _one_of(value: str, allowed: Sequence[str]) -> str:
    """The first is the usual one."""
    return value if value in allowed else allowed[0]


def _moment(text: str, now: datetime) -> datetime | None:
    """The moment a text names; the minute under way is now, not its beginning."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if not FIRST_DAY <= moment.date() <= LAST_DAY:
        return None
    moment = moment.replace(tzinfo=moment.tzinfo or ZONE).astimezone(ZONE)
    return now if moment == now.replace(second=0, microsecond=0) else moment


@requires(Capability.VIEW_PRIVILEGES)
def who_may(request: AuthenticatedRequest) -> HttpResponse:
    """The question as a form, the answer below; or the answer as .xlsx."""
    given = asked(request.GET)
    is_file = request.GET.get("export") == "xlsx"
    limit = None if is_file else present.MOST_SHOWN
    groups = _groups(given, request.scope, limit=limit)
    if is_file:
        return export_table(request, "who-may", *present.sheet(groups))
    context = {
        "asked": given,
        "subject": given.subject,
        "grade": getattr(given.subject.thing, "grade", None) if given.subject else None,
        "notes": [*notes_of(*given.problems), *_closed(given.subject)],
        "groups": groups,
        "days": HORIZON_DAYS,
        **_controls(given),
    }
    return render(request, "permissions/who_may.html", context)


def _groups(
    given: Asked, scope: Scope, *, limit: int | None
) -> list[present.PersonGroup]:
    if given.subject is None:
        return []
    candidates = _candidates(given, given.subject)
    people = Practitioner.objects.select_related("department").order_by("emp_no")
    found = people.filter(emp_no__in={one.emp_no for one in candidates})
    if given.department:
        found = found.filter(department__code=given.department)
    day = day_of(given.at)
    bookings: dict[str, list[datetime]] = defaultdict(list)
    ends = end_of(day)
    if isinstance(given.subject.thing, Procedure) and ends:
        for emp_no, at in bookings_between(start_of(day), ends):
            bookings[emp_no].append(at)
    by_number = {one.emp_no: one for one in found}
    return present.person_groups(
        candidates, by_number, bookings, limit=limit, scope=scope
    )


def _candidates(given: Asked, subject: Subject) -> list[Candidate]:
    world, thing = whole_world(), subject.thing
    if isinstance(thing, Procedure):
        question = given.question(procedures=(thing.code,))
        return for_procedure(question, world, days=HORIZON_DAYS)
    if isinstance(thing, Drug):
        question = given.question(drug=DrugOrder(thing.drug_id))
        return for_drug(question, with_drug(world, thing))
    return for_privilege(
        thing.code,
        world,
        given.at.timestamp(),
        given.context,
        min_title=thing.min_title_rank,
    )


def _closed(subject: Subject | None) -> list[Note]:
    """Why nobody may, where the catalogue itself says so."""
    thing = subject.thing if subject else None
    if isinstance(thing, Procedure) and not thing.is_enabled:
        return [Note("warn", _("这项手术本院已停止开展，任何人都不能主刀。"))]
    if isinstance(thing, Procedure) and thing.grade == Grade.UNGRADED:
        return [Note("warn", _("这项手术还没有定级，定级前任何人都不能主刀。"))]
    if isinstance(thing, Procedure) and thing.is_restricted:
        return [Note("info", _("这是限制类技术，只看单独授权，手术级别权不能代替。"))]
    if isinstance(thing, Drug) and not thing.is_enabled:
        return [Note("warn", _("这个药品已停用，任何人都不能开具。"))]
    if isinstance(thing, Privilege) and not thing.is_enabled:
        return [Note("info", _("这个条目已停用，不再新增；已有授权继续有效。"))]
    return []


def _controls(given: Asked) -> dict[str, Any]:
    return {
        "settings": _options([(one.value, one.label) for one in PLACES], given.setting),
        "sides": _options(Side.choices, given.side),
        "urgencies": _options(list(URGENCIES.items()), given.urgency),
        "departments": _options(
            [("", _("全部")), *department_names()], given.department
        ),
    }


def _options(choices: Sequence[tuple[str, Any]], chosen: str) -> list[Option]:
    return [Option(value, label, value == chosen) for value, label in choices]


@requires(Capability.VIEW_PRIVILEGES)
def subject_options(request: AuthenticatedRequest) -> HttpResponse:
    """What the box offers while somebody types."""
    found = subjects_like(request.GET.get("q", ""))
    return JsonResponse(
        [
            {"value": one.value, "text": f"{one.code} {one.name}", "hint": _hint(one)}
            for one in found
        ],
        safe=False,
    )


def _hint(subject: Subject) -> str:
    thing = subject.thing
    if isinstance(thing, Procedure):
        return str(Grade(thing.grade).label)
    if isinstance(thing, Drug):
        return _("药品")
    return thing.get_category_display()
