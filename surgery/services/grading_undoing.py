"""Why a version of grades cannot be taken back: something later stands on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.db.models import Q

from surgery.enums import RecodingState
from surgery.models import GradeChange, Recoding, RecodingLine
from surgery.services.grading_refusals import (
    GivenBackByRecoding,
    GradingRefused,
    LaterVersionStands,
)
from surgery.services.recoding_refusals import CarriedByRecoding


def why_under(later: GradeChange, recodings: Mapping[int, int]) -> GradingRefused:
    """Why what lies under a later change stays; ``recodings`` as ``undone_recodings``."""
    if (number := recodings.get(later.version_id)) is not None:
        return GivenBackByRecoding(later.code, number)
    return LaterVersionStands(later.code, later.version.number)


def must_not_be_carried(changes: Sequence[GradeChange]) -> None:
    """What a re-coding made, or carried on since, is taken back with all of it."""
    if (
        mine := Recoding.objects.filter(
            Q(version__changes__in=changes) | Q(undo_version__changes__in=changes)
        ).first()
    ) is not None:
        raise CarriedByRecoding(changes[0].code, mine.pk)
    later = RecodingLine.objects.filter(
        old__in=[one.procedure_id for one in changes],
        recoding__state=RecodingState.APPLIED,
    )
    if (line := later.order_by("pk").first()) is not None:
        raise CarriedByRecoding(line.old_code, line.recoding_id)
