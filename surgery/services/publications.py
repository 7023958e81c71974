"""上报、公示: that the catalogue of grades 3 and 4 was shown, to whom, by whom."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from portal.accounts.models import User
from portal.audit.acting import acting
from portal.parameters.days import day_of
from portal.ui.phrases import in_chinese
from surgery.enums import Publishing
from surgery.models import CataloguePublication, GradeVersion
from surgery.services.grading_refusals import (
    PublishedBeforeVersion,
    PublishedInFuture,
    RecipientMissing,
)


@transaction.atomic
def record_publication(
    *,
    version: GradeVersion,
    kind: Publishing | str,
    on: date,
    to: str,
    count: int,
    check_code: str,
    by: User,
    at: datetime,
    receipt: str = "",
    note: str = "",
) -> CataloguePublication:
    """Written once; ``count`` and ``check_code`` say what exactly was handed over."""
    if not to.strip():
        raise RecipientMissing
    if on > day_of(at):
        raise PublishedInFuture
    decided = day_of(version.recorded_at)
    if on < decided:
        raise PublishedBeforeVersion(decided)
    made = CataloguePublication(
        version=version,
        kind=Publishing(kind),
        on=on,
        to=to.strip(),
        receipt=receipt.strip(),
        note=note.strip(),
        count=count,
        check_code=check_code,
        by=by,
        recorded_at=at,
    )
    made._history_date = at  # type: ignore[attr-defined]  # read by simple-history
    with acting(by=by, reason=_why(made)):
        made.save()
    return made


@in_chinese
def _why(made: CataloguePublication) -> str:
    return f"{made.get_kind_display()}：{made.to}"
