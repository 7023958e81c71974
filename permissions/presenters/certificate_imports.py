"""Imports of certificates and their rows as pages show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from permissions.importers.certificates.columns import CERTIFICATES, COLUMNS, Field
from permissions.models import CertificateImportRow
from permissions.models.record_imports import Verdict
from portal.sheets.presenters import Look, outcome_chip, problem_words
from portal.ui.elements import Chip

LOOK = Look(
    url="permissions:certificate-import",
    verdicts=Verdict,
    chips={
        Verdict.NEW: ("ok", "plus"),
        Verdict.SAME: ("mute", "equal"),
        Verdict.CONFLICT: ("warn", "alert-triangle"),
        Verdict.ERROR: ("bad", "circle-x"),
    },
    kind_of=lambda _one: CERTIFICATES,
)


@dataclass(frozen=True)
class CertificateSheetRow:
    """One row of a sheet with its verdict."""

    number: int
    name: str
    emp_no: str
    url: str
    kind: str
    certificate_no: str
    issuer: str
    issued_on: str
    valid_to: str
    verdict: Chip
    outcome: Chip | None
    problems: Sequence[str]

    @property
    def who(self) -> str:
        return f"{self.name} {self.emp_no}".strip()

    @property
    def written(self) -> str:
        return str(self.outcome.text) if self.outcome else ""

    @property
    def why(self) -> str:
        return "\n".join(self.problems)


def sheet_rows(rows: Sequence[CertificateImportRow]) -> list[CertificateSheetRow]:
    return [_sheet_row(row) for row in rows]


def _sheet_row(row: CertificateImportRow) -> CertificateSheetRow:
    given, issued, person = row.given, row.issued, row.practitioner
    url = ""
    if person is not None:
        url = reverse("permissions:practitioner-detail", args=[person.emp_no])
    return CertificateSheetRow(
        number=row.number,
        name=person.name if person else given.get(Field.NAME, ""),
        emp_no=person.emp_no if person else given.get(Field.EMP_NO, ""),
        url=url,
        kind=given.get(Field.KIND, ""),
        certificate_no=given.get(Field.NUMBER, ""),
        issuer=given.get(Field.ISSUER, ""),
        issued_on=issued.get("issued_on") or given.get(Field.ISSUED_ON, ""),
        valid_to=issued.get("valid_to") or given.get(Field.VALID_TO, "") or _("长期"),
        verdict=LOOK.verdict_chip(row),
        outcome=outcome_chip(row),
        problems=[problem_words(problem, COLUMNS) for problem in row.problems],
    )
