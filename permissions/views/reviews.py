"""授权复核 and 能力评估: lists, and the drawers in which they are decided."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from permissions.enums import Trigger
from permissions.forms.reviews import AssessForm, ConcludeForm, MassForm
from permissions.models import GrantState, Review
from permissions.presenters.reviews import (
    assessed_subject,
    assessment_timeline,
    line_labels,
    review_page,
    suggested_code,
)
from permissions.queries.reviews import (
    assessed_states,
    assessments_of,
    lines_of,
    readings_of,
    review_or_none,
    reviews,
    undecided_of,
)
from permissions.services import ActRefused
from permissions.services import assessments as assessing
from permissions.services import reviews as services
from permissions.views.lists_reviews import assessed_list_spec, review_list_spec
from permissions.views.scoped import OF_PRACTITIONER, state_in_scope
from portal.accounts.capabilities import Capability
from portal.accounts.guards import AuthenticatedRequest, demand_department, requires
from portal.parameters.days import day_of
from portal.ui.elements import Text
from portal.ui.lists import list_response
from portal.ui.notices import invalid, saved, with_toast

Form = ConcludeForm | MassForm


@requires(Capability.VIEW_PRIVILEGES)
@require_GET
def review_list(request: AuthenticatedRequest) -> HttpResponse:
    """The list; with ``review`` in the address the drawer of that one opens over it."""
    asked = request.GET.get("review", "")
    opened = ""
    if asked.isascii() and asked.isdigit() and len(asked) < 10:
        opened = reverse("permissions:review-detail", args=[int(asked)])
    return list_response(
        request,
        review_list_spec(request.user, day_of(timezone.now())),
        reviews().filter(request.scope.of(OF_PRACTITIONER)),
        template="permissions/review_list.html",
        context={"list_title": _("授权复核"), "opened": opened},
    )


@requires(Capability.VIEW_PRIVILEGES)
def review_detail(request: AuthenticatedRequest, review_id: int) -> HttpResponse:
    """The drawer: who, why, which lines; an officer decides, others read."""
    review = _review_or_404(review_id)
    person = review.practitioner
    demand_department(request, person.department.code if person else "")
    if not request.htmx:
        return redirect(
            f"{reverse('permissions:review-list')}?view=all&review={review_id}"
        )
    may_decide = Capability.CHANGE_GRANT in request.capabilities
    if request.method != "POST":
        form = _form_for(review) if may_decide else None
        return _drawer(request, review, form)
    if not may_decide:
        return _drawer(request, review, None)
    form = _form_for(review, request.POST)
    if form.is_valid() and _concluded(request, review, form):
        person = review.practitioner
        detail = f"{person.name} {person.emp_no}" if person else str(review.why)
        return saved(_("复核已办结"), detail)
    return invalid(_drawer(request, _review_or_404(review_id), form))


@requires(Capability.CHANGE_GRANT)
@require_POST
def review_claim(request: AuthenticatedRequest, review_id: int) -> HttpResponse:
    """认领."""
    review = _review_or_404(review_id)
    try:
        services.claim(review=review, by=request.user, at=timezone.now())
    except ActRefused as refused:
        return with_toast(HttpResponse(), _("没有认领"), refused.message, tone="warn")
    return saved(_("已认领"), review.why)


def _form_for(review: Review, given: Any = None) -> Form:
    options: dict[str, Any] = {"auto_id": "drawer_%s"}
    if review.trigger == Trigger.MASS:
        return MassForm(given, **options)
    lines = undecided_of(review)
    options |= {"lines": lines, "labels": line_labels(lines)}
    initial = {"reason_code": suggested_code(review)}
    return ConcludeForm(given, initial=initial, **options)


def _concluded(request: AuthenticatedRequest, review: Review, form: Form) -> bool:
    """Do it; a refusal goes into the form, beside what was typed."""
    given = form.cleaned_data
    said: dict[str, Any] = {
        "review": review,
        "by": request.user,
        "at": timezone.now(),
        "reason": given["reason"],
    }
    try:
        if isinstance(form, MassForm):
            services.confirm_mass(**said, is_true=given["answer"] == "true")
        else:
            code = given["reason_code"]
            services.conclude(**said, decided=form.decided(), reason_code=code)
    except ActRefused as refused:
        _refuse(form, refused)
        return False
    return True


def _refuse(form: Any, refused: ActRefused) -> None:
    rows = getattr(refused, "rows", {})
    field = refused.field if refused.field in form.fields else None
    words: list[Text] = [refused.message, *(one.message for one in rows.values())]
    for text in dict.fromkeys(str(word) for word in words):
        form.add_error(field, text)


def _drawer(
    request: AuthenticatedRequest, review: Review, form: Form | None
) -> HttpResponse:
    lines = lines_of(review)
    history = review.history.select_related("history_user").order_by("-history_id")
    page = review_page(review, lines, readings_of(review), list(history))
    context = {
        "page": page,
        "form": form if page.is_open else None,
        "claim_url": reverse("permissions:review-claim", args=[review.pk]),
        "drawer_post": request.path if form and page.is_open else "",
        "drawer_wide": True,
    }
    return render(request, "permissions/_review_drawer.html", context)


def _review_or_404(review_id: int) -> Review:
    review = review_or_none(review_id)
    if review is None:
        raise Http404
    return review


# --- assessments ----------------------------------------------------------------------


@requires(Capability.VIEW_PRIVILEGES)
@require_GET
def assessment_list(request: AuthenticatedRequest) -> HttpResponse:
    """Rights that must be assessed from time to time, and when."""
    return list_response(
        request,
        assessed_list_spec(timezone.now()),
        assessed_states(timezone.now()).filter(request.scope.of(OF_PRACTITIONER)),
        template="permissions/assessment_list.html",
        context={"list_title": _("能力评估")},
    )


@requires(Capability.CHANGE_GRANT)
def assessment_new(request: AuthenticatedRequest, state_id: int) -> HttpResponse:
    """登记评估, in a drawer."""
    state = state_in_scope(request, state_id)
    if not request.htmx:
        return redirect("permissions:assessment-list")
    if request.method != "POST":
        initial = {"assessed_on": day_of(timezone.now())}
        form = AssessForm(initial=initial, auto_id="drawer_%s")
        return _assessment_drawer(request, state, form)
    form = AssessForm(request.POST, auto_id="drawer_%s")
    if form.is_valid() and _assessed(request, state, form):
        return saved(_("评估已登记"), " ".join(assessed_subject(state)))
    return invalid(_assessment_drawer(request, state, form))


def _assessed(
    request: AuthenticatedRequest, state: GrantState, form: AssessForm
) -> bool:
    try:
        assessing.assess(
            state=state, by=request.user, at=timezone.now(), **form.cleaned_data
        )
    except ActRefused as refused:
        field = {"reason": "note"}.get(refused.field, refused.field)
        form.add_error(field if field in form.fields else None, str(refused.message))
        return False
    return True


def _assessment_drawer(
    request: AuthenticatedRequest, state: GrantState, form: AssessForm
) -> HttpResponse:
    past = assessments_of(state)
    person, what = assessed_subject(state)
    context = {
        "form": form,
        "person": person,
        "what": what,
        "timeline": assessment_timeline(past) if past else None,
        "drawer_post": request.path,
    }
    return render(request, "permissions/_assessment_drawer.html", context)
