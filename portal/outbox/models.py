"""Promises to tell the HIS, kept in our own database until they are proven kept."""

from __future__ import annotations

import uuid
from collections.abc import Hashable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.query import QuerySet
from django.utils.translation import gettext_lazy as _

from portal.his.targets import DEFAULT
from portal.outbox.kinds import KINDS, Call, Kind


class State(models.TextChoices):
    """States of domain 9.4."""

    WAITING = "WAITING", _("等待")
    SENDING = "SENDING", _("送达中")
    DELIVERED = "DELIVERED", _("已送达")
    CONFIRMED = "CONFIRMED", _("回读一致")
    REJECTED = "REJECTED", _("拒收")
    UNKNOWN = "UNKNOWN", _("未知")
    STOPPED = "STOPPED", _("已停止")


# Nothing more will happen to a message in these states.
FINAL = frozenset({State.CONFIRMED, State.STOPPED})
OPEN = tuple(state.value for state in State if state not in FINAL)
UNCONFIRMED = tuple(state.value for state in State if state != State.CONFIRMED)


class OpenField(models.BooleanField):  # type: ignore[type-arg]
    """Whether the row's ``state`` is open; nobody sets it by hand."""

    def pre_save(self, model_instance: models.Model, add: bool) -> bool:
        is_open: bool = model_instance.__dict__["state"] in OPEN
        setattr(model_instance, self.attname, is_open)
        return is_open


class Messages(QuerySet["Message"]):
    def update(self, **changes: Any) -> int:
        """``is_open`` goes with the state, and so does the moment of the proof."""
        if "state" in changes:
            changes["is_open"] = changes["state"] in OPEN
            if changes["state"] != State.CONFIRMED:
                changes["confirmed_at"] = None
        return super().update(**changes)

    update.alters_data = True  # type: ignore[attr-defined]


class Message(models.Model):
    """One change one target must learn; the primary key is the order within a stream.

    A change that several targets must learn is one message for each; streams are the
    target's own, so that none waits for another.

    ``payload`` is the complete call (``portal.his.messages``) but for the request id,
    which the outbox gives. ``takes_away`` marks a message that ends a right: such a
    message is claimed first and passes a rejected one before it.
    """

    request_id = models.UUIDField(unique=True, default=uuid.uuid4)
    kind = models.CharField(max_length=20)  # a key of portal.outbox.kinds.KINDS
    target = models.CharField(max_length=30, default=DEFAULT)  # portal.his.targets
    schema_version = models.PositiveSmallIntegerField()
    stream = models.CharField(max_length=64)  # "practitioner:1027"
    subject = models.CharField(max_length=64)  # "permissions.grantevent:81"
    payload = models.JSONField()
    takes_away = models.BooleanField(default=False)
    state = models.CharField(max_length=10, choices=State.choices)
    # What indexes of open messages are made of. Not of the state itself: a claim changes
    # that, and where it changes no index PostgreSQL writes it in place.
    is_open = OpenField(default=True, editable=False)
    not_before = models.DateTimeField()
    enqueued_at = models.DateTimeField()
    # When the next try or read-back is due. None: nothing happens by itself any more,
    # the message is final or waits for a person.
    due_at = models.DateTimeField(null=True, blank=True)
    # Tries since it was enqueued or a person had it delivered again.
    tries = models.PositiveIntegerField(default=0)
    # Read-backs in a row that showed something else.
    rereads = models.PositiveSmallIntegerField(default=0)
    # The HIS had taken it, or may have, and a person has it told once more: read back
    # first, and sent only where the HIS shows something else. Until it has answered.
    reads_first = models.BooleanField(default=False, db_default=False)
    claim = models.UUIDField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    # The read-back showed something else: field names and both values.
    mismatch = models.JSONField(null=True, blank=True)
    last_code = models.CharField(max_length=10, blank=True)
    last_text = models.CharField(max_length=300, blank=True)
    # Set by the worker for a message in doubt: see ``trying.prepare``.
    proved_before: Call | None = None
    # Set at the claim: nothing earlier of its stream has to go first.
    has_its_turn: bool = True
    # Told by the query of the claim: one before it holds the stream; one after it that
    # passed is undecided.
    is_second: bool = False
    is_passed: bool = False

    objects = Messages.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [
            # Pages look for the beginning of a name too; engines other than PostgreSQL
            # take no classes and ignore them.
            models.Index(
                fields=["stream", "id"],
                name="outbox_message_stream",
                opclasses=["varchar_pattern_ops", "int8_ops"],
            ),
            models.Index(
                fields=["target", "stream", "id"],
                name="outbox_message_open",
                condition=Q(is_open=True),
            ),
            models.Index(fields=["subject"], name="outbox_message_subject"),
            # Few of very many: what lists show as not yet the same in the HIS.
            models.Index(
                fields=["subject"],
                name="outbox_message_unproven",
                condition=Q(confirmed_at__isnull=True),
            ),
            # How many arrived since a moment, and which was the last.
            models.Index(
                fields=["confirmed_at"],
                name="outbox_message_confirmed",
                condition=Q(confirmed_at__isnull=False),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="CONFIRMED", confirmed_at__isnull=False)
                | ~Q(state="CONFIRMED") & Q(confirmed_at__isnull=True),
                name="outbox_message_confirmed_has_time",
            ),
            models.CheckConstraint(
                condition=Q(state__in=OPEN, is_open=True)
                | ~Q(state__in=OPEN) & Q(is_open=False),
                name="outbox_message_open_by_its_state",
            ),
            models.CheckConstraint(
                condition=~Q(state="SENDING")
                | Q(claim__isnull=False, lease_until__isnull=False),
                name="outbox_message_sending_is_claimed",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["CONFIRMED", "STOPPED", "REJECTED"])
                | Q(due_at__isnull=True),
                name="outbox_message_settled_is_not_due",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.state}"

    def of_stream(self, **which: Any) -> QuerySet[Message]:
        """Messages of its target's same stream."""
        return Message.objects.filter(target=self.target, stream=self.stream, **which)

    @property
    def of(self) -> Kind[Any, Any]:
        """What is to be done with a message of its kind."""
        return KINDS[self.kind]

    @property
    def call(self) -> Call:
        """What it says."""
        said: Call = self.of.call_of(self.payload)
        return said

    @property
    def line(self) -> Hashable:
        """What it is about; a later message with the same speaks after it."""
        return self.kind, self.of.line(self.call)

    def outdates(self, earlier: Message) -> bool:
        """The earlier one is of the same line, and sent now would undo this one."""
        is_same = earlier.line == self.line
        return is_same and self.of.outdates(self.call, earlier.call)

    @property
    def is_final(self) -> bool:
        return self.state in FINAL

    @property
    def is_settled(self) -> bool:
        """Nothing changes any more unless a person acts."""
        return self.due_at is None

    @property
    def is_told_again(self) -> bool:
        """The HIS had taken it before; whether it takes it once more is open, or was
        refused."""
        again = {State.WAITING, State.SENDING, State.UNKNOWN, State.REJECTED}
        return self.delivered_at is not None and self.state in again

    @property
    def has_mismatch(self) -> bool:
        return self.state == State.DELIVERED and self.mismatch is not None


class Attempt(models.Model):
    """One try to deliver or to read back: how long it took and what came of it."""

    class Outcome(models.TextChoices):
        DELIVERED = "DELIVERED", _("已送达")
        CONFIRMED = "CONFIRMED", _("回读一致")
        MISMATCH = "MISMATCH", _("不一致")
        REJECTED = "REJECTED", _("拒收")
        UNAVAILABLE = "UNAVAILABLE", _("HIS 未应答")
        ACCEPTED = "ACCEPTED", _("对方已确认")  # by its answer: nothing to read back
        PENDING = "PENDING", _("对方待处理")  # taken into its table, not yet done
        ANSWER_LOST = "ANSWER_LOST", _("应答丢失")
        MISCONFIGURED = "MISCONFIGURED", _("配置错误")

    message = models.ForeignKey(
        Message, on_delete=models.RESTRICT, related_name="attempts"
    )
    # With it the payload of the message is the request as it was sent.
    request_id = models.UUIDField(null=True, blank=True)
    started_at = models.DateTimeField()
    duration_ms = models.PositiveIntegerField()
    outcome = models.CharField(max_length=14, choices=Outcome.choices)
    code = models.CharField(max_length=10, blank=True)
    text = models.CharField(max_length=300, blank=True)
    his_row_id = models.CharField(max_length=32, blank=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"#{self.pk} {self.outcome}"


EVERY_TARGET = "*"


class TargetState(models.Model):
    """How one target stands: frozen by a person, away, and how much it was told lately.

    Made when it is first needed. The row ``*`` freezes all targets at once.
    """

    name = models.CharField(primary_key=True, max_length=30)
    frozen_at = models.DateTimeField(null=True, blank=True)
    frozen_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.RESTRICT,
        related_name="+",
    )
    frozen_reason = models.CharField(max_length=200, blank=True)
    frozen_until = models.DateTimeField(null=True, blank=True)  # None: until thawed
    # It did not answer; while it is away one worker at a time asks, holding the lease.
    away_since = models.DateTimeField(null=True, blank=True)
    asked_until = models.DateTimeField(null=True, blank=True)
    # For a target with a limit: how many it was told in which second.
    told_in = models.DateTimeField(null=True, blank=True)
    told = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    frozen_at__isnull=True,
                    frozen_by__isnull=True,
                    frozen_until__isnull=True,
                    frozen_reason="",
                )
                | Q(frozen_at__isnull=False, frozen_by__isnull=False)
                & ~Q(frozen_reason=""),
                name="outbox_targetstate_frozen_by_somebody_for_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def is_frozen(self, at: datetime) -> bool:
        """A freeze with an end is over by itself."""
        if self.frozen_at is None:
            return False
        return self.frozen_until is None or at < self.frozen_until


# Models of their own files are known to Django by this one.
from portal.outbox.archived import ArchivedMessage as ArchivedMessage  # noqa: E402
