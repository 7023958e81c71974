"""Who did what in the cases that count: what the volumes are counted from.

Made of ``PerformedCase``, its procedures and its team by ``surgery.sync.shares``, in the
transaction that takes them; nothing else writes here.
"""

from __future__ import annotations

from django.db import models

from surgery.enums import TeamRole
from surgery.models.cases import PerformedCase


class CaseShare(models.Model):
    """One person in one role at one procedure of a case.

    What is told of the case stands in each of its rows, so counting joins nothing. A
    case counts once for a person in a role and once for a procedure, whatever its
    lines: one row of each carries the mark. ``role`` is blank for the surgeon of a case
    whose team the HIS does not show, ``code`` as the HIS spells it.
    """

    case = models.ForeignKey(
        PerformedCase, on_delete=models.CASCADE, related_name="shares"
    )
    op_start = models.DateTimeField()
    dept_code = models.CharField(max_length=20, blank=True)
    who = models.CharField(max_length=20)
    role = models.CharField(max_length=1, choices=TeamRole.choices, blank=True)
    code = models.CharField(max_length=32)
    code_key = models.CharField(max_length=32)
    is_first_of_person = models.BooleanField()
    is_first_of_procedure = models.BooleanField()
    is_hurt = models.BooleanField()
    is_again = models.BooleanField()
    is_dead = models.BooleanField()

    class Meta:
        ordering = ["case", "who", "role", "code"]
        constraints = [
            models.UniqueConstraint(
                fields=["case", "who", "role", "code"], name="surgery_caseshare_once"
            )
        ]
        indexes = [
            # All that a count by surgeon reads.
            models.Index(
                fields=[
                    *("role", "who", "code", "op_start", "is_first_of_person"),
                    *("is_hurt", "is_again", "is_dead"),
                ],
                name="surgery_share_by_surgeon",
            ),
            models.Index(
                fields=["code_key", "op_start"], name="surgery_share_by_procedure"
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"
