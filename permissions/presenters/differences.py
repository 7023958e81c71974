"""Lines that held, and what was gained and lost between two days, with why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from permissions.enums import EventKind
from permissions.models import Grant, GrantEvent
from permissions.presenters import words
from permissions.presenters.lines import role_word, where
from permissions.queries.ledger import Difference
from portal.ui.elements import Text
from portal.ui.moments import write_last_day, write_moment
from portal.ui.phrases import said, spanning


@dataclass(frozen=True)
class HeldRow:
    """One line and its holder; ``why`` and ``by`` are empty where nothing changed."""

    name: str
    emp_no: str
    url: str
    department: str
    title: str
    what: str
    codes: str
    role: Text
    where: str
    span: str
    doc_no: str
    why: str = ""
    by: str = ""


@dataclass(frozen=True)
class Sides:
    gained: Sequence[HeldRow]
    lost: Sequence[HeldRow]


def held_rows(grants: Iterable[Grant]) -> list[HeldRow]:
    return [_row(grant) for grant in grants]


def sides(found: Difference) -> Sides:
    return Sides(
        [_row(grant, _why_gained(event), event) for grant, event in found.gained],
        [_row(grant, _why_lost(grant, event), event) for grant, event in found.lost],
    )


def _row(grant: Grant, why: str = "", event: GrantEvent | None = None) -> HeldRow:
    what, codes = words.what(grant)
    emp_no = grant.practitioner.emp_no
    return HeldRow(
        name=grant.practitioner_name,
        emp_no=emp_no,
        url=reverse("permissions:practitioner-detail", args=[emp_no]),
        department=grant.department_name,
        title=words.title_word(grant.title_code),
        what=what,
        codes=codes,
        role=role_word(grant.role),
        where=where(grant),
        span=spanning(*words.span(grant.valid_from, grant.valid_to)),
        doc_no=grant.doc_no,
        why=why,
        by=_by(event) if event else "",
    )


def _why_gained(event: GrantEvent | None) -> str:
    if event is None:
        return _("暂停期满，自动恢复")
    return _named(event)


def _why_lost(grant: Grant, event: GrantEvent | None) -> str:
    if event is None:
        return _("至 %(day)s 到期") % {"day": write_last_day(grant.valid_to)}
    return _named(event)


def _named(event: GrantEvent) -> str:
    """暂停 2026-11-03 09:14：08 评估超期：…"""
    kind = EventKind(event.kind).label
    at = write_moment(event.effective_at)
    label = event.get_reason_code_display() if event.reason_code else ""
    reason = words.reason_words(event.reason_code, label, event.reason)
    return said(f"{kind} {at}", reason)


def _by(event: GrantEvent) -> str:
    values = {"name": event.by.name, "at": write_moment(event.recorded_at)}
    return _("%(name)s %(at)s 登记") % values


def sheet(
    parts: Sequence[tuple[Text, Sequence[HeldRow]]],
) -> tuple[list[Text], list[list[str]]]:
    """One line a row; the first column says gained, lost or held."""
    titles: list[Text] = [
        *(_("类别"), _("医师"), _("工号"), _("科室"), _("职称"), _("权限项")),
        *(_("编码"), _("权种"), _("场合"), _("有效期"), _("依据"), _("原因")),
    ]
    lines = [
        [
            *(str(kind), row.name, row.emp_no, row.department, row.title, row.what),
            *(row.codes, str(row.role), row.where, row.span, row.doc_no, row.why),
        ]
        for kind, rows in parts
        for row in rows
    ]
    return titles, lines
