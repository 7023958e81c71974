"""Setting a rule of the check: at once, or by two where the parameter says so.

A rule of law cannot be made weaker; its words may be the hospital's own. What holds is
what stands in ``RuleSetting``; the next question of every process sees it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from permissions.checks.rules import RULES, Mode, RuleMode
from permissions.models import RuleChange, RuleSetting
from permissions.queries.rules import mode_of, rule_mode, version_now
from permissions.services import rules
from permissions.services.refusals import ActRefused, AlreadyDecided, OwnProposal
from portal.accounts.models import User
from portal.approvals.workflow import ProposalState
from portal.audit.acting import acting
from portal.parameters.queries import value_of
from portal.parameters.registry import RULE_APPROVERS
from portal.ui.moments import write_moment

LONGEST = 200


class RuleIsLaw(ActRefused):
    field = "mode"
    message = gettext_lazy("这是法规规定的规则，只能为「必须」；文字和下一步可以改。")


class RuleUnchanged(ActRefused):
    message = gettext_lazy("与现在相同，没有修改。改动一项后再提交。")


class RuleWordsTooLong(ActRefused):
    def __init__(self, field: str) -> None:
        self.field = field
        super().__init__(_("最多 %(most)s 个字，请写短些。") % {"most": LONGEST})


class RuleChangedMeanwhile(ActRefused):
    message = gettext_lazy("打开表单之后这条规则已被改动。关闭后重新打开。")


class RuleChangeWaits(ActRefused):
    message = gettext_lazy("这条规则已有待审批的改动，先审批或撤回它。")


@dataclass(frozen=True)
class Wanted:
    """How a rule shall be; empty words are the table's."""

    rule: str
    mode: Mode
    text: str = ""
    remedy: str = ""

    @classmethod
    def default(cls, rule: str) -> Wanted:
        return cls(rule, RULES[rule].mode)

    @property
    def as_mode(self) -> RuleMode:
        """As it is kept: what says the same as the table is left empty."""
        table = RULES[self.rule]
        text, remedy = self.text.strip(), self.remedy.strip()
        return RuleMode(
            self.mode,
            "" if text == table.text else text,
            "" if remedy == table.remedy else remedy,
        )


@transaction.atomic
def set_rule(
    *,
    wanted: Wanted,
    by: User,
    at: datetime,
    reason: str,
    seen: int | None = None,
) -> RuleSetting | RuleChange:
    """修改规则. Where a second person must agree, the change waits for one.

    ``seen`` is the version the person had before them (``queries.rules.version_now``).
    """
    text = rules.clear_reason(reason)
    _must_be_possible(wanted, seen)
    if value_of(RULE_APPROVERS):
        return _proposed(wanted, by, at, text)
    if RuleChange.objects.filter(
        rule=wanted.rule, state=ProposalState.SUBMITTED
    ).exists():
        raise RuleChangeWaits
    return _written(wanted.rule, wanted.as_mode, by, at, text)


@transaction.atomic
def approve_rule(
    *, change: RuleChange, by: User, at: datetime, reason: str
) -> RuleSetting:
    """同意: another person than who asked; it counts from now on."""
    text = rules.clear_reason(reason)
    current = _open(change)
    if current.proposed_by_id == by.pk:
        raise OwnProposal
    _decide(current, ProposalState.APPROVED, by, at, text)
    return _written(current.rule, mode_of(current), by, at, text)


@transaction.atomic
def decline_rule(
    *, change: RuleChange, by: User, at: datetime, reason: str
) -> RuleChange:
    """不同意 by another person, 撤回 by who asked: the rule stays as it is."""
    text = rules.clear_reason(reason)
    current = _open(change)
    is_own = current.proposed_by_id == by.pk
    state = ProposalState.WITHDRAWN if is_own else ProposalState.REJECTED
    _decide(current, state, by, at, text)
    return current


def _must_be_possible(wanted: Wanted, seen: int | None) -> None:
    mode, now = wanted.as_mode, rule_mode(wanted.rule)
    if seen is not None and seen != version_now(wanted.rule):
        raise RuleChangedMeanwhile
    if RULES[wanted.rule].is_fixed and mode.mode is not Mode.MUST:
        raise RuleIsLaw
    for field, words in (("text", mode.text), ("remedy", mode.remedy)):
        if len(words) > LONGEST:
            raise RuleWordsTooLong(field)
    if mode == now:
        raise RuleUnchanged


def _proposed(wanted: Wanted, by: User, at: datetime, reason: str) -> RuleChange:
    mode = wanted.as_mode
    change = RuleChange(
        rule=wanted.rule,
        mode=mode.mode.value,
        text=mode.text,
        remedy=mode.remedy,
        reason=reason,
        proposed_by=by,
        proposed_at=at,
    )
    change._history_date = at  # type: ignore[attr-defined]  # read by simple-history
    try:
        with transaction.atomic(), acting(by=by, reason=reason):
            change.save()
    except IntegrityError as error:
        raise RuleChangeWaits from error
    return change


def _written(
    rule: str, mode: RuleMode, by: User, at: datetime, reason: str
) -> RuleSetting:
    row = RuleSetting.objects.select_for_update().filter(rule=rule).first()
    row = row or RuleSetting(rule=rule)
    row.mode, row.text, row.remedy = mode.mode.value, mode.text, mode.remedy
    row._history_date = at  # type: ignore[attr-defined]  # read by simple-history
    try:
        with transaction.atomic(), acting(by=by, reason=reason):
            row.save()
    except IntegrityError as error:  # set for the first time twice at once
        raise RuleChangedMeanwhile from error
    return row


def _open(change: RuleChange) -> RuleChange:
    current = (
        RuleChange.objects.select_for_update(of=("self",))
        .select_related("decided_by")
        .get(pk=change.pk)
    )
    if current.state != ProposalState.SUBMITTED:
        decider = current.decided_by
        raise AlreadyDecided(
            current.get_state_display(),
            decider.name if decider else "",
            write_moment(current.decided_at),
        )
    return current


def _decide(
    change: RuleChange, state: ProposalState, by: User, at: datetime, reason: str
) -> None:
    change.state = state
    change.decided_by, change.decided_at = by, at
    change.decision_reason = reason
    change._history_date = at  # type: ignore[attr-defined]  # read by simple-history
    with acting(by=by, reason=reason):
        change.save()
