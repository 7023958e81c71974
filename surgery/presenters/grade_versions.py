"""Versions of the graded catalogue, their comparison, and the paper of grades 3 and 4."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.typesetting import check_code, pdf
from portal.ui.elements import Chip, Grade, Text
from portal.ui.moments import write_day, write_moment
from portal.ui.phrases import listed
from surgery.enums import GradeAct, Publishing
from surgery.models import CataloguePublication, GradeChange, GradeVersion
from surgery.queries.grade_versions import Listed
from surgery.queries.grading import Difference

SOURCE = Path(__file__).with_name("catalogue.typ")
ACT_CHIPS = {
    GradeAct.NEW: Chip("ok", "plus", GradeAct.NEW.label),
    GradeAct.CHANGE: Chip("info", "pencil", GradeAct.CHANGE.label),
    GradeAct.WITHDRAW: Chip("warn", "ban", GradeAct.WITHDRAW.label),
    GradeAct.UNDO: Chip("mute", "arrow-back-up", GradeAct.UNDO.label),
    GradeAct.RECODE: Chip("info", "git-compare", GradeAct.RECODE.label),
}
ADDED = Chip("ok", "plus", gettext_lazy("新增"))
REMOVED = Chip("warn", "ban", gettext_lazy("移出"))
REGRADED = Chip("info", "pencil", gettext_lazy("调级"))
PUBLISHING_CHIPS = {
    Publishing.REPORTED: Chip("info", "send", Publishing.REPORTED.label),
    Publishing.PUBLISHED: Chip("ok", "eye", Publishing.PUBLISHED.label),
}


def grade_chip(grade: int) -> Grade:
    return Grade(grade or None)


@dataclass(frozen=True)
class VersionRow:
    """One version as the list shows it."""

    id: int
    name: str
    url: str
    effective_on: str
    count: int
    undone: int
    meeting: str
    doc_no: str
    reason: str
    decided: str
    decided_at: str
    reported_on: str
    published_on: str


def version_name(version: GradeVersion) -> str:
    return _("%(number)s 版") % {"number": version.number}


def version_rows(versions: Sequence[GradeVersion]) -> list[VersionRow]:
    """``changed`` and the days are annotated by the query."""
    return [version_row(one) for one in versions]


def version_row(version: GradeVersion) -> VersionRow:
    return VersionRow(
        id=version.pk,
        name=version_name(version),
        url=reverse("surgery:grade-version-detail", args=[version.pk]),
        effective_on=write_day(version.effective_on),
        count=getattr(version, "changed", 0) or 0,
        undone=getattr(version, "undone", 0) or 0,
        meeting=version.meeting,
        doc_no=version.doc_no,
        reason=version.reason,
        decided=version.by.name,
        decided_at=write_moment(version.recorded_at),
        reported_on=write_day(getattr(version, "reported_on", None)),
        published_on=write_day(getattr(version, "published_on", None)),
    )


@dataclass(frozen=True)
class ChangeRow:
    """One line of the ledger of grades, on a version's page or in a history."""

    code: str
    name: str
    act: Chip
    before: Grade
    after: Grade
    effective_on: str
    transition: str
    reason: str
    documents: str
    who: str
    recorded_at: str
    version: str
    version_url: str
    undone: str


def change_rows(changes: Sequence[GradeChange]) -> list[ChangeRow]:
    return [_change_row(one) for one in changes]


def _change_row(change: GradeChange) -> ChangeRow:
    taken = getattr(change, "undone_by", None)
    proposer = change.proposal.proposed_by.name if change.proposal else ""
    asked = _("%(name)s 提出") % {"name": proposer} if proposer else ""
    decided = _("%(name)s 审定") % {"name": change.by.name}
    return ChangeRow(
        code=change.code,
        name=change.name,
        act=ACT_CHIPS[GradeAct(change.act)],
        before=grade_chip(change.grade_before),
        after=grade_chip(change.grade),
        effective_on=write_day(change.effective_from),
        transition=(
            _("原有授权保留至 %(day)s") % {"day": write_day(change.transition_until)}
            if change.transition_until
            else ""
        ),
        reason=change.reason,
        documents=listed([change.meeting, change.doc_no]),
        who=listed([asked, decided]),
        recorded_at=write_moment(change.recorded_at),
        version=change.version.number,
        version_url=reverse("surgery:grade-version-detail", args=[change.version_id]),
        undone=(
            _("已由 %(number)s 版撤销") % {"number": taken.version.number}
            if taken
            else ""
        ),
    )


@dataclass(frozen=True)
class DifferenceRow:
    code: str
    name: str
    kind: Chip
    before: Grade
    after: Grade


def difference_rows(found: Sequence[Difference]) -> list[DifferenceRow]:
    return [
        DifferenceRow(
            one.procedure.code,
            one.procedure.name,
            ADDED if one.is_added else REMOVED if one.is_removed else REGRADED,
            grade_chip(one.before),
            grade_chip(one.after),
        )
        for one in found
    ]


def counts_of(rows: Sequence[DifferenceRow]) -> list[tuple[Chip, int]]:
    return [
        (chip, sum(row.kind is chip for row in rows))
        for chip in (ADDED, REMOVED, REGRADED)
    ]


def difference_table(
    rows: Sequence[DifferenceRow],
) -> tuple[list[Text], list[list[str]]]:
    titles: list[Text] = [_("编码"), _("名称"), _("变化"), _("前"), _("后")]
    lines = [
        [
            row.code,
            row.name,
            *map(str, (row.kind.text, row.before.text, row.after.text)),
        ]
        for row in rows
    ]
    return titles, lines


@dataclass(frozen=True)
class PublicationRow:
    kind: Chip
    on: str
    to: str
    receipt: str
    note: str
    count: int
    check: str
    who: str
    recorded_at: str


def publication_rows(found: Sequence[CataloguePublication]) -> list[PublicationRow]:
    return [
        PublicationRow(
            kind=PUBLISHING_CHIPS[Publishing(one.kind)],
            on=write_day(one.on),
            to=one.to,
            receipt=one.receipt,
            note=one.note,
            count=one.count,
            check=one.check_code,
            who=f"{one.by.name} {one.by.staff_no}",
            recorded_at=write_moment(one.recorded_at),
        )
        for one in found
    ]


# --- the catalogue of grades 3 and 4 --------------------------------------------------


@dataclass(frozen=True)
class SheetRow:
    number: int
    code: str
    name: str
    category: str
    specialty: str
    marks: str


@dataclass(frozen=True)
class SheetGroup:
    title: str
    rows: Sequence[SheetRow]


@dataclass(frozen=True)
class Sheet:
    """Everything the paper says. ``check`` stands for the content of the version: made
    by whom and when does not change it."""

    hospital: str
    name: str
    number: str
    version: str
    effective_on: str
    documents: str
    made_at: str
    made_by: str
    groups: Sequence[SheetGroup]
    count: int
    check: str


def sheet(
    version: GradeVersion, found: Sequence[Listed], *, made_at: str, made_by: str
) -> Sheet:
    number = f"SSML-{version.number}"
    groups = [
        SheetGroup(
            _("%(grade)s手术") % {"grade": Grade(grade).text},
            [_sheet_row(place, one) for place, one in enumerate(those, start=1)],
        )
        for grade, those in groupby(found, key=lambda one: one.grade)
    ]
    codes = [[one.procedure.code, one.procedure.name, one.grade] for one in found]
    return Sheet(
        hospital=settings.HOSPITAL_NAME,
        name=_("三、四级手术目录"),
        number=number,
        version=version_name(version),
        effective_on=write_day(version.effective_on),
        documents=listed([version.meeting, version.doc_no]),
        made_at=made_at,
        made_by=made_by,
        groups=groups,
        count=len(found),
        check=check_code([number, codes]),
    )


def _sheet_row(place: int, one: Listed) -> SheetRow:
    procedure = one.procedure
    marks = [
        _("限制类") if procedure.is_restricted else "",
        _("微创") if procedure.is_mini_invasive else "",
    ]
    return SheetRow(
        number=place,
        code=procedure.code,
        name=procedure.name,
        category=str(procedure.get_category_display()),
        specialty=procedure.specialty,
        marks=listed(marks),
    )


def as_pdf(content: Sheet) -> bytes:
    """A4, the same words as on the page."""
    plain: dict[str, Any] = json.loads(json.dumps(asdict(content), default=str))
    return pdf(SOURCE, "catalogue", {**plain, "words": _words()})


def _words() -> dict[str, str]:
    return {
        "number": _("编号"),
        "version": _("版本"),
        "effective": _("施行日期"),
        "documents": _("依据"),
        "made": _("制表"),
        "check": _("校验码"),
        "place": _("序号"),
        "code": _("编码"),
        "name": _("手术名称"),
        "category": _("类别"),
        "specialty": _("专业"),
        "marks": _("标志"),
        "page": _("第"),
        "of": _("页，共"),
        "pages": _("页"),
        "none": _("这一版没有三、四级手术"),
    }


def sheet_table(content: Sheet) -> tuple[list[Text], list[list[str]]]:
    titles: list[Text] = [
        *(_("级别"), _("编码"), _("手术名称"), _("类别"), _("专业"), _("标志")),
    ]
    lines = [
        [group.title, row.code, row.name, row.category, row.specialty, row.marks]
        for group in content.groups
        for row in group.rows
    ]
    return titles, lines
