"""The acts on an import of grants: those of every sheet, and what rights ask beside.

What takes long is a job (``permissions.importers.work``), promised in the same
transaction. Who comes second is told what the first one did.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from permissions.importers.columns import COLUMNS
from permissions.importers.undoing import must_be_whole
from permissions.models import GrantImport, GrantImportRow
from permissions.models.imports import APPLY, CHECK, UNDO, Verdict
from permissions.services.refusals import SecondPersonMissing, SecondPersonNotAnother
from portal.accounts.capabilities import Capability
from portal.accounts.models import User
from portal.parameters.queries import value_of
from portal.parameters.registry import DIRECT_SECOND_PERSON
from portal.sheets.acts import Acts
from portal.sheets.kinds import ImportKind

GRANTS = ImportKind(
    imports=GrantImport,
    rows=GrantImportRow,
    link="grant_import",
    columns=COLUMNS,
    needs=Capability.CHANGE_GRANT,
    writable=(Verdict.NEW, Verdict.RENEW),
    wrong=(Verdict.CONFLICT, Verdict.ERROR),
    check=CHECK,
    apply=APPLY,
    undo=UNDO,
    uploaded="上传授权表格",
    chosen="对应授权表格的列并试运行",
    discarded="放弃导入",
)
ACTS = Acts(GRANTS)
upload = ACTS.upload
choose_sheet = ACTS.choose_sheet
check = ACTS.check
discard = ACTS.discard
resume = ACTS.resume


@transaction.atomic
def undo(*, one: GrantImport, by: User, at: datetime, reason: str) -> GrantImport:
    """Start taking all of it back; refused where a line could not be."""
    started = ACTS.undo(one=one, by=by, at=at, reason=reason)
    must_be_whole(one, at)
    return started


def write(
    *, one: GrantImport, by: User, second: User | None = None, **given: Any
) -> GrantImport:
    """Start writing what the dry run showed; each line is checked again."""
    if second is None and value_of(DIRECT_SECOND_PERSON):
        raise SecondPersonMissing
    if second is not None and second.pk == by.pk:
        raise SecondPersonNotAnother
    return ACTS.write(one=one, by=by, second=second, **given)
