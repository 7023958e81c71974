"""授权变化: what held on a day, and what changed between two, as known now or then; for
a doctor, a procedure or a department."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from permissions.models import Grant
from permissions.presenters import differences as present
from permissions.presenters import words
from permissions.queries import ledger
from permissions.queries.grants import department_names
from permissions.views.asked import AskedDay, asked_day, notes_of
from portal.accounts.capabilities import Capability
from portal.accounts.guards import AuthenticatedRequest, demand_department, requires
from portal.accounts.scope import HOUSE, Scope
from portal.directory.models import Department, Practitioner
from portal.directory.queries import practitioner_by_emp_no, search_practitioners
from portal.ui.elements import Text
from portal.ui.exports import export_table
from surgery.enums import Grade
from surgery.models import Procedure
from surgery.queries.procedures import procedure_by_code
from surgery.queries.search import search

MOST = 12


@dataclass(frozen=True)
class Subject:
    """Of whom or what: ``E:1027`` a doctor, ``P:51.2300`` a procedure, ``T:0401`` a
    department."""

    value: str
    name: str
    thing: Practitioner | Procedure | Department

    def held(self, at: datetime, known_at: datetime | None) -> list[Grant]:
        match self.thing:
            case Practitioner():
                return ledger.privileges_of(self.thing, at, known_at)
            case Procedure():
                return ledger.able_to(self.thing.code, at, known_at)
            case Department():
                return ledger.privileges_in(self.thing.code, at, known_at)

    def changed(
        self, first: datetime, second: datetime, known_at: datetime | None
    ) -> ledger.Difference:
        match self.thing:
            case Practitioner():
                return ledger.difference(self.thing, first, second, known_at)
            case Procedure():
                return ledger.difference_for(self.thing.code, first, second, known_at)
            case Department():
                return ledger.difference_in(self.thing.code, first, second, known_at)


def subject_or_none(value: str) -> Subject | None:
    kind, _colon, key = value.partition(":")
    if kind == "E" and (person := practitioner_by_emp_no(key)):
        return of_person(person)
    if kind == "P" and (procedure := procedure_by_code(key)):
        return of_procedure(procedure)
    if kind == "T" and (department := Department.objects.filter(code=key).first()):
        return of_department(department)
    return None


def of_person(one: Practitioner) -> Subject:
    return Subject(f"E:{one.emp_no}", words.person(one), one)


def of_procedure(one: Procedure) -> Subject:
    return Subject(f"P:{one.code}", f"{one.name} {one.code}", one)


def of_department(one: Department) -> Subject:
    return Subject(f"T:{one.code}", one.name, one)


@dataclass(frozen=True)
class Asked:
    """``first`` None asks for one day alone."""

    subject: Subject | None
    first: AskedDay | None
    second: AskedDay
    is_known_then: bool
    problems: tuple[str, ...]

    @property
    def known_at(self) -> datetime | None:
        return self.second.moment if self.is_known_then else None


def asked(request: AuthenticatedRequest) -> Asked:
    given = request.GET
    now = timezone.now()
    second = asked_day(given.get("to", "").strip(), now)
    typed = given.get("from", "").strip()
    first = asked_day(typed, now) if typed else None
    wanted = given.get("subject", "").strip()
    subject = subject_or_none(wanted) if wanted else None
    if subject:
        _demand(request, subject.thing)
    problems = [second.problem, first.problem if first else ""]
    if wanted and subject is None:
        text = _("没有找到「%(text)s」，请重新选择医师、手术或科室。")
        problems.append(text % {"text": wanted[:40]})
    if first and first.day > second.day:
        problems.append(_("前一日不能晚于后一日，已对调比较。"))
        first, second = second, first
    return Asked(
        subject=subject,
        first=first,
        second=second,
        is_known_then=given.get("known") == "then",
        problems=tuple(problem for problem in problems if problem),
    )


def _demand(
    request: AuthenticatedRequest, thing: Practitioner | Procedure | Department
) -> None:
    """A procedure is everybody's; of its lines only those in scope are shown."""
    match thing:
        case Practitioner():
            demand_department(request, thing.department.code)
        case Department():
            demand_department(request, thing.code)


@requires(Capability.VIEW_PRIVILEGES)
def differences(request: AuthenticatedRequest) -> HttpResponse:
    """One day as a list, two days as two columns; or either as .xlsx."""
    given = asked(request)
    parts = _parts(given, request.scope)
    if request.GET.get("export") == "xlsx":
        return export_table(request, "differences", *present.sheet(parts))
    context = {
        "asked": given,
        "subject": given.subject,
        "notes": notes_of(*given.problems),
        "is_difference": given.first is not None,
        "parts": [rows for _kind, rows in parts],
        "is_person": isinstance(
            given.subject.thing if given.subject else None, Practitioner
        ),
    }
    return render(request, "permissions/differences.html", context)


def _parts(given: Asked, scope: Scope) -> list[tuple[Text, Sequence[present.HeldRow]]]:
    """Of a procedure only the lines given in the departments this user looks after."""
    if given.subject is None:
        return []
    is_shared = isinstance(given.subject.thing, Procedure)
    within = scope if is_shared else HOUSE
    at, known_at = given.second.moment, given.known_at
    if given.first is None:
        held = given.subject.held(at, known_at)
        held = [one for one in held if within.holds(one.department_code)]
        return [(_("有效"), present.held_rows(held))]
    found = given.subject.changed(given.first.moment, at, known_at)
    both = present.sides(
        ledger.Difference(_within(found.gained, within), _within(found.lost, within))
    )
    return [(_("新增"), both.gained), (_("失去"), both.lost)]


def _within(part: Sequence[ledger.Reason], scope: Scope) -> tuple[ledger.Reason, ...]:
    return tuple(one for one in part if scope.holds(one[0].department_code))


@requires(Capability.VIEW_PRIVILEGES)
def subject_options(request: AuthenticatedRequest) -> HttpResponse:
    """Doctors, departments and procedures by name, number or pinyin."""
    text = request.GET.get("q", "").strip()
    theirs = request.scope.of("department__code")
    people = search_practitioners(text).filter(theirs)[:MOST]
    places = [
        (f"T:{code}", name, _("科室"))
        for code, name in department_names(request.scope)
        if text and (text in name or code.startswith(text))
    ]
    found = [
        *(
            (f"E:{one.emp_no}", words.person(one), one.department.name)
            for one in people
        ),
        *places[:MOST],
        *(
            (f"P:{one.code}", f"{one.name} {one.code}", str(Grade(one.grade).label))
            for one in search(text, limit=MOST)
        ),
    ]
    return JsonResponse(
        [{"value": value, "text": name, "hint": hint} for value, name, hint in found],
        safe=False,
    )
