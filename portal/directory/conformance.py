"""What the conformance kit last found, kept for the page HIS 对接."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from portal.directory.models import ConformanceResult, ConformanceRun


@transaction.atomic
def save_conformance(
    summary: Mapping[str, tuple[int, int, int]], *, at: datetime
) -> ConformanceRun:
    """Keep a run: cases (passed, failed, unproved) by the name of the interface."""
    run = ConformanceRun.objects.create(at=at)
    ConformanceResult.objects.bulk_create(
        [
            ConformanceResult(
                run=run,
                interface=interface,
                passed=passed,
                failed=failed,
                unproved=unproved,
            )
            for interface, (passed, failed, unproved) in summary.items()
        ]
    )
    return run


def last_conformance() -> dict[str, ConformanceResult]:
    """The results of the newest run by interface; empty when there was none."""
    newest = ConformanceRun.objects.order_by("-at", "-pk").values("pk")[:1]
    found = ConformanceResult.objects.filter(run=newest).select_related("run")
    return {result.interface: result for result in found.order_by("pk")}
