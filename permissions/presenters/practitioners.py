"""Rows of practitioners and what they hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.urls import reverse
from django.utils import timezone

from permissions.presenters import words
from permissions.queries.practitioners import Holdings, holdings_of
from portal.directory.models import Practitioner
from portal.ui.elements import Chip, Grade, Text
from portal.ui.moments import write_day


@dataclass(frozen=True)
class PractitionerRow:
    """One practitioner as the list shows them."""

    url: str
    name: str
    emp_no: str
    department: str
    title: str
    post: str
    state: Chip
    license_valid_to: str
    in_force: int
    ceiling: Grade | None

    @property
    def ceiling_text(self) -> Text:
        return self.ceiling.text if self.ceiling else ""


def practitioner_rows(practitioners: Sequence[Practitioner]) -> list[PractitionerRow]:
    """One query for what all of them hold."""
    held = holdings_of([one.pk for one in practitioners], timezone.now())
    return [_row(one, held.get(one.pk, Holdings(0, 0))) for one in practitioners]


def _row(practitioner: Practitioner, held: Holdings) -> PractitionerRow:
    return PractitionerRow(
        url=reverse("permissions:practitioner-detail", args=[practitioner.emp_no]),
        name=practitioner.name,
        emp_no=practitioner.emp_no,
        department=practitioner.department.name,
        title=words.title_word(practitioner.title_code),
        post=practitioner.post,
        state=words.practitioner_chip(practitioner),
        license_valid_to=write_day(practitioner.license_valid_to),
        in_force=held.count,
        ceiling=Grade(held.ceiling) if held.ceiling else None,
    )
