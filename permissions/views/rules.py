"""核对规则: the table of rules, changing one, deciding on a change, its history."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from permissions import services
from permissions.checks.rules import RULES, Mode, Rule, RuleFixed, RuleMode
from permissions.forms.rules import RuleDecisionForm, RuleForm
from permissions.models import RuleChange
from permissions.presenters import rules as present
from permissions.queries.rules import (
    mode_of,
    open_change_or_none,
    rule_mode,
    version_now,
    versions_of,
)
from permissions.services.rule_effects import effects_of
from permissions.services.rule_settings import Wanted
from portal.accounts.capabilities import Capability
from portal.accounts.guards import AuthenticatedRequest, requires
from portal.audit.models import EventKind
from portal.audit.services import record
from portal.parameters.queries import value_of
from portal.parameters.registry import RULE_APPROVERS
from portal.ui.acting import done
from portal.ui.notices import invalid, saved
from portal.ui.spreadsheets import table_file

BODY = "rules-body"
DECISIONS: dict[str, Callable[..., Any]] = {
    "approve": services.approve_rule,
    "decline": services.decline_rule,
}


@requires(Capability.VIEW_PRIVILEGES)
@require_GET
def rule_list(request: AuthenticatedRequest) -> HttpResponse:
    """The whole table, its body alone after a change, or as a file."""
    if request.GET.get("export") == "xlsx":
        return _export(request)
    is_fragment = request.headers.get("HX-Target") == BODY
    context = {
        "groups": present.rule_groups(),
        "waiting": present.waiting_changes(request.user.pk),
    }
    name = "_rules" if is_fragment else "rule_list"
    return render(request, f"permissions/{name}.html", context)


def _export(request: AuthenticatedRequest) -> HttpResponse:
    if Capability.EXPORT not in request.capabilities:
        raise PermissionDenied(Capability.EXPORT)
    titles = [str(title) for title in present.TITLES]
    response, rows = table_file("rules", titles, present.rule_lines())
    record(EventKind.EXPORTED, by=request.user, subject=("list", "rules"), rows=rows)
    return cast(HttpResponse, response)


@requires(Capability.CHANGE_CATALOGUE)
def rule_change(request: AuthenticatedRequest, rule_id: str) -> HttpResponse:
    """The drawer that sets one rule, or back to the table's."""
    rule, now = _rule_or_404(rule_id), rule_mode(rule_id)
    if not request.htmx:
        return redirect("permissions:rule-list")
    form = RuleForm(
        request.POST or None,
        rule=rule,
        now=now,
        initial={"seen": version_now(rule_id)},
        auto_id="drawer_%s",
    )
    if request.method == "POST" and form.is_valid():
        wanted = _wanted(rule, form, to_default="default" in request.POST)

        def act() -> object:
            return services.set_rule(
                wanted=wanted,
                by=request.user,
                at=timezone.now(),
                reason=form.cleaned_data["reason"],
                seen=form.cleaned_data["seen"],
            )

        if done(form, act):
            return saved(*_said(rule))
    context = {
        "rule": rule,
        "form": form,
        "default": present.MODE_CHIPS[rule.mode].text,
        "is_default": now == RuleMode(rule.mode),
        "by_two": bool(value_of(RULE_APPROVERS)),
        "drawer_post": request.path,
        "preview": None,
    }
    response = render(request, "permissions/_rule_drawer.html", context)
    return invalid(response) if request.method == "POST" else response


def _wanted(rule: Rule, form: RuleForm, *, to_default: bool) -> Wanted:
    if to_default:
        return Wanted.default(rule.id)
    given = form.cleaned_data
    return Wanted(rule.id, Mode(given["mode"]), given["text"], given["remedy"])


def _said(rule: Rule) -> tuple[str, str]:
    if value_of(RULE_APPROVERS):
        return _("已提交 1 项改动"), _("%(id)s：另一人同意后生效") % {"id": rule.id}
    return _("规则已修改"), _("%(id)s：下一次核对起按新规则") % {"id": rule.id}


@requires(Capability.CHANGE_CATALOGUE)
@require_GET
def rule_effects(request: AuthenticatedRequest, rule_id: str) -> HttpResponse:
    """Which booked operations would be answered otherwise, while one types."""
    rule, now = _rule_or_404(rule_id), rule_mode(rule_id)
    given = request.GET.get("mode", "")
    mode = Mode(given) if given in set(Mode) else now.mode
    wanted = Wanted(
        rule.id, mode, request.GET.get("text", ""), request.GET.get("remedy", "")
    )
    context: dict[str, Any] = {"diff": present.rule_diff(rule, now, wanted.as_mode)}
    try:
        effects = effects_of(rule.id, wanted.as_mode, at=timezone.now())
        context["panel"] = present.effects_panel(effects)
    except RuleFixed:
        context["panel"] = None
    return render(request, "permissions/_rule_effects.html", context)


@requires(Capability.APPROVE_CATALOGUE, Capability.CHANGE_CATALOGUE)
def rule_decide(
    request: AuthenticatedRequest, change_id: int, decision: str
) -> HttpResponse:
    """同意、不同意 by another person; 撤回 by who asked."""
    change = open_change_or_none(change_id)
    if change is None or decision not in DECISIONS or change.rule not in RULES:
        raise Http404
    is_own = change.proposed_by_id == request.user.pk
    if not is_own and Capability.APPROVE_CATALOGUE not in request.capabilities:
        raise PermissionDenied(Capability.APPROVE_CATALOGUE)
    if not request.htmx:
        return redirect("permissions:rule-list")
    form = RuleDecisionForm(request.POST or None, auto_id="drawer_%s")

    def act() -> object:
        return DECISIONS[decision](
            change=change,
            by=request.user,
            at=timezone.now(),
            reason=form.cleaned_data["reason"],
        )

    title, button, told = _decision_words(decision, is_own)
    if request.method == "POST" and form.is_valid() and done(form, act):
        return saved(told, change.rule)
    response = render(
        request,
        "permissions/_rule_decide_drawer.html",
        {
            "title": title,
            "button": button,
            "is_danger": decision == "decline",
            "rule": RULES[change.rule],
            "diff": _diff_of(change),
            "form": form,
            "drawer_post": request.path,
        },
    )
    return invalid(response) if request.method == "POST" else response


def _diff_of(change: RuleChange) -> object:
    now = rule_mode(change.rule)
    return present.rule_diff(RULES[change.rule], now, mode_of(change))


def _decision_words(decision: str, is_own: bool) -> tuple[str, str, str]:
    if decision == "approve":
        return _("同意改动"), _("同意 1 项"), _("已同意，下一次核对起按新规则")
    if is_own:
        return _("撤回改动"), _("撤回 1 项"), _("已撤回，规则不变")
    return _("不同意改动"), _("不同意 1 项"), _("已答复不同意，规则不变")


@requires(Capability.VIEW_PRIVILEGES)
@require_GET
def rule_history(request: AuthenticatedRequest, rule_id: str) -> HttpResponse:
    """Every time one rule was set, in a drawer."""
    rule = _rule_or_404(rule_id)
    if not request.htmx:
        return redirect("permissions:rule-list")
    versions = versions_of(rule_id)
    context = {
        "rule": rule,
        "has_changes": bool(versions),
        "default": present.MODE_CHIPS[rule.mode].text,
        "timeline": present.rule_timeline(rule, versions),
        "drawer_post": "",
    }
    return render(request, "permissions/_rule_history.html", context)


def _rule_or_404(rule_id: str) -> Rule:
    if rule_id not in RULES:
        raise Http404
    return RULES[rule_id]
