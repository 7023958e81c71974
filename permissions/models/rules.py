"""What the hospital made of the rules of the check engine, and changes that wait."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from portal.approvals.models import Proposal
from portal.audit.history import HistoricalModel


class RuleStrictness(models.TextChoices):
    """How strict a rule is; the words of ``permissions.checks.rules.Mode``."""

    OFF = "OFF", _("不核对")
    SUGGEST = "SUGGEST", _("提醒")
    MUST = "MUST", _("必须")


class RuleWords(models.Model):
    """A rule of the table as the hospital wants it; what is empty stays the table's."""

    rule = models.CharField(_("规则"), max_length=4)
    mode = models.CharField(_("严格程度"), max_length=7, choices=RuleStrictness.choices)
    text = models.CharField(_("规则文字"), max_length=200, blank=True)
    remedy = models.CharField(_("下一步"), max_length=200, blank=True)

    class Meta:
        abstract = True


class RuleSetting(RuleWords, HistoricalModel):
    """What holds now; a rule without a row is as the table has it."""

    class Meta:
        ordering = ["rule"]
        constraints = [
            models.UniqueConstraint(
                fields=["rule"], name="permissions_rulesetting_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.rule} {self.mode}"


class RuleChange(RuleWords, Proposal):
    """A change that waits for a second person."""

    reason = models.CharField(_("说明"), max_length=200)

    class Meta:
        ordering = ["-id"]
        constraints = [
            *Proposal.Meta.constraints,
            models.UniqueConstraint(
                fields=["rule"],
                condition=Q(state="SUBMITTED"),
                name="permissions_rulechange_one_open",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rule} #{self.pk}"
