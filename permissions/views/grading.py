"""定级审定: a grade asked for from the catalogue, its consequences, the decision."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from permissions import regrading
from permissions.forms.grading import (
    GradeDecisionForm,
    GradeForm,
    PickProcedureForm,
    ScoreForm,
    WhyForm,
)
from permissions.presenters.regrading import (
    panel,
    proposal_page,
    proposal_rows,
    score,
)
from permissions.regrading import Changing
from permissions.services import ActRefused
from permissions.views.lists_grading import proposals_of
from portal.accounts.capabilities import Capability
from portal.accounts.guards import AuthenticatedRequest, requires
from portal.approvals.workflow import Decision
from portal.parameters.days import day_of
from portal.ui.acting import done
from portal.ui.elements import Note
from portal.ui.lists import found_rows, list_response
from portal.ui.moments import today
from portal.ui.notices import invalid, saved
from surgery.checks.scoring import LOWEST, ScoreSheet
from surgery.models import GradeProposal, GradeVersion, Procedure
from surgery.presenters.grade_versions import grade_chip
from surgery.queries.grading import grade_of, proposals, waiting
from surgery.services import grading
from surgery.services.grade_ledger import transition_until
from surgery.services.grading import Wish
from surgery.services.grading_as_shown import score as score_it
from surgery.services.grading_as_shown import stand_for

QUEUE_LENGTH = 12
MOST_AT_ONCE = 200
SHEET_TO_COME = ScoreSheet(LOWEST, LOWEST, LOWEST, LOWEST)
DECIDERS = (Capability.APPROVE_GRADE, Capability.RECORD_COMMITTEE)


# --- asking ---------------------------------------------------------------------------


@requires(Capability.PROPOSE_GRADE)
def grade_propose(request: AuthenticatedRequest, procedure_id: int) -> HttpResponse:
    """The drawer 调级, and the proposal."""
    procedure = _procedure_or_404(procedure_id)
    if not request.htmx:
        return redirect("permissions:grade-proposal-list")
    initial = {"effective_on": today()}
    form = GradeForm(request.POST or None, initial=initial, auto_id="drawer_%s")

    def ask() -> None:
        grading.propose(
            wish=form.wish(procedure),
            by=request.user,
            at=timezone.now(),
            reason=form.cleaned_data["reason"],
        )

    if request.method == "POST" and form.is_valid() and done(form, ask):
        return saved(
            _("已提交 1 份定级申请"),
            _("%(name)s：由另一人审定后施行") % {"name": procedure.name},
        )
    context = {
        "procedure": procedure,
        "grade": grade_chip(procedure.grade),
        "form": form,
        "drawer_post": reverse("permissions:grade-propose", args=[procedure.pk]),
        "drawer_wide": True,
        **_preview(procedure, form),
    }
    response = render(request, "permissions/_grade_drawer.html", context)
    return invalid(response) if request.method == "POST" else response


@requires(Capability.PROPOSE_GRADE)
@require_GET
def grade_pick(request: AuthenticatedRequest) -> HttpResponse:
    """发起定级: the procedure first, then its drawer in place of this one."""
    if not request.htmx:
        return redirect("permissions:grade-proposal-list")
    if code := request.GET.get("code", ""):
        found = Procedure.objects.filter(code=code).first()
        if found is None:
            raise Http404
        return grade_propose(request, found.pk)
    context = {"form": PickProcedureForm(auto_id="drawer_%s")}
    return render(request, "permissions/_grade_pick_drawer.html", context)


@requires(Capability.PROPOSE_GRADE)
@require_POST
def grade_preview(request: AuthenticatedRequest, procedure_id: int) -> HttpResponse:
    """Score and consequences by what is typed so far; saves nothing."""
    procedure = _procedure_or_404(procedure_id)
    context = _preview(procedure, GradeForm(request.POST))
    return render(request, "permissions/_grade_preview.html", context)


def _preview(procedure: Procedure, form: GradeForm) -> dict[str, Any]:
    if not form.is_bound:
        return {"score": None, "panel": None, "note": None}
    form.is_valid()
    typed, now = form.cleaned_data, timezone.now()
    found: dict[str, Any] = {"score": score(form.sheet), "panel": None, "note": None}
    on, grade = typed.get("effective_on"), typed.get("grade")
    if on is None or grade is None:
        return found
    before = grade_of(procedure, on)
    try:
        # The sheet is asked for when it is submitted, not while it is filled in.
        sheet = form.sheet or SHEET_TO_COME
        grading.must_be_possible(Wish(procedure, grade, on, sheet), before, now)
    except ActRefused as refused:
        return {**found, "note": Note("bad", refused.message)}
    until = transition_until(on, before, grade, day_of(now))
    changing = Changing(procedure.code, before, grade, on, until)
    return {**found, "panel": panel(changing, now=now)}


# --- looking --------------------------------------------------------------------------


@requires(Capability.VIEW_PRIVILEGES)
@require_GET
def proposal_list(request: AuthenticatedRequest) -> HttpResponse:
    return list_response(
        request,
        proposals_of(request.user),
        proposals(),
        template="permissions/grade_proposal_list.html",
    )


@requires(Capability.VIEW_PRIVILEGES)
@require_GET
def proposal_detail(request: AuthenticatedRequest, proposal_id: int) -> HttpResponse:
    """One proposal with everything needed to decide it."""
    proposal = _proposal_or_404(proposal_id)
    page = proposal_page(proposal, now=timezone.now())
    is_own = proposal.proposed_by_id == request.user.pk
    may_decide = page.row.is_open and grading.may_decide(request.user, proposal)
    may_propose = Capability.PROPOSE_GRADE in request.capabilities
    context = {
        "page": page,
        "queue": proposal_rows(list(waiting()[:QUEUE_LENGTH])),
        "is_own": is_own,
        "may_decide": may_decide,
        "needs_committee": grading.needs_committee(
            proposal.grade, proposal.grade_before
        ),
        "may_withdraw": page.row.is_open and is_own,
        "may_score": page.row.lacks_sheet and may_propose,
        "may_stand": page.row.lacks_proposer and may_propose,
    }
    return render(request, "permissions/grade_proposal_detail.html", context)


# --- deciding -------------------------------------------------------------------------


@requires(*DECIDERS)
def proposals_decide(request: AuthenticatedRequest) -> HttpResponse:
    """审定: one proposal in any way, several as one approved batch and version."""
    if not request.htmx:
        return redirect("permissions:grade-proposal-list")
    chosen = _chosen(request)
    is_many = len(chosen) > 1
    form = GradeDecisionForm(request.POST or None, is_many=is_many, auto_id="drawer_%s")
    if request.method == "POST" and form.is_valid():
        decision = Decision(form.cleaned_data["decision"])
        if done(form, lambda: _decide(request, chosen, decision, form)):
            return saved(_said(decision, len(chosen)))
    context = {
        "form": form,
        "rows": proposal_rows(chosen),
        "count": len(chosen),
        "ids": ",".join(str(one.pk) for one in chosen),
        "drawer_post": request.path,
    }
    response = render(request, "permissions/_grade_decide_drawer.html", context)
    return invalid(response) if request.method == "POST" else response


def _decide(
    request: AuthenticatedRequest,
    chosen: Sequence[GradeProposal],
    decision: Decision,
    form: GradeDecisionForm,
) -> None:
    typed = form.cleaned_data
    said = {"by": request.user, "at": timezone.now(), "reason": typed["reason"]}
    if decision is Decision.APPROVE:
        documents = {name: typed[name] for name in ("meeting", "doc_no")}
        regrading.approve(proposals=chosen, **said, **documents)
    elif decision is Decision.RETURN:
        grading.return_(proposal=chosen[0], **said)
    else:
        grading.reject(proposal=chosen[0], **said)


def _said(decision: Decision, count: int) -> str:
    texts = {
        Decision.APPROVE: _("已审定 %(n)s 项，写入新一版目录"),
        Decision.RETURN: _("已退回 %(n)s 份申请"),
        Decision.REJECT: _("不同意 %(n)s 份申请"),
    }
    return texts[decision] % {"n": count}


@requires(Capability.PROPOSE_GRADE)
def proposal_withdraw(request: AuthenticatedRequest, proposal_id: int) -> HttpResponse:
    """撤回: what nobody has decided yet."""
    proposal = _proposal_or_404(proposal_id)
    form = WhyForm(request.POST or None, with_document=False, auto_id="drawer_%s")

    def act() -> None:
        grading.withdraw(
            proposal=proposal,
            by=request.user,
            at=timezone.now(),
            reason=form.cleaned_data["reason"],
        )

    return _why_drawer(
        request,
        form,
        act,
        title=_("撤回申请"),
        note=proposal.procedure.name,
        button=_("确认撤回 1 份"),
        said=_("已撤回 1 份申请"),
        to=_("级别不变，记录保留"),
    )


@requires(*DECIDERS)
def version_undo(request: AuthenticatedRequest, version_id: int) -> HttpResponse:
    """撤销一版: taken back by a version of its own."""
    version = GradeVersion.objects.filter(pk=version_id).first()
    if version is None:
        raise Http404
    form = WhyForm(request.POST or None, auto_id="drawer_%s")

    def act() -> None:
        regrading.undo(
            version=version, by=request.user, at=timezone.now(), **form.cleaned_data
        )

    return _why_drawer(
        request,
        form,
        act,
        title=_("撤销一版"),
        note=version.number,
        button=_("确认撤销 1 版"),
        said=_("已撤销 1 版"),
        to=_("另成一版；因它暂停的授权恢复，当时的记录保留可查"),
    )


@requires(Capability.PROPOSE_GRADE)
def proposal_score(request: AuthenticatedRequest, proposal_id: int) -> HttpResponse:
    """补评分: what was proposed as the HIS has it lacks its sheet."""
    proposal = _proposal_or_404(proposal_id)
    if not request.htmx:
        return redirect("permissions:grade-proposal-detail", proposal_id)
    initial = {"doc_no": proposal.doc_no, "meeting": proposal.meeting}
    form = ScoreForm(request.POST or None, initial=initial, auto_id="drawer_%s")

    def act() -> None:
        typed = form.cleaned_data
        said = {name: typed[name] for name in ("reason", "doc_no", "meeting")}
        at = timezone.now()
        sheet = form.sheet or SHEET_TO_COME
        score_it(proposal=proposal, sheet=sheet, by=request.user, at=at, **said)

    if request.method == "POST" and form.is_valid() and done(form, act):
        return saved(_("已补评分"), proposal.procedure.name)
    context = {
        "form": form,
        "row": proposal_rows([proposal])[0],
        "drawer_post": request.path,
        "drawer_wide": True,
    }
    response = render(request, "permissions/_grade_score_drawer.html", context)
    return invalid(response) if request.method == "POST" else response


@requires(Capability.PROPOSE_GRADE)
def proposal_stand(request: AuthenticatedRequest, proposal_id: int) -> HttpResponse:
    """确认提出: what the system proposed gets a person for its proposer."""
    proposal = _proposal_or_404(proposal_id)
    form = WhyForm(request.POST or None, auto_id="drawer_%s")

    def act() -> None:
        stand_for(
            proposal=proposal, by=request.user, at=timezone.now(), **form.cleaned_data
        )

    return _why_drawer(
        request,
        form,
        act,
        title=_("确认提出申请"),
        note=proposal.procedure.name,
        button=_("确认提出 1 份"),
        said=_("已确认提出 1 份申请"),
        to=_("确认的人即为提出人，由另一人审定"),
    )


def _why_drawer(
    request: AuthenticatedRequest,
    form: WhyForm,
    act: Callable[[], object],
    *,
    said: str,
    **texts: str,
) -> HttpResponse:
    if not request.htmx:
        return redirect("permissions:grade-proposal-list")
    if request.method == "POST" and form.is_valid() and done(form, act):
        return saved(said, texts["note"])
    context = {"form": form, "texts": texts, "drawer_post": request.path}
    response = render(request, "permissions/_grade_why_drawer.html", context)
    return invalid(response) if request.method == "POST" else response


def _chosen(request: AuthenticatedRequest) -> list[GradeProposal]:
    """``id`` or ``selected``, repeated or joined by commas, or ``all=1`` with the
    filters of the list; nonsense is not found."""
    given = request.POST if request.method == "POST" else request.GET
    if given.get("all") == "1" and not given.get("id"):
        rows = found_rows(proposals_of(request.user), proposals(), given)
        return list(rows.order_by("procedure__code")[:MOST_AT_ONCE])
    texts = ",".join([*given.getlist("id"), *given.getlist("selected")]).split(",")
    keys = {text for text in texts if text}
    if not keys or len(keys) > MOST_AT_ONCE:
        raise Http404
    if not all(text.isascii() and text.isdigit() and len(text) < 10 for text in keys):
        raise Http404
    found = list(proposals().filter(pk__in=keys).order_by("procedure__code"))
    if len(found) < len(keys):
        raise Http404
    return found


def _procedure_or_404(procedure_id: int) -> Procedure:
    found = Procedure.objects.filter(pk=procedure_id).first()
    if found is None:
        raise Http404
    return found


def _proposal_or_404(proposal_id: int) -> GradeProposal:
    found = proposals().filter(pk=proposal_id).first()
    if found is None:
        raise Http404
    return found
