"""HIS 差异: what the HIS shows otherwise than we do, and what is done about it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
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
from permissions.reconciliation.outcome import NOT_THERE, in_parts
from permissions.services.refusals import ActRefused
from permissions.views.lists_drifts import DRIFTS
from portal.accounts.capabilities import Capability
from portal.accounts.guards import AuthenticatedRequest, requires
from portal.jobs.views import progress_of
from portal.ui.elements import Text
from portal.ui.ids import ids_in, is_id
from portal.ui.lists import found_rows, list_response
from portal.ui.notices import invalid, saved
from portal.ui.phrases import listed

LOOKS_SHOWN = 14
TREND_DAYS = timedelta(days=30)
MOST = 500  # of one act that sends or proposes
MOST_SAID = 20_000  # of one that only says what was decided
LISTED = 100
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
    most: int = MOST


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
            MOST_SAID,
        ),
        Act(
            "reopen",
            acts.reopen,
            gettext_lazy("重新处理"),
            gettext_lazy("确认重新处理"),
            gettext_lazy("回到待处理"),
            gettext_lazy("已列为待处理"),
            MOST_SAID,
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
    chosen = _chosen(request, one)
    if request.method == "POST" and form.is_valid():
        outcome = _done(request, one, chosen, form)
        if outcome is not None:
            words = _words(outcome, chosen.gone)
            is_whole = not (outcome.left or chosen.gone)
            return saved(one.done, words, tone="ok" if is_whole else "warn")
    context: dict[str, Any] = {
        "act": one,
        "form": form,
        "chosen": chosen,
        "rows": present.drift_rows(chosen.listed),
        "drawer_post": request.get_full_path(),
        "drawer_timeout": 60_000,
    }
    answer = render(request, "permissions/_drift_act_drawer.html", context)
    return invalid(answer) if request.method == "POST" else answer


def _done(
    request: AuthenticatedRequest, act: Act, chosen: Chosen, form: Any
) -> Outcome | None:
    """What was done; None when nothing was, and the form says why."""
    if chosen.problem:
        form.add_error(None, chosen.problem)
        return None
    try:
        outcome = in_parts(
            act.does,
            chosen.keys,
            by=request.user,
            at=timezone.now(),
            reason=form.cleaned_data["reason"],
        )
    except ActRefused as refused:
        form.add_error("reason", str(refused.message))
        return None
    if outcome.done:
        return outcome
    reasons = outcome.left.values() or [NOT_THERE]
    for why in dict.fromkeys(str(text) for text in reasons):
        form.add_error(None, why)
    return None


@dataclass(frozen=True)
class Chosen:
    """Those the act may be done to; ``listed`` the first of them. With a ``problem``
    nothing is done."""

    keys: Sequence[int]
    listed: Sequence[Drift]
    problem: str = ""
    found: int = 0  # more than ``keys`` where they are too many
    gone: int = 0  # ticked, and dealt with by somebody else meanwhile

    @property
    def count(self) -> int:
        return len(self.keys)

    @property
    def newest(self) -> int:
        return max(self.keys, default=0)

    @property
    def unlisted(self) -> int:
        return self.count - len(self.listed)


def _chosen(request: AuthenticatedRequest, act: Act) -> Chosen:
    """Ticked ones come by number; all a list found by its address, which the form brings
    again: with how many they were, and the newest of them, since nothing is decided of a
    drift that was found after somebody looked."""
    theirs = queries.drifts(request.scope).filter(
        closed_at__isnull=True, state=BEFORE[act.key]
    )
    rows = found_rows(DRIFTS, theirs, request.GET)
    counted, ticked = None, 0
    if request.method == "POST":
        ids = ids_in(request.POST.getlist("id"))
        newest, counted = (_number(request, name) for name in ("newest", "count"))
        is_all = not ids and newest is not None
        rows = rows.filter(pk__lte=newest) if is_all else theirs.filter(pk__in=ids)
        counted = counted if is_all else None
        ticked = 0 if is_all else len(set(ids))
    rows = rows.order_by("emp_no", "pk")
    keys = list(rows.values_list("pk", flat=True)[: act.most + 1])
    problem, found = "", len(keys)
    if found > act.most:
        found = rows.count()
        said = {"most": f"{act.most:,}", "n": f"{found:,}"}
        words = _("一次最多办理 %(most)s 项，已选 %(n)s 项。缩小筛选后分次办理。")
        problem = words % said
    elif counted is not None and counted != len(keys):
        words = _("列表已变：原有 %(before)s 项，现有 %(n)s 项，请核对后再提交。")
        problem = words % {"before": f"{counted:,}", "n": f"{len(keys):,}"}
    gone = max(ticked - len(keys), 0)
    return Chosen(keys, list(rows[:LISTED]), problem, found, gone)


def _number(request: AuthenticatedRequest, name: str) -> int | None:
    text = request.POST.get(name, "")
    return int(text) if is_id(text) else None


def _words(outcome: Outcome, gone: int) -> str:
    why = dict.fromkeys(str(text) for text in outcome.left.values())
    if gone:
        why[_("已由他人处理或已消除")] = None
    left = len(outcome.left) + gone
    if not left:
        return _("%(done)s 项") % {"done": f"{outcome.done:,}"}
    return _("%(done)s 项；另 %(left)s 项没有：%(why)s") % {
        "done": f"{outcome.done:,}",
        "left": f"{left:,}",
        "why": listed(why),
    }
