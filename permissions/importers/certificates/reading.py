"""One row of a sheet of certificates: whose and which, and what it would do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext as _

from permissions.importers.certificates.columns import Field
from permissions.importers.records import People
from permissions.models import (
    CertificateImport,
    CertificateImportRow,
    PersonalCertificate,
)
from permissions.models.certificates import KEPT_HERE
from permissions.models.record_imports import Verdict
from permissions.services.certificates import Issued, must_be_sound
from permissions.services.refusals import ActRefused
from portal.accounts.models import User
from portal.directory.models import Practitioner
from portal.parameters.days import day_of
from portal.sheets import values
from portal.sheets.cells import Cells, GivenRow, picked
from portal.sheets.values import Choice
from portal.ui.elements import Text

FIELD_OF = {
    "kind": Field.KIND,
    "number": Field.NUMBER,
    "issued_on": Field.ISSUED_ON,
    "valid_to": Field.VALID_TO,
}
Key = tuple[int, str, str, date]  # practitioner, kind, number, day of issue


@dataclass
class Judged(GivenRow):
    """A row with its verdict; ``issued`` is there when nothing was wrong in a cell."""

    practitioner: Practitioner | None = None
    issued: Issued | None = None
    verdict: Verdict = Verdict.ERROR

    @property
    def verdict_label(self) -> Text:
        return self.verdict.label

    def as_row(self, one: CertificateImport) -> CertificateImportRow:
        return CertificateImportRow(
            certificate_import=one,
            number=self.number,
            verdict=self.verdict,
            text=" ".join(self.given.values())[:300],
            given=self.given,
            issued=as_json(self.issued) if self.issued else {},
            problems=[problem.as_json() for problem in self.problems],
            practitioner=self.practitioner,
        )


def as_json(issued: Issued) -> dict[str, Any]:
    last = issued.valid_to.isoformat() if issued.valid_to else None
    return asdict(issued) | {
        "issued_on": issued.issued_on.isoformat(),
        "valid_to": last,
    }


def issued_of(kept: Mapping[str, Any]) -> Issued:
    given = dict(kept)
    last = given["valid_to"]
    given["issued_on"] = date.fromisoformat(given["issued_on"])
    given["valid_to"] = date.fromisoformat(last) if last else None
    return Issued(**given)


class Reader:
    """Reads and judges the rows of one sheet for the person who brings it."""

    def __init__(self, mapping: Mapping[str, int], *, by: User, at: datetime) -> None:
        self._mapping, self._today = mapping, day_of(at)
        self._people = People(by)
        self._kinds = Choice([(one.value, one.label) for one in KEPT_HERE])

    def read(self, number: int, cells: list[Any]) -> Judged | None:
        """None for a row that is empty in all columns that count."""
        found, given = picked(self._mapping, cells)
        if not given:
            return None
        row = Judged(number, given)
        cell = Cells(row, found)
        row.practitioner = self._people.meant(
            row, cell, emp_no=Field.EMP_NO, name=Field.NAME
        )
        self._fill(row, cell)
        return row

    def _fill(self, row: Judged, cell: Cells) -> None:
        kind = cell.choice(Field.KIND, self._kinds, "")
        if not kind and not row.is_told(Field.KIND):
            row.add(Field.KIND, _("证书不能空。"))
        issued_on = cell(Field.ISSUED_ON, values.day, None)
        if issued_on is None and not row.is_told(Field.ISSUED_ON):
            row.add(Field.ISSUED_ON, _("发证日期不能空。"))
        rest: dict[str, Any] = {
            "number": cell.text(Field.NUMBER, 50),
            "valid_to": cell(Field.VALID_TO, values.last_day, None),
            "issuer": cell.text(Field.ISSUER, 80),
            "document": cell.text(Field.DOCUMENT, 100),
        }
        if issued_on is None or row.problems:
            return
        issued = Issued(kind=kind, issued_on=issued_on, **rest)
        try:
            must_be_sound(issued, self._today)
        except ActRefused as refused:
            row.add(FIELD_OF.get(refused.field, ""), str(refused))
        else:
            row.issued = issued


def judged(rows: Iterable[Judged]) -> list[Judged]:
    """All in their order: what is there already, and what stands twice in the sheet."""
    found = list(rows)
    kept = _kept({row.practitioner.pk for row in found if row.practitioner})
    seen: dict[Key, int] = {}
    for row in found:
        if row.issued is None or row.practitioner is None or row.problems:
            continue
        issued = row.issued
        key = (row.practitioner.pk, issued.kind, issued.number, issued.issued_on)
        if key in kept:
            _meets(row, issued, kept[key])
        elif key in seen:
            row.add(Field.NUMBER, _("与第 %(number)s 行重复。") % {"number": seen[key]})
        else:
            row.verdict = Verdict.NEW
            seen[key] = row.number
    return found


def _meets(row: Judged, issued: Issued, record: PersonalCertificate) -> None:
    if record.valid_to == issued.valid_to:
        row.verdict = Verdict.SAME
        return
    row.verdict = Verdict.CONFLICT
    until = record.valid_to.isoformat() if record.valid_to else _("长期")
    row.add(
        Field.VALID_TO,
        _("这张证书已登记，有效期至 %(until)s。录错的先作废。") % {"until": until},
    )


def _kept(people: set[int]) -> dict[Key, PersonalCertificate]:
    """The certificates of these people that count; read for all, a sheet has many."""
    rows = PersonalCertificate.objects.filter(is_void=False).order_by("pk")
    return {
        (one.practitioner_id, one.kind, one.number, one.issued_on): one
        for one in rows.iterator(chunk_size=5000)
        if one.practitioner_id in people
    }
