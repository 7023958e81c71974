"""The roster as a page, as a sheet to print, as PDF and as .xlsx; one content for all."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from permissions.enums import SurgicalRole
from permissions.presenters import words
from permissions.presenters.matrix import limits
from permissions.queries.roster import Roster, RosterLine, by_procedure, by_surgeon
from portal.typesetting import check_code, pdf
from portal.ui.elements import Grade, Text
from portal.ui.moments import write_last_day
from portal.ui.phrases import listed, noted

SOURCE = Path(__file__).with_name("roster.typ")


@dataclass(frozen=True)
class RosterRow:
    """``subject`` is what the group's head does not say: the surgeon or the operation."""

    subject: str
    note: str
    role: str
    until: str
    conditions: str


@dataclass(frozen=True)
class RosterGroup:
    title: str
    note: str
    rows: Sequence[RosterRow]


@dataclass(frozen=True)
class Sheet:
    """Everything the paper says. ``check`` stands for the content: the same lines give
    the same code, one changed line another."""

    hospital: str
    name: str
    number: str
    scope: str
    day: str
    made_at: str
    made_by: str
    column: str
    groups: Sequence[RosterGroup]
    count: int
    left_out: str
    check: str


def sheet(
    roster: Roster,
    *,
    on: date,
    scope: str,
    scope_code: str,
    is_by_surgeon: bool,
    made_at: str,
    made_by: str,
) -> Sheet:
    groups = _by_surgeon(roster) if is_by_surgeon else _by_procedure(roster)
    code = scope_code or "QY"
    order = "YS" if is_by_surgeon else "SS"
    number = f"SSMC-{on:%Y%m%d}-{code}-{order}"
    return Sheet(
        hospital=settings.HOSPITAL_NAME,
        name=_("手术室授权名册"),
        number=number,
        scope=scope,
        day=on.isoformat(),
        made_at=made_at,
        made_by=made_by,
        column=_("手术") if is_by_surgeon else _("医师"),
        groups=groups,
        count=len(roster.lines),
        left_out=listed(words.person(one) for one in roster.left_out),
        check=check_code([number, [asdict(one) for one in groups]]),
    )


def _by_procedure(roster: Roster) -> list[RosterGroup]:
    lines = sorted(roster.lines, key=by_procedure)
    groups = []
    for _code, those in groupby(lines, key=lambda one: one.line.terms.item_code):
        found = list(those)
        terms = found[0].line.terms
        title = f"{Grade(terms.item_grade).text} {terms.item_name}"
        rows = [_row(one, *_surgeon(one)) for one in found]
        groups.append(RosterGroup(title, terms.item_code, rows))
    return groups


def _by_surgeon(roster: Roster) -> list[RosterGroup]:
    lines = sorted(roster.lines, key=by_surgeon)
    groups = []
    for _emp_no, those in groupby(lines, key=lambda one: one.practitioner.emp_no):
        found = list(those)
        title, note = _surgeon(found[0])
        rows = [_row(one, *_procedure(one)) for one in found]
        groups.append(RosterGroup(title, note, rows))
    return groups


def _surgeon(one: RosterLine) -> tuple[str, str]:
    person = one.practitioner
    title = words.title_word(person.title_code)
    return words.person(person), f"{person.department.name} {title}".strip()


def _procedure(one: RosterLine) -> tuple[str, str]:
    terms = one.line.terms
    return terms.item_name, f"{Grade(terms.item_grade).text} {terms.item_code}"


def _row(one: RosterLine, subject: str, note: str) -> RosterRow:
    terms = one.line.terms
    return RosterRow(
        subject=subject,
        note=note,
        role=str(SurgicalRole(one.role).label),
        until=write_last_day(one.line.valid_to),
        conditions=_("；").join([*limits(terms), terms.conditions]).strip(_("；")),
    )


def first_groups(groups: Sequence[RosterGroup], most: int) -> list[RosterGroup]:
    """Groups up to so many rows, the last one cut."""
    found: list[RosterGroup] = []
    for group in groups:
        if most <= 0:
            break
        found.append(replace(group, rows=group.rows[:most]))
        most -= len(group.rows)
    return found


def as_pdf(content: Sheet) -> bytes:
    """A4, the same words as on the page."""
    return pdf(SOURCE, "roster", {**_plain(content), "words": _words()})


def _plain(content: Sheet) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(json.dumps(asdict(content), default=str))
    return plain


def _words() -> dict[str, str]:
    return {
        "number": _("编号"),
        "day": _("授权日期"),
        "scope": _("范围"),
        "made": _("制表"),
        "check": _("校验码"),
        "role": _("权种"),
        "until": _("有效期至"),
        "conditions": _("附加条件"),
        "left_out": _("不在岗或执业注册到期，未列入"),
        "page": _("第"),
        "of": _("页，共"),
        "pages": _("页"),
        "none": _("没有有效的三、四级手术授权"),
    }


def table(content: Sheet) -> tuple[list[Text], list[list[str]]]:
    titles: list[Text] = [
        *(_("分组"), _("分组说明"), content.column, _("说明")),
        *(_("权种"), _("有效期至"), _("附加条件")),
    ]
    lines = [
        [
            *(group.title, group.note, row.subject, row.note),
            *(row.role, row.until, row.conditions),
        ]
        for group in content.groups
        for row in group.rows
    ]
    return titles, lines


def scope_words(name: str, code: str) -> str:
    return noted(name, code) if code else _("全院")
