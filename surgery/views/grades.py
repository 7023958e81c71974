"""手术等级字典: the criteria of each grade, and the drawer that words them anew."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from portal.accounts.capabilities import Capability
from portal.accounts.guards import AuthenticatedRequest, requires
from portal.ui.acting import done
from portal.ui.elements import Grade as GradeChip
from portal.ui.exports import export_table
from portal.ui.notices import invalid, saved
from surgery.enums import Grade
from surgery.forms.procedures import CriteriaForm
from surgery.presenters.grades import grade_lines, grade_rows, titles, wordings
from surgery.queries.grades import grade_dictionary, wordings_of
from surgery.services.grades import set_criteria

BODY = "grades-body"


@requires(Capability.VIEW_PRIVILEGES)
@require_GET
def grade_list(request: AuthenticatedRequest) -> HttpResponse:
    """The five rows, their body alone after a change, or as a file."""
    rows = grade_rows(grade_dictionary())
    if request.GET.get("export") == "xlsx":
        return export_table(request, "grades", titles(), grade_lines(rows))
    is_fragment = request.headers.get("HX-Target") == BODY
    name = "_grades" if is_fragment else "grade_list"
    return render(request, f"surgery/{name}.html", {"rows": rows})


@requires(Capability.VIEW_HIS)
@require_GET
def grade_drifts(_request: AuthenticatedRequest) -> HttpResponse:
    """Where grades were compared once: now among all drifts, narrowed to grades."""
    return redirect(f"{reverse('permissions:drift-list')}?target=GRADE")


@requires(Capability.CHANGE_CATALOGUE)
def grade_change(request: AuthenticatedRequest, number: int) -> HttpResponse:
    """The drawer that words the criteria of one grade anew, with its history."""
    if number not in Grade:
        raise Http404
    if not request.htmx:
        return redirect("surgery:procedure-grades")
    grade = Grade(number)
    now = next(one for one in grade_dictionary() if one.grade is grade)
    form = CriteriaForm(
        request.POST or None,
        initial={"criteria": now.criteria},
        auto_id="drawer_%s",
    )

    def act() -> Any:
        return set_criteria(
            grade=grade,
            criteria=form.cleaned_data["criteria"],
            by=request.user,
            at=timezone.now(),
            reason=form.cleaned_data["reason"],
        )

    if request.method == "POST" and form.is_valid() and done(form, act):
        return saved(_("判定标准已修改"), str(grade.label))
    context = {
        "form": form,
        "drawer_post": request.path,
        "grade": GradeChip(number),
        "wordings": wordings(wordings_of(grade)),
    }
    response = render(request, "surgery/_grade_drawer.html", context)
    return invalid(response) if request.method == "POST" else response
