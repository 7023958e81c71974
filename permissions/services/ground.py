"""What the rules of a line ask about, beside the person and the catalogue entry.

``ASKED`` asks the database, in the act's transaction. A dry run of thousands of lines
reads the same once (``permissions.importers.reading``) and puts the same rules to it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from django.db.models import F, Q, QuerySet

from permissions.enums import Category, EventKind, GrantStatus, ReasonCode, Setting
from permissions.ledger import SIDES_MET, LineKey, Span
from permissions.models import GrantEvent, GrantState, Privilege
from permissions.services.readiness import must_be_ready
from portal.directory.models import Practitioner
from surgery.models import Procedure
from surgery.queries.procedures import procedure_by_code

# Reasons that are a sanction: who lost an antibiotic right for one of them does not
# get it back at once (REG06, domain 1.5).
SANCTIONS = (
    ReasonCode.R03,
    ReasonCode.R07,
    ReasonCode.R09,
    ReasonCode.R10,
    ReasonCode.R11,
    ReasonCode.R12,
    ReasonCode.R18,
)


class Ground(Protocol):
    """Where the rules look."""

    def procedure(self, code: str) -> Procedure | None:
        """The catalogue entry with exactly this code, enabled or not."""

    def sanctions(self, practitioner_id: int, since: datetime) -> Sequence[GrantEvent]:
        """Antibiotic rights taken away for cause after ``since``, the latest first."""

    def must_be_ready(
        self,
        practitioner: Practitioner,
        privilege: Privilege,
        *,
        begins: datetime,
        ends: datetime | None,
        besides: Collection[str] = (),
    ) -> None:
        """Refused unless registration, prerequisites and trainings are as asked."""

    def met(
        self, key: LineKey, span: Span, but: GrantState | None
    ) -> GrantState | None:
        """The first other line that is the same right at some moment of the span."""


class Asked:
    """The database as it stands."""

    def procedure(self, code: str) -> Procedure | None:
        return procedure_by_code(code)

    def sanctions(self, practitioner_id: int, since: datetime) -> Sequence[GrantEvent]:
        taken = sanctions_since(since).filter(grant__practitioner=practitioner_id)
        return list(taken)

    def must_be_ready(
        self,
        practitioner: Practitioner,
        privilege: Privilege,
        *,
        begins: datetime,
        ends: datetime | None,
        besides: Collection[str] = (),
    ) -> None:
        must_be_ready(
            practitioner, privilege, begins=begins, ends=ends, besides=besides
        )

    def met(
        self, key: LineKey, span: Span, but: GrantState | None
    ) -> GrantState | None:
        found = overlapping(key, span)
        if but is not None:
            found = found.exclude(pk=but.pk)
        return found.order_by("valid_from", "pk").first()


ASKED = Asked()


def sanctions_since(since: datetime) -> QuerySet[GrantEvent]:
    taken = GrantEvent.objects.filter(
        grant__privilege__category=Category.AB,
        kind=EventKind.REVOKE,
        reason_code__in=SANCTIONS,
        effective_at__gt=since,
    )
    return taken.select_related("grant__privilege").order_by("-effective_at")


def overlapping(key: LineKey, span: Span) -> QuerySet[GrantState]:
    """Lines that are the same right at some moment of the span.

    全部 meets every setting, no campus every campus, no side every side. On PostgreSQL
    ``permissions_grantstate_no_overlap`` forbids the same.
    """
    same = GrantState.objects.filter(
        practitioner=key.practitioner,
        privilege=key.privilege,
        item_kind=key.item_kind,
        item_code=key.item_code,
        role=key.role,
        visit_no=key.visit_no,
        side__in=SIDES_MET[key.side],
    ).exclude(status=GrantStatus.VOID)
    if key.setting != Setting.ALL:
        same = same.filter(setting__in=[Setting.ALL, key.setting])
    if key.campus:
        same = same.filter(campus__in=["", key.campus])
    if span.valid_to is not None:
        same = same.filter(valid_from__lt=span.valid_to)
    return same.filter(
        Q(valid_to__isnull=True) | Q(valid_to__gt=span.valid_from),
        Q(ended_at__isnull=True)
        | Q(ended_at__gt=span.valid_from) & Q(ended_at__gt=F("valid_from")),
    )
