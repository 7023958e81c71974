"""手术室授权名册: a page to look at, a sheet to print, a PDF and a file."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from permissions.presenters import roster as present
from permissions.queries.grants import department_names
from permissions.queries.practitioners import home_department
from permissions.queries.roster import GRADES, roster_at
from permissions.views.asked import AskedDay, asked_day, notes_of
from portal.accounts.capabilities import Capability
from portal.accounts.guards import AuthenticatedRequest, demand_department, requires
from portal.audit.models import EventKind
from portal.audit.services import record
from portal.ui.exports import export_table, must_export
from portal.ui.filters import Option
from portal.ui.moments import write_moment
from surgery.enums import Grade

# What a page shows, and what one paper holds: beyond it nobody reads it in one piece.
MOST_SHOWN, MOST_PRINTED = 1_000, 10_000


@dataclass(frozen=True)
class Asked:
    """``department`` empty is the whole house."""

    department: str
    on: AskedDay
    is_by_surgeon: bool
    grade: str
    problems: tuple[str, ...]

    @property
    def grades(self) -> tuple[int, ...]:
        return (int(self.grade),) if self.grade else GRADES


def asked(request: AuthenticatedRequest) -> Asked:
    """The address; who looks after some departments sees one of them at a time."""
    given, scope = request.GET, request.scope
    on = asked_day(given.get("on", "").strip(), timezone.now())
    department, problems = given.get("dept", ""), [on.problem]
    if not department and not scope.is_whole:
        department = home_department(request.user, scope)
    demand_department(request, department)
    if department and department not in dict(department_names()):
        text = _("没有代码为「%(code)s」的科室，请在科室一栏重新选择。")
        problems.append(text % {"code": department[:20]})
    grade = given.get("grade", "")
    return Asked(
        department=department,
        on=on,
        is_by_surgeon=given.get("by") == "surgeon",
        grade=grade if grade in {"3", "4"} else "",
        problems=tuple(problem for problem in problems if problem),
    )


def _sheet(request: AuthenticatedRequest, given: Asked) -> present.Sheet:
    name = dict(department_names()).get(given.department, given.department)
    return present.sheet(
        roster_at(given.on.moment, department=given.department, grades=given.grades),
        on=given.on.day,
        scope=present.scope_words(name, given.department),
        scope_code=given.department,
        is_by_surgeon=given.is_by_surgeon,
        made_at=write_moment(timezone.now()),
        made_by=request.user.name,
    )


def _leave_trace(
    request: AuthenticatedRequest, sheet: present.Sheet, kind: str
) -> None:
    record(
        EventKind.EXPORTED,
        by=request.user,
        subject=("roster", sheet.number),
        rows=sheet.count,
        format=kind,
        check=sheet.check,
    )


def _too_long(request: AuthenticatedRequest, sheet: present.Sheet) -> HttpResponse:
    """Back to the page, with the way out; nothing was taken out, so no trace."""
    text = _("名册有 %(n)s 条，超过一次打印的 %(most)s 条。请按科室打印，或导出表格。")
    messages.error(request, text % {"n": sheet.count, "most": MOST_PRINTED})
    page = reverse("permissions:roster")
    return HttpResponseRedirect(f"{page}?{request.GET.urlencode()}")


@requires(Capability.VIEW_PRIVILEGES)
def roster(request: AuthenticatedRequest) -> HttpResponse:
    given = asked(request)
    sheet = _sheet(request, given)
    if request.GET.get("export") == "xlsx":
        return export_table(request, "roster", *present.table(sheet))
    names = department_names(request.scope)
    if request.scope.is_whole:
        names = [("", _("全院")), *names]
    context = {
        "asked": given,
        "sheet": sheet,
        "groups": present.first_groups(sheet.groups, MOST_SHOWN),
        "hidden": max(0, sheet.count - MOST_SHOWN),
        "address": request.GET.urlencode(),
        "notes": notes_of(*given.problems),
        "departments": [
            Option(code, name, code == given.department) for code, name in names
        ],
        "grades": [
            Option(value, label, value == given.grade)
            for value, label in (
                ("", _("三、四级")),
                ("4", Grade.FOUR.label),
                ("3", Grade.THREE.label),
            )
        ],
    }
    return render(request, "permissions/roster.html", context)


@requires(Capability.VIEW_PRIVILEGES)
def roster_print(request: AuthenticatedRequest) -> HttpResponse:
    """A page of its own for the printer; that it was taken out is logged."""
    sheet = _sheet(request, asked(request))
    if sheet.count > MOST_PRINTED:
        return _too_long(request, sheet)
    _leave_trace(request, sheet, "print")
    return render(request, "permissions/roster_print.html", {"sheet": sheet})


@requires(Capability.VIEW_PRIVILEGES)
def roster_pdf(request: AuthenticatedRequest) -> HttpResponse:
    must_export(request)
    sheet = _sheet(request, asked(request))
    if sheet.count > MOST_PRINTED:
        return _too_long(request, sheet)
    response = HttpResponse(present.as_pdf(sheet), content_type="application/pdf")
    name = f"{sheet.number}.pdf"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    _leave_trace(request, sheet, "pdf")
    return response
