"""HIS 差异: what the HIS shows otherwise than we do, and what is done about it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models.query import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from permissions import reconciliation as acts
from permissions.forms.drifts import DriftReasonForm
from permissions.models import Drift
from permissions.presenters import drift_looks as around
from permissions.presenters import drifts as present
from permissions.queries import drifts as queries
from permissions.reconciliation import Outcome
from permissions.reconciliation.allowed import BEFORE, may
from permissions.services.refusals import ActRefused
from permissions.views.lists_drifts import DRIFTS
from portal.accounts.capabilities import Capability
from portal.accounts.guards import AuthenticatedRequest, requires
from portal.jobs.views import progress_of
from portal.ui.elements import Text
from portal.ui.lists import found_rows, list_response
from portal.ui.notices import invalid, saved
from portal.ui.phrases import listed

LOOKS_SHOWN = 14
TREND_DAYS = timedelta(days=30)
MOST = 500  # of one act
LOOKING = (Capability.VIEW_PRIVILEGES, Capability.VIEW_HIS)


@requires(*LOOKING)
@require_GET
def drift_list(request: AuthenticatedRequest) -> HttpResponse:
    """The page, its rows alone, or the list as a file; ``drift`` opens a drawer."""
    asked = queries.asked_reconciliation()
    job = acts.job_of(asked) if asked else None
    is_shown = job and not job.is_over and job.needs in request.capabilities
    opened = request.GET.get("drift", "")
    context = {
        "progress": progress_of(job) if job and is_shown else None,
        "may_compare": may("compare", request.capabilities),
        "opened": opened if opened.isascii() and opened.isdigit() else "",
    }
    return list_response(
        request,
        DRIFTS,
        queries.drifts(request.scope),
        template="permissions/drift_list.html",
        context=context,
    )


@requires(*LOOKING)
@require_GET
def drift_summary(request: AuthenticatedRequest) -> HttpResponse:
    """How many there are, and what one must know of the last look."""
    counts = queries.open_by_kind(request.scope)
    context = {
        "tiles": around.tiles(queries.latest_complete(request.scope), counts),
        "notes": around.notes(queries.latest_reconciliations(request.scope)),
    }
    return render(request, "permissions/_drift_summary.html", context)


@requires(*LOOKING)
@require_GET
def drift_looks(request: AuthenticatedRequest) -> HttpResponse:
    """The trend of the whole house, and the last looks."""
    since = timezone.now() - TREND_DAYS
    context = {
        "trend": around.trend_of(queries.trend(since, request.scope)),
        "looks": around.look_rows(
            queries.last_reconciliations(LOOKS_SHOWN, request.scope)
        ),
    }
    return render(request, "permissions/_drift_looks.html", context)


@requires(*LOOKING)
@require_GET
def drift_detail(request: AuthenticatedRequest, drift_id: int) -> HttpResponse:
    """The drawer: both values, who did it, and what was done about it."""
    drift = queries.drift_or_none(drift_id, request.scope)
    if drift is None:
        raise Http404
    if not request.htmx:
        return redirect_to(drift_id)
    context = {
        "page": present.drift_page(drift, queries.decisions_of(drift)),
        "acts": [
            one
            for one in ACTS.values()
            if drift.closed_at is None
            and drift.state == BEFORE[one.key]
            and may(one.key, request.capabilities)
        ],
        "drawer_post": "",
    }
    return render(request, "permissions/_drift_drawer.html", context)


def redirect_to(drift_id: int) -> HttpResponse:
    answer = redirect("permissions:drift-list")
    answer["Location"] += f"?view=all&drift={drift_id}"
    return answer


@requires(Capability.OPERATE_HIS, Capability.CHANGE_GRANT)
@require_POST
def drift_compare(request: AuthenticatedRequest) -> HttpResponse:
    """立即比对: a worker does it, the page shows how far it is."""
    acts.ask(by=request.user, at=timezone.now())
    return redirect("permissions:drift-list")


# --- acts -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Act:
    """One thing to do about drifts."""

    key: str
    does: Callable[..., Outcome]
    title: Text
    button: Text
    hint: Text
    done: Text


ACTS = {
    one.key: one
    for one in (
        Act(
            "repair",
            acts.repair,
            gettext_lazy("按本院修复"),
            gettext_lazy("确认修复"),
            gettext_lazy("提交后立即送达 HIS，并回读核对；再按一次不会重复送达"),
            gettext_lazy("已排队修复"),
        ),
        Act(
            "adopt",
            acts.adopt,
            gettext_lazy("提议采纳 HIS 的值"),
            gettext_lazy("提交提议"),
            gettext_lazy(
                "HIS 多出的权限成为申请，其余进入授权复核，手术级别成为待评分的定级申请；"
                "由另一人决定，台账不会自动改变"
            ),
            gettext_lazy("已提议"),
        ),
        Act(
            "ignore",
            acts.ignore,
            gettext_lazy("不处理"),
            gettext_lazy("确认不处理"),
            gettext_lazy("差异值再变化时重新列为待处理"),
            gettext_lazy("已标为不处理"),
        ),
        Act(
            "reopen",
            acts.reopen,
            gettext_lazy("重新处理"),
            gettext_lazy("确认重新处理"),
            gettext_lazy("回到待处理"),
            gettext_lazy("已列为待处理"),
        ),
    )
}


@requires(Capability.OPERATE_HIS, Capability.CHANGE_GRANT)
def drift_act(request: AuthenticatedRequest, act: str) -> HttpResponse:
    """What was ticked, or everything the list found, with a reason; in a drawer."""
    one = ACTS.get(act)
    if one is None:
        raise Http404
    if not may(act, request.capabilities):
        raise PermissionDenied(act)
    if not request.htmx:
        return redirect("permissions:drift-list")
    form = DriftReasonForm(request.POST or None, auto_id="drawer_%s")
    rows = _chosen(request, one)
    if request.method == "POST" and form.is_valid():
        outcome = _done(request, one, rows, form)
        if outcome is not None:
            return saved(one.done, _words(outcome))
    context: dict[str, Any] = {
        "act": one,
        "form": form,
        "rows": present.drift_rows(rows),
        "drawer_post": request.path,
    }
    answer = render(request, "permissions/_drift_act_drawer.html", context)
    return invalid(answer) if request.method == "POST" else answer


def _done(
    request: AuthenticatedRequest, act: Act, rows: Sequence[Drift], form: Any
) -> Outcome | None:
    """What was done; None when nothing was, and the form says why."""
    try:
        outcome = act.does(
            chosen=[row.pk for row in rows],
            by=request.user,
            at=timezone.now(),
            reason=form.cleaned_data["reason"],
        )
    except ActRefused as refused:
        form.add_error("reason", str(refused.message))
        return None
    if outcome.done:
        return outcome
    gone = _("所选差异已不在，请刷新列表。")
    for why in dict.fromkeys(str(text) for text in outcome.left.values()) or [gone]:
        form.add_error(None, why)
    return None


def _chosen(request: AuthenticatedRequest, act: Act) -> Sequence[Drift]:
    """Those the act may be done to."""
    rows: QuerySet[Drift] = queries.drifts(request.scope).filter(
        closed_at__isnull=True, state=BEFORE[act.key]
    )
    if request.method == "POST":
        ids = [int(one) for one in request.POST.getlist("id") if one.isdecimal()]
        rows = rows.filter(pk__in=ids[:MOST])
    else:
        rows = found_rows(DRIFTS, rows, request.GET)
    return list(rows.order_by("emp_no", "pk")[:MOST])


def _words(outcome: Outcome) -> str:
    if not outcome.left:
        return _("%(done)s 项") % {"done": outcome.done}
    why = listed(dict.fromkeys(str(text) for text in outcome.left.values()))
    return _("%(done)s 项；另 %(left)s 项没有：%(why)s") % {
        "done": outcome.done,
        "left": len(outcome.left),
        "why": why,
    }
