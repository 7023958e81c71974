"""Booked operations that were hit, as lists and pages ask for them."""

from __future__ import annotations

from django.db.models import QuerySet

from permissions.enums import HitState
from permissions.models import BookingHit

# Where the department that decides who may look stands.
OF_SURGEON = "surgeon__department__code"


def booking_hits() -> QuerySet[BookingHit]:
    """With everything a row shows."""
    return BookingHit.objects.select_related(
        "surgeon__department", "owner", "handled_by"
    )


def open_hits() -> QuerySet[BookingHit]:
    return BookingHit.objects.filter(state=HitState.OPEN)


def hit_or_none(hit_id: int) -> BookingHit | None:
    return booking_hits().filter(pk=hit_id).first()
