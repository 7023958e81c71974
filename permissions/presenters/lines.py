"""A ledger line with everything that is said of it, as it stands at some moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from django.utils.translation import gettext as _

from permissions.enums import GrantKind, Side, SurgicalRole
from permissions.models import Grant, GrantState
from permissions.models.terms import KeyedLine
from permissions.presenters import words
from permissions.presenters.grants import GrantRow
from permissions.queries.grants import Standing
from permissions.queries.lines import Line, lines_at
from portal.ui.elements import Chip, Grade, Text
from portal.ui.phrases import listed


@dataclass(frozen=True)
class LineRow:
    """``given_to`` is who the holder was when it was granted; ``row`` brings arrival
    and acts, None where the page looks back."""

    id: int
    category: str
    state: Standing
    what: str
    codes: str
    grade: Grade | None
    level: Text
    role: Text
    where: str
    starts_on: str
    ends_on: str
    ends_soon: bool
    standing: Chip
    kind: Text
    doc_no: str
    evidence: str
    conditions: str
    given_to: str
    row: GrantRow | None


class Narrowed(Protocol):
    """What a line may be bound to, each empty where it is not."""

    @property
    def campus(self) -> str: ...

    @property
    def side(self) -> str: ...

    @property
    def visit_no(self) -> str: ...


def line_rows(
    states: Sequence[GrantState],
    at: datetime,
    known_at: datetime | None = None,
    *,
    rows: Sequence[GrantRow] = (),
) -> list[LineRow]:
    """Those known at ``known_at`` (None: now), as they stand at ``at``; two queries.

    ``rows`` are the list's rows of the same states, where acts shall be offered.
    """
    grants = [state.grant for state in states]
    by_id = {row.id: row for row in rows}
    offered = {state.grant_id: by_id.get(state.pk) for state in states}
    found = lines_at(at, known_at, pk__in=[grant.pk for grant in grants])
    known = {line.terms.pk: line for line in found}
    return [
        _row(grant, known[grant.pk], offered[grant.pk])
        for grant in grants
        if grant.pk in known
    ]


def _row(grant: Grant, line: Line, row: GrantRow | None) -> LineRow:
    what, codes = words.what(grant)
    starts_on, ends_on = words.span(grant.valid_from, line.valid_to)
    return LineRow(
        id=grant.pk,
        category=grant.privilege.category,
        state=line.standing,
        what=what,
        codes=codes,
        grade=words.grade_of(grant.privilege, grant.item_grade),
        level=words.level_word(grant.privilege),
        role=role_word(grant.role),
        where=where(grant),
        starts_on=starts_on,
        ends_on=ends_on,
        ends_soon=line.standing is Standing.EXPIRING,
        standing=words.STANDING_CHIPS[line.standing],
        kind=GrantKind(grant.kind).label,
        doc_no=grant.doc_no,
        evidence=grant.evidence,
        conditions=grant.conditions,
        given_to=given_to(grant),
        row=row,
    )


def role_word(role: str) -> Text:
    return SurgicalRole(role).label


def where(terms: KeyedLine) -> str:
    """The setting, and what else narrows the line."""
    return listed([words.setting_word(terms.setting), *narrowed(terms)])


def narrowed(terms: Narrowed) -> list[Text]:
    found: list[Text] = []
    if terms.campus:
        found.append(_("院区 %(code)s") % {"code": terms.campus})
    if terms.side:
        found.append(Side(terms.side).label)
    if terms.visit_no:
        found.append(_("仅就诊号 %(number)s") % {"number": terms.visit_no})
    return found


def given_to(grant: Grant) -> str:
    """姓名、科室、职称 as they were frozen on the line."""
    title = words.title_word(grant.title_code)
    return " ".join([grant.practitioner_name, grant.department_name, title]).strip()
