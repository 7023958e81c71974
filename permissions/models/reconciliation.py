"""What the HIS shows of rights beside what it should: each look, and what it found."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from permissions.enums import (
    DriftAct,
    DriftKind,
    DriftState,
    DriftTarget,
    Part,
    Setting,
)
from permissions.models.applications import Application
from permissions.models.reviews import Review
from portal.audit.history import WriteOnceModel
from portal.directory.models import Practitioner
from surgery.models import GradeProposal, Procedure

OPEN_STATES = [DriftState.OPEN.value, DriftState.REPAIRING.value]


class Reconciliation(models.Model):
    """One look at all rights the HIS shows, or at all its grades of procedures.

    Asked for and not begun: without ``started_at``. With a ``problem`` the HIS could not
    be read to the end, and nothing of this look counts. ``by`` None: the nightly one.
    """

    part = models.CharField(
        max_length=6, choices=Part.choices, default=Part.RIGHTS.value
    )
    asked_at = models.DateTimeField(db_index=True)
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    is_running = models.BooleanField(default=False)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.RESTRICT,
        related_name="+",
    )
    problem = models.CharField(max_length=300, blank=True)
    ours = models.PositiveIntegerField(default=0)  # rows that should stand
    theirs = models.PositiveIntegerField(default=0)  # rows read
    on_the_way = models.PositiveIntegerField(default=0)  # their message is open
    beside = models.PositiveIntegerField(default=0)  # of rights that are not ours
    unreadable = models.PositiveIntegerField(default=0)
    # 不处理, beside the three below; the database knows the default, so that a worker
    # of the version before may write on while an upgrade goes on.
    ignored = models.PositiveIntegerField(default=0, db_default=0)
    missing = models.PositiveIntegerField(default=0)
    extra = models.PositiveIntegerField(default=0)
    different = models.PositiveIntegerField(default=0)
    found = models.PositiveIntegerField(default=0)  # not there the time before
    gone = models.PositiveIntegerField(default=0)  # closed by this look
    repaired = models.PositiveIntegerField(default=0)  # told again by itself
    adopted = models.PositiveIntegerField(default=0)  # proposed by itself
    is_braked = models.BooleanField(default=False)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["part"],
                condition=Q(is_running=True),
                name="permissions_reconciliation_one_runs",
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("started_at")),
                name="permissions_reconciliation_begins_before_end",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"

    @property
    def total(self) -> int:
        """What differs and asks for somebody."""
        return self.missing + self.extra + self.different

    @property
    def seconds(self) -> float:
        if self.started_at is None or self.ended_at is None:
            return 0.0
        return (self.ended_at - self.started_at).total_seconds()


class Drift(models.Model):
    """One row of the HIS that is not as it should be, from the look that found it to
    the one that found it gone.

    The key is as the HIS names it; ``valid_from`` is 1900-01-01 in a HIS
    that keeps no days.
    ``ours_…`` and ``theirs_…`` are the two rows, an empty status is no row. With other
    values on either side it is another drift. ``told_as`` is the subject of the message
    that repairs it.

    Of a grade, ``item`` is the code of the procedure, ``code`` the field of the view
    that differs, and the values are the field's; it has no practitioner, and its
    setting and first day say nothing.
    """

    target = models.CharField(max_length=9, choices=DriftTarget.choices)
    kind = models.CharField(max_length=9, choices=DriftKind.choices)
    emp_no = models.CharField(max_length=20, blank=True)
    practitioner = models.ForeignKey(
        Practitioner,
        null=True,
        blank=True,
        on_delete=models.RESTRICT,
        related_name="+",
    )
    procedure = models.ForeignKey(
        Procedure, null=True, blank=True, on_delete=models.RESTRICT, related_name="+"
    )
    code = models.CharField(max_length=20)  # the privilege, or the kind of right
    item = models.CharField(max_length=32, blank=True)
    name = models.CharField(max_length=200, blank=True)
    setting = models.CharField(max_length=4, choices=Setting.choices)
    valid_from = models.DateField()
    ours_status = models.CharField(max_length=1, blank=True)
    ours_last = models.DateField(null=True, blank=True)
    ours_value = models.CharField(max_length=20, blank=True)
    theirs_status = models.CharField(max_length=1, blank=True)
    theirs_last = models.DateField(null=True, blank=True)
    theirs_value = models.CharField(max_length=20, blank=True)
    # As far as the HIS tells: from its log, else from the row itself.
    hand = models.CharField(max_length=20, blank=True)
    hand_at = models.DateTimeField(null=True, blank=True)
    is_from_log = models.BooleanField(default=False)
    first_seen = models.DateTimeField()
    last_seen = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    state = models.CharField(
        max_length=9, choices=DriftState.choices, default=DriftState.OPEN
    )
    told_as = models.CharField(max_length=64, blank=True)
    application = models.ForeignKey(
        Application,
        null=True,
        blank=True,
        on_delete=models.RESTRICT,
        related_name="+",
    )
    review = models.ForeignKey(
        Review, null=True, blank=True, on_delete=models.RESTRICT, related_name="+"
    )
    grade_proposal = models.ForeignKey(
        GradeProposal,
        null=True,
        blank=True,
        on_delete=models.RESTRICT,
        related_name="+",
    )

    class Meta:
        ordering = ["-first_seen", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["target", "emp_no", "code", "item", "setting", "valid_from"],
                condition=Q(closed_at__isnull=True),
                name="permissions_drift_once",
            ),
            # A practitioner's, or a procedure's.
            models.CheckConstraint(
                condition=Q(target="GRADE", emp_no="", practitioner__isnull=True)
                | ~Q(target="GRADE") & Q(procedure__isnull=True),
                name="permissions_drift_of_one",
            ),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True) | Q(closed_at__gte=F("first_seen")),
                name="permissions_drift_seen_before_closed",
            ),
            models.CheckConstraint(
                condition=Q(state__in=OPEN_STATES, closed_at__isnull=True)
                | Q(state__in=["REPAIRED", "GONE"], closed_at__isnull=False)
                | Q(state__in=["ADOPTED", "IGNORED"]),
                name="permissions_drift_closed_fits_state",
            ),
        ]
        indexes = [
            models.Index(
                fields=["practitioner"],
                condition=Q(closed_at__isnull=True),
                name="permissions_drift_of_whom",
            ),
            models.Index(fields=["told_as"], name="permissions_drift_told"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"

    @property
    def subject(self) -> str:
        return f"permissions.drift:{self.pk}"


class DriftDecision(WriteOnceModel):
    """What was done about a drift, by whom and why; ``by`` is the system's account
    where the hospital lets it act."""

    drift = models.ForeignKey(
        Drift, on_delete=models.RESTRICT, related_name="decisions"
    )
    act = models.CharField(max_length=6, choices=DriftAct.choices)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.RESTRICT, related_name="+"
    )
    recorded_at = models.DateTimeField()
    note = models.CharField(max_length=200)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.act} #{self.pk}"
