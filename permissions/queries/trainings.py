"""Reading training records."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.db.models import QuerySet

from permissions.checks.facts import Training as Passed
from permissions.models import Training, TrainingRecord
from portal.directory.models import Practitioner
from portal.parameters.days import end_of, start_of


def records_of(practitioner: Practitioner) -> QuerySet[TrainingRecord]:
    """All of one practitioner, the void ones too, newest first."""
    return (
        TrainingRecord.objects.filter(practitioner=practitioner)
        .select_related("training")
        .order_by("is_void", "-passed_on", "-id")
    )


def record_or_none(record_id: int) -> TrainingRecord | None:
    return (
        TrainingRecord.objects.select_related("practitioner", "training")
        .filter(pk=record_id)
        .first()
    )


def courses() -> list[Training]:
    return list(Training.objects.filter(is_enabled=True).order_by("sort", "code"))


def passed(**only: Any) -> dict[int, tuple[Passed, ...]]:
    """By practitioner, what counts as finished and until when; one query."""
    rows = (
        TrainingRecord.objects.filter(is_void=False, **only)
        .order_by("practitioner_id", "training__sort", "passed_on", "id")
        .select_related("training")
    )
    found: dict[int, list[Passed]] = defaultdict(list)
    for row in rows.iterator(chunk_size=5000):
        found[row.practitioner_id].append(
            Passed(
                course=row.training.code,
                passed=row.is_passed,
                valid_from=start_of(row.passed_on),
                valid_to=end_of(row.valid_to),
                is_exam=row.is_exam,
            )
        )
    return {who: tuple(rows) for who, rows in found.items()}
