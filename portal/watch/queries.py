"""What the rules and the pages ask; nothing here grows with what was delivered."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import Count, Min, Q

from portal.outbox.models import Message
from portal.outbox.queries import IS_OPEN
from portal.watch.models import Alert, Sign


def open_counts(
    conditions: Mapping[str, tuple[Q, datetime]],
) -> dict[tuple[str, str], tuple[int, datetime | None]]:
    """By target and name: how many open messages meet the condition and should have been
    in the HIS by the moment beside it, and since when the first; one query."""
    if not conditions:
        return {}
    asked = {
        name: condition & Q(not_before__lte=moment)
        for name, (condition, moment) in conditions.items()
    }
    rows: Any = (
        Message.objects.filter(IS_OPEN)
        .order_by()
        .values("target")
        .annotate(
            **{f"n_{name}": Count("pk", filter=late) for name, late in asked.items()},
            **{
                f"at_{name}": Min("not_before", filter=late)
                for name, late in asked.items()
            },
        )
    )
    return {
        (row["target"], name): (row[f"n_{name}"], row[f"at_{name}"])
        for row in rows.order_by("target")
        for name in conditions
    }


def signs() -> dict[str, Sign]:
    return {sign.name: sign for sign in Sign.objects.order_by("name")}


def open_alerts() -> list[Alert]:
    """The oldest first."""
    return list(Alert.objects.filter(closed_at__isnull=True).order_by("id"))
