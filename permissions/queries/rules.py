"""Reading what the hospital made of the rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet

from permissions.checks.rules import RULES, Mode, RuleMode
from permissions.models import RuleChange, RuleSetting
from portal.approvals.workflow import ProposalState


def rule_modes() -> dict[str, RuleMode]:
    """By rule, for the world of the engine; one query.

    A row of a rule this program no longer has is left alone.
    """
    rows = RuleSetting.objects.order_by("rule")
    return {row.rule: mode_of(row) for row in rows if row.rule in RULES}


def mode_of(row: RuleSetting | RuleChange) -> RuleMode:
    return RuleMode(Mode(row.mode), row.text, row.remedy)


def rule_mode(id: str) -> RuleMode:
    """What holds for one rule now, the table's words where the hospital has none."""
    row = RuleSetting.objects.filter(rule=id).first()
    return mode_of(row) if row else RuleMode(RULES[id].mode)


def version_now(id: str) -> int:
    """Which of its settings holds; 0 while it is as the table has it."""
    rows: QuerySet[Any] = RuleSetting.history.filter(rule=id).order_by("-history_id")
    found: int | None = rows.values_list("history_id", flat=True).first()
    return found or 0


def open_changes() -> dict[str, RuleChange]:
    """Changes that wait for a second person, by rule."""
    rows = RuleChange.objects.filter(state=ProposalState.SUBMITTED)
    rows = rows.select_related("proposed_by").order_by("id")
    return {row.rule: row for row in rows}


def open_change_or_none(change_id: int) -> RuleChange | None:
    return RuleChange.objects.select_related("proposed_by").filter(pk=change_id).first()


def last_changes() -> Mapping[str, Any]:
    """By rule, the history row of what holds now; one query."""
    rows: QuerySet[Any] = RuleSetting.history.select_related("history_user")
    return {row.rule: row for row in rows.order_by("history_id")}


def versions_of(id: str) -> list[Any]:
    """Every time one rule was set, newest first."""
    rows: QuerySet[Any] = RuleSetting.history.select_related("history_user")
    return list(rows.filter(rule=id).order_by("-history_id"))
