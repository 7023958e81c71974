"""The long parts of an import of certificates, done by a job: dry run, writing, undo."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils import timezone

from permissions.importers.certificates.columns import CERTIFICATES
from permissions.importers.certificates.reading import Judged, Reader, issued_of, judged
from permissions.importers.records import RecordWork
from permissions.models import (
    CertificateImport,
    CertificateImportRow,
    PersonalCertificate,
)
from permissions.models.certificate_imports import APPLY, CHECK, UNDO
from permissions.services.certificates import record_certificate, void_certificate
from portal.accounts.models import User
from portal.directory.models import Practitioner
from portal.jobs.kinds import Report, work_of
from portal.jobs.models import Job
from portal.sheets.work import JUDGING, rows_in

_work = RecordWork(CERTIFICATES)


@work_of(CHECK)
def check(job: Job, report: Report) -> int | None:
    """Read the sheet, judge its rows, keep what was found; a file with the errors."""

    def found(one: CertificateImport, report: Report) -> list[Judged]:
        reader = Reader(one.mapping, by=job.asked_by, at=timezone.now())
        rows = list(rows_in(one, reader.read, report))
        report(JUDGING, len(rows), len(rows))
        return judged(rows)

    return _work.dry_run(job, report, found)


@work_of(APPLY)
def apply(job: Job, report: Report) -> int | None:
    def written(
        one: CertificateImport, row: CertificateImportRow, whose: Practitioner
    ) -> PersonalCertificate:
        return record_certificate(
            practitioner=whose,
            issued=issued_of(row.issued),
            by=one.applied_by,
            at=timezone.now(),
            reason=one.reason,
        )

    _work.apply(job, report, written)
    return None


@work_of(UNDO)
def undo(job: Job, report: Report) -> int | None:
    def voided(record: Any, by: User, at: datetime, reason: str) -> object:
        return void_certificate(record=record, by=by, at=at, reason=reason)

    _work.undo(job, report, voided)
    return None
