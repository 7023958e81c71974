"""A line that is asked for: what must be true of it before it may stand in the ledger.

Everything here runs inside the act's transaction with the practitioner's row locked,
and refuses by the refusal that names what is wrong.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import F, Q, QuerySet

from permissions.enums import (
    Category,
    EventKind,
    GrantKind,
    GrantStatus,
    ItemKind,
    ReasonCode,
    Setting,
    Side,
    SurgicalRole,
    ValueKind,
)
from permissions.ledger import SIDES_MET, LineKey, Span
from permissions.models import GrantEvent, GrantState, Privilege
from permissions.models.terms import Terms
from permissions.services import rules
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
# Reasons that are a sanction: who lost an antibiotic right for one of them does not
# get it back at once (REG06, domain 1.5).
SANCTIONS = (
    ReasonCode.R03,
    ReasonCode.R07,
    ReasonCode.R09,
    ReasonCode.R10,
    ReasonCode.R11,
    ReasonCode.R12,
    ReasonCode.R18,
)


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
    practitioner: Practitioner, line: Line, *, at: datetime, earliest: date
) -> Fitting:
    """The line with its instants; refused unless it may be given to this person.

    A line that begins today begins now: a right is never older than its approval,
    unless the day lies back and is recorded late.
    """
    item, role = must_fit(practitioner, line, at=at)
    start, end = rules.span_of(
        line.privilege, line.valid_from, line.valid_to, earliest=earliest
    )
    if line.valid_from == day_of(at):
        start = max(start, at)
    return Fitting(practitioner, line, item, role, Span(start, end))


def must_fit(
    practitioner: Practitioner, line: Line, *, at: datetime
) -> tuple[Item, str]:
    """Person, privilege, setting, title, item, role, kind; nothing about other lines."""
    privilege = line.privilege
    rules.must_practise(practitioner)
    rules.must_be_enabled(privilege)
    rules.must_fit_setting(privilege, line.setting)
    rules.must_have_title(practitioner, privilege)
    item, role = must_fit_catalogue(line)
    _must_fit_kind(line)
    must_not_be_barred(practitioner, privilege, at)
    return item, role


def must_fit_catalogue(line: Line) -> tuple[Item, str]:
    """The item and role, as the privilege allows them."""
    item = _item_of(line)
    return item, _role_of(line)


def _item_of(line: Line) -> Item:
    privilege = line.privilege
    if privilege.value_kind != ValueKind.ITEM or line.item_kind == ItemKind.PROCEDURE:
        procedure = rules.item_for(privilege, line.item)
        if procedure is None:
            return Item()
        return Item(ItemKind.PROCEDURE, procedure.code, procedure.name, procedure.grade)
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
    practitioner: Practitioner, privilege: Privilege, at: datetime
) -> None:
    """No antibiotic right comes back within six months of a sanction (REG06)."""
    if privilege.category == Category.AB:
        must_not_be_barred_by(sanctions_of([practitioner.pk], at), privilege, at)


def sanctions_of(people: Collection[int], at: datetime) -> list[GrantEvent]:
    """Antibiotic rights taken for cause that may still bar, newest first."""
    months = value_of(ANTIBIOTIC_BAR_MONTHS)
    taken = GrantEvent.objects.filter(
        grant__practitioner__in=people,
        grant__privilege__category=Category.AB,
        kind=EventKind.REVOKE,
        reason_code__in=SANCTIONS,
        # Two days wide of any month: the exact day is counted below.
        effective_at__gt=at - timedelta(days=31 * months + 2),
    )
    return list(taken.select_related("grant__privilege").order_by("-effective_at"))


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


def overlapping(key: LineKey, span: Span) -> QuerySet[GrantState]:
    """Lines that are the same right at some moment of the span.

    全部 meets every setting, no campus every campus, no side every side. On PostgreSQL
    ``permissions_grantstate_no_overlap`` forbids the same.
    """
    same = GrantState.objects.filter(
        practitioner=key.practitioner,
        privilege=key.privilege,
        item_kind=key.item_kind,
        item_code=key.item_code,
        role=key.role,
        visit_no=key.visit_no,
        side__in=SIDES_MET[key.side],
    ).exclude(status=GrantStatus.VOID)
    if key.setting != Setting.ALL:
        same = same.filter(setting__in=[Setting.ALL, key.setting])
    if key.campus:
        same = same.filter(campus__in=["", key.campus])
    if span.valid_to is not None:
        same = same.filter(valid_from__lt=span.valid_to)
    return same.filter(
        Q(valid_to__isnull=True) | Q(valid_to__gt=span.valid_from),
        Q(ended_at__isnull=True)
        | Q(ended_at__gt=span.valid_from) & Q(ended_at__gt=F("valid_from")),
    )


def must_not_overlap(
    key: LineKey, span: Span, *, but: GrantState | None = None
) -> None:
    """No second line of the same right at the same time."""
    found = overlapping(key, span)
    if but is not None:
        found = found.exclude(pk=but.pk)
    first = found.order_by("valid_from", "pk").first()
    if first is not None:
        raise overlaps_with(first)


def overlaps_with(other: GrantState) -> GrantOverlaps:
    return GrantOverlaps(rules.span_words(other.valid_from, other.valid_to))
