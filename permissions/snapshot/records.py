"""Which of the hospital's own records count in a check: trainings, certificates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db.models import QuerySet

from permissions.checks.facts import Certificate, Training
from permissions.queries.certificates import certified
from permissions.queries.trainings import passed
from portal.directory.models import Practitioner


class KeptRecords(NamedTuple):
    """What is kept of one practitioner; None: such records are not kept here."""

    trainings: tuple[Training, ...] | None
    certificates: tuple[Certificate, ...] | None


@dataclass(frozen=True)
class Shelf:
    """The records of many, by the key of the practitioner."""

    trainings: dict[int, tuple[Training, ...]] | None = None
    certificates: dict[int, tuple[Certificate, ...]] | None = None

    def of(self, practitioner_id: int) -> KeptRecords:
        trainings, certificates = self.trainings, self.certificates
        return KeptRecords(
            None if trainings is None else trainings.get(practitioner_id, ()),
            None if certificates is None else certificates.get(practitioner_id, ()),
        )


@dataclass(frozen=True)
class Records:
    """Which kinds count. Reading them is one query for each kind that does."""

    trainings: bool = False
    certificates: bool = False

    def of(self, practitioners: QuerySet[Practitioner] | None = None) -> Shelf:
        """Of these practitioners, of everybody without."""
        only: dict[str, Any] = {}
        if practitioners is not None:
            only["practitioner__in"] = practitioners
        return self._read(**only)

    def of_one(self, practitioner: Practitioner) -> KeptRecords:
        shelf = self._read(practitioner=practitioner)
        return shelf.of(practitioner.pk)

    def _read(self, **only: Any) -> Shelf:
        return Shelf(
            passed(**only) if self.trainings else None,
            certified(**only) if self.certificates else None,
        )
