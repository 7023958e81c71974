"""A line that is asked for: what must be true of it before it may stand in the ledger.

Everything here runs inside the act's transaction with the practitioner's row locked,
and refuses by the refusal that names what is wrong.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from permissions.enums import (
    Category,
    GrantKind,
    ItemKind,
    Setting,
    Side,
    SurgicalRole,
    ValueKind,
)
from permissions.ledger import LineKey, Span
from permissions.models import GrantEvent, GrantState, Privilege
from permissions.models.terms import Terms
from permissions.services import rules
from permissions.services.ground import ASKED, Ground, sanctions_since
from permissions.services.refusals import (
    EndMissing,
    GrantOverlaps,
    ItemKindNotAsked,
    ItemMissing,
    ItemNameMissing,
    RoleNotAllowed,
    RoleNotAsked,
    SanctionStands,
    VisitMissing,
    VisitNotAsked,
)
from portal.directory.models import Practitioner
from portal.parameters.days import day_of
from portal.parameters.queries import value_of
from portal.parameters.registry import ANTIBIOTIC_BAR_MONTHS

# What a surgical line may be, the usual one first (domain 9.4a).
OPERATING_ROLES = (
    SurgicalRole.OPERATE,
    SurgicalRole.OPERATE_SUPERVISED,
    SurgicalRole.ASSIST,
    SurgicalRole.SUPERVISE,
    SurgicalRole.ORDER,
)
ROLES_OF: Mapping[str, tuple[SurgicalRole, ...]] = {
    "SG05": (SurgicalRole.ORDER,),
    "SG06": (SurgicalRole.OPERATE, SurgicalRole.OPERATE_SUPERVISED),
}
SHORT = frozenset({GrantKind.TEMPORARY, GrantKind.ONE_PATIENT})


@dataclass(frozen=True)
class Line:
    """What is asked for; days are whole, ``valid_to`` is the last one.

    ``item`` is the code of a procedure, drug or device; an empty ``role`` is the usual
    one of the privilege. ``item_name`` is for drugs and devices alone.
    """

    privilege: Privilege
    valid_from: date
    valid_to: date | None = None
    item: str = ""
    item_kind: str = ItemKind.PROCEDURE
    item_name: str = ""
    role: str = SurgicalRole.NONE
    setting: str = Setting.ALL
    campus: str = ""
    side: str = Side.ANY
    kind: str = GrantKind.FIRST
    visit_no: str = ""
    conditions: str = ""
    evidence: str = ""
    doc_no: str = ""


@dataclass(frozen=True)
class Fitting:
    """A line that fits practitioner and catalogue, with its instants."""

    practitioner: Practitioner
    line: Line
    item: Item
    role: str
    span: Span

    def values(self) -> dict[str, Any]:
        """The fields of ``Terms``."""
        return {
            "practitioner": self.practitioner,
            "privilege": self.line.privilege,
            "item_kind": self.item.kind,
            "item_code": self.item.code,
            "item_name": self.item.name,
            "item_grade": self.item.grade,
            "role": self.role,
            "setting": self.line.setting,
            "campus": self.line.campus.strip(),
            "side": self.line.side,
            "kind": self.line.kind,
            "visit_no": self.line.visit_no.strip(),
            "valid_from": self.span.valid_from,
            "valid_to": self.span.valid_to,
            "conditions": self.line.conditions.strip(),
            "evidence": self.line.evidence.strip(),
            "doc_no": self.line.doc_no.strip(),
        }


@dataclass(frozen=True)
class Item:
    """What an item line speaks of, as the catalogue calls it now; empty for others."""

    kind: str = ItemKind.NONE
    code: str = ""
    name: str = ""
    grade: int | None = None


def of_terms(
    terms: Terms,
    *,
    valid_from: date | None = None,
    valid_to: date | None = None,
    kind: str = "",
) -> Line:
    """What stands in a proposal or grant as a line, with other days where given."""
    return Line(
        privilege=terms.privilege,
        valid_from=valid_from or day_of(terms.valid_from),
        valid_to=valid_to,
        item=terms.item_code,
        item_kind=terms.item_kind or ItemKind.PROCEDURE,
        item_name=terms.item_name,
        role=terms.role,
        setting=terms.setting,
        campus=terms.campus,
        side=terms.side,
        kind=kind or terms.kind,
        visit_no=terms.visit_no,
        conditions=terms.conditions,
        evidence=terms.evidence,
        doc_no=terms.doc_no,
    )


def fitting(
    practitioner: Practitioner,
    line: Line,
    *,
    at: datetime,
    earliest: date,
    ground: Ground = ASKED,
) -> Fitting:
    """The line with its instants; refused unless it may be given to this person.

    A line that begins today begins now: a right is never older than its approval,
    unless the day lies back and is recorded late.
    """
    item, role = must_fit(practitioner, line, at=at, ground=ground)
    start, end = rules.span_of(
        line.privilege, line.valid_from, line.valid_to, earliest=earliest
    )
    if line.valid_from == day_of(at):
        start = max(start, at)
    return Fitting(practitioner, line, item, role, Span(start, end))


def must_fit(
    practitioner: Practitioner, line: Line, *, at: datetime, ground: Ground = ASKED
) -> tuple[Item, str]:
    """Person, privilege, setting, title, item, role, kind; nothing about other lines."""
    privilege = line.privilege
    rules.must_practise(practitioner)
    rules.must_be_enabled(privilege)
    rules.must_fit_setting(privilege, line.setting)
    rules.must_have_title(practitioner, privilege)
    item, role = must_fit_catalogue(line, ground)
    _must_fit_kind(line)
    must_not_be_barred(practitioner, privilege, at, ground)
    return item, role


def must_fit_catalogue(line: Line, ground: Ground = ASKED) -> tuple[Item, str]:
    """The item and role, as the privilege allows them."""
    item = _item_of(line, ground)
    return item, _role_of(line)


def _item_of(line: Line, ground: Ground) -> Item:
    privilege = line.privilege
    if privilege.value_kind != ValueKind.ITEM or line.item_kind == ItemKind.PROCEDURE:
        procedure = rules.item_for(privilege, line.item, ground, line.valid_from)
        if procedure is None:
            return Item()
        grade = rules.GRADE_OF_ITEMS.get(privilege.code, procedure.grade)
        return Item(ItemKind.PROCEDURE, procedure.code, procedure.name, grade)
    # No dictionary of ours lists drugs and devices; their code and name are given.
    if privilege.category == Category.SG:
        raise ItemKindNotAsked(privilege.name)
    if not line.item.strip():
        raise ItemMissing
    if not line.item_name.strip():
        raise ItemNameMissing
    return Item(line.item_kind, line.item.strip(), line.item_name.strip())


def roles_of(privilege: Privilege, item_kind: str) -> tuple[SurgicalRole, ...]:
    """Which roles a line of it may have, the usual one first; none where it has none."""
    if privilege.code in ROLES_OF:
        return ROLES_OF[privilege.code]
    is_class = (
        privilege.category == Category.SG and privilege.value_kind == ValueKind.LEVEL
    )
    is_item = privilege.value_kind == ValueKind.ITEM
    if is_class or (is_item and item_kind == ItemKind.PROCEDURE):
        return OPERATING_ROLES
    return ()


def _role_of(line: Line) -> str:
    allowed = roles_of(line.privilege, line.item_kind)
    if not allowed:
        if line.role:
            raise RoleNotAsked(line.privilege.name)
        return SurgicalRole.NONE
    if line.role and line.role not in allowed:
        words = "、".join(str(role.label) for role in allowed)
        raise RoleNotAllowed(line.privilege.name, words)
    return line.role or allowed[0]


def _must_fit_kind(line: Line) -> None:
    is_one_patient = line.kind == GrantKind.ONE_PATIENT
    if is_one_patient and not line.visit_no.strip():
        raise VisitMissing
    if not is_one_patient and line.visit_no.strip():
        raise VisitNotAsked


def must_have_end(line: Line) -> None:
    """What is given for a while says how long."""
    if line.kind in SHORT and line.valid_to is None:
        raise EndMissing


# --- what was taken away for cause ----------------------------------------------------


def must_not_be_barred(
    practitioner: Practitioner,
    privilege: Privilege,
    at: datetime,
    ground: Ground = ASKED,
) -> None:
    """No antibiotic right comes back within six months of a sanction (REG06)."""
    if privilege.category == Category.AB:
        sanctions = ground.sanctions(practitioner.pk, bars_since(at))
        must_not_be_barred_by(sanctions, privilege, at)


def bars_since(at: datetime) -> datetime:
    """Two days wide of any month: the exact day is counted for each."""
    return at - timedelta(days=31 * value_of(ANTIBIOTIC_BAR_MONTHS) + 2)


def sanctions_of(people: Collection[int], at: datetime) -> list[GrantEvent]:
    """Antibiotic rights taken for cause that may still bar, newest first."""
    taken = sanctions_since(bars_since(at))
    return list(taken.filter(grant__practitioner__in=people))


def must_not_be_barred_by(
    sanctions: Iterable[GrantEvent], privilege: Privilege, at: datetime
) -> None:
    """``sanctions`` are one person's; only antibiotic rights are barred."""
    if privilege.category != Category.AB:
        return
    months = value_of(ANTIBIOTIC_BAR_MONTHS)
    for event in sanctions:
        on = day_of(event.effective_at)
        earliest = rules.months_after(on, months)
        is_as_high = _level(privilege) >= _level(event.grant.privilege)
        if is_as_high and day_of(at) < earliest:
            why = event.get_reason_code_display()
            raise SanctionStands(privilege.name, why, on, months, earliest)


def _level(privilege: Privilege) -> int:
    """The antibiotic level; a flag, the consulting expert's, stands above all."""
    return int(privilege.level) if privilege.level.isdigit() else 9


# --- other lines ----------------------------------------------------------------------


def must_not_overlap(
    key: LineKey,
    span: Span,
    *,
    but: GrantState | None = None,
    ground: Ground = ASKED,
) -> None:
    """No second line of the same right at the same time."""
    first = ground.met(key, span, but)
    if first is not None:
        raise overlaps_with(first)


def overlaps_with(other: GrantState) -> GrantOverlaps:
    return GrantOverlaps(rules.span_words(other.valid_from, other.valid_to))
