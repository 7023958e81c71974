"""Acts on the grade dictionary."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from portal.accounts.models import User
from portal.audit.acting import acting
from portal.audit.refusing import clear_reason
from surgery.enums import Grade
from surgery.grades import CRITERIA
from surgery.models import GradeText
from surgery.services.refusals import CriteriaMissing, NothingChanged

FIRST_WORDS = "制度原文"


@transaction.atomic
def set_criteria(
    *, grade: Grade, criteria: str, by: User, at: datetime, reason: str
) -> GradeText:
    """Word the criteria of a grade anew; the regulation's words stay in the history."""
    text = clear_reason(reason)
    words = criteria.strip()
    if not words:
        raise CriteriaMissing
    row = GradeText.objects.select_for_update().filter(grade=grade).first()
    if words == (row.criteria if row else CRITERIA[grade]):
        raise NothingChanged
    if row is None:
        row = GradeText(grade=grade, criteria=CRITERIA[grade])
        row._history_date = at  # type: ignore[attr-defined]  # read by simple-history
        with acting(by=None, reason=FIRST_WORDS):
            row.save()
    row.criteria = words
    row._history_date = at  # type: ignore[attr-defined]  # read by simple-history
    with acting(by=by, reason=text):
        row.save()
    return row
