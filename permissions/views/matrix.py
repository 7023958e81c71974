"""授权矩阵: who of a department may do what, on a day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from permissions.enums import Category
from permissions.models import Privilege
from permissions.presenters import matrix as present
from permissions.presenters import words
from permissions.presenters.grants import grant_rows, timeline
from permissions.presenters.lines import line_rows
from permissions.queries import matrix as ask
from permissions.queries.cells import events_behind, states_behind
from permissions.queries.grants import department_names
from permissions.queries.practitioners import home_department
from permissions.views.asked import AskedDay, asked_day, notes_of
from portal.accounts.capabilities import Capability
from portal.accounts.guards import AuthenticatedRequest, demand_department, requires
from portal.accounts.models import User
from portal.accounts.scope import Scope
from portal.directory.queries import practitioner_by_emp_no
from portal.outbox.queries import arrival_of
from portal.ui.exports import export_table
from portal.ui.filters import Option
from portal.ui.moments import today
from surgery.enums import Grade
from surgery.queries.procedures import procedure_by_code

GRADES: dict[str, tuple[Grade, ...]] = {
    "34": (Grade.THREE, Grade.FOUR),
    "4": (Grade.FOUR,),
    "3": (Grade.THREE,),
    "2": (Grade.TWO,),
    "1": (Grade.ONE,),
    "all": (Grade.ONE, Grade.TWO, Grade.THREE, Grade.FOUR),
}
GRADE_WORDS = {
    "34": gettext_lazy("三、四级"),
    "4": Grade.FOUR.label,
    "3": Grade.THREE.label,
    "2": Grade.TWO.label,
    "1": Grade.ONE.label,
    "all": gettext_lazy("全部级别"),
}
PAPERS = {"a4": gettext_lazy("A4 横向"), "a3": gettext_lazy("A3 横向")}


@dataclass(frozen=True)
class Asked:
    """The address, read once; what it names and does not exist stands in ``problems``."""

    department: str
    on: AskedDay
    by_procedure: bool
    specialty: str
    category: str
    grade: str
    only_gaps: bool
    paper: str
    problems: tuple[str, ...]


def asked(given: Mapping[str, str], user: User, scope: Scope) -> Asked:
    on = asked_day(given.get("on", "").strip(), timezone.now())
    department = given.get("dept", "") or home_department(user, scope)
    problems = [on.problem]
    if department not in dict(department_names()):
        text = _("没有代码为「%(code)s」的科室，请在科室一栏重新选择。")
        problems.append(text % {"code": department[:20]})
    category = given.get("category", "")
    return Asked(
        department=department,
        on=on,
        by_procedure=given.get("rows") != "privileges",
        specialty=given.get("specialty", ""),
        category=category if category in Category.values else "",
        grade=given["grade"] if given.get("grade", "") in GRADES else "34",
        only_gaps=given.get("gaps") == "1",
        paper="a3" if given.get("paper") == "a3" else "a4",
        problems=tuple(problem for problem in problems if problem),
    )


@requires(Capability.VIEW_PRIVILEGES)
def matrix(request: AuthenticatedRequest) -> HttpResponse:
    """The page, the grid alone when htmx asks for it, or the grid as .xlsx."""
    given = asked(request.GET, request.user, request.scope)
    demand_department(request, given.department)
    members = ask.members_of(given.department, given.on.moment)
    rows = _rows(given, members)
    columns = present.heads(members)
    if request.GET.get("export") == "xlsx":
        return export_table(request, "matrix", *present.sheet(columns, rows))
    context = {
        **_controls(given, request.scope),
        "asked": given,
        "notes": notes_of(*given.problems),
        "department": dict(department_names()).get(given.department, ""),
        "columns": columns,
        "rows": rows,
        "gaps": sum(row.is_gap for row in rows),
        "legend": present.LEGEND if given.by_procedure else present.PRIVILEGE_LEGEND,
    }
    is_fragment = bool(request.htmx and request.htmx.target == "matrix")
    name = "_matrix" if is_fragment else "matrix"
    response = render(request, f"permissions/{name}.html", context)
    response.headers["Vary"] = "HX-Target"
    return response


def _rows(given: Asked, members: ask.Members) -> list[present.RowView]:
    if given.by_procedure:
        procedures = ask.procedures_for(
            members,
            specialty=given.specialty,
            grades=GRADES[given.grade],
            on=given.on.day,
            today=today(),
        )
        rows = present.procedure_views(ask.procedure_rows(members, procedures))
    else:
        rows = present.privilege_views(ask.privilege_rows(members, given.category))
    return [row for row in rows if row.is_gap] if given.only_gaps else rows


def _controls(given: Asked, scope: Scope) -> dict[str, Any]:
    """What the selects offer, with what is chosen."""
    special = [("", _("本科室有授权的")), ("all", _("全院目录"))]
    special += [(name, name) for name in ask.specialties()]
    return {
        "departments": _options(department_names(scope), given.department),
        "specialties": _options(special, given.specialty),
        "categories": _options(
            [("", _("全部")), *((one.value, one.label) for one in Category)],
            given.category,
        ),
        "grades": _options(list(GRADE_WORDS.items()), given.grade),
        "papers": _options(list(PAPERS.items()), given.paper),
    }


def _options(choices: list[tuple[str, Any]], chosen: str) -> list[Option]:
    return [Option(value, label, value == chosen) for value, label in choices]


@requires(Capability.VIEW_PRIVILEGES)
def matrix_cell(request: AuthenticatedRequest) -> HttpResponse:
    """The drawer of one cell: every line behind it, and what happened to them."""
    person = practitioner_by_emp_no(request.GET.get("emp_no", ""))
    key = request.GET.get("row", "")
    procedure = privilege = None
    if request.GET.get("rows") == "privileges":
        privilege = Privilege.objects.filter(code=key).first()
    else:
        procedure = procedure_by_code(key)
    if person is None or (procedure is None and privilege is None):
        raise Http404
    demand_department(request, person.department.code)
    if not request.htmx:
        return redirect("permissions:practitioner-detail", emp_no=person.emp_no)
    on = asked_day(request.GET.get("on", ""), timezone.now())
    code = privilege.code if privilege else ""
    states = states_behind(person, procedure=procedure, privilege=code)
    events = events_behind(states)
    named = procedure or privilege
    context = {
        "person": person,
        "person_words": words.person(person),
        "place": f"{person.department.name} {words.title_word(person.title_code)}",
        "name": named.name if named else "",
        "code": key,
        "on": on,
        "lines": line_rows(states, on.moment, rows=grant_rows(states)),
        "timeline": timeline(events, arrival_of([one.subject for one in events])),
        "has_events": bool(events),
    }
    return render(request, "permissions/_matrix_cell.html", context)
