"""How this hospital judges: rules, parameters, the limits of the catalogue, drugs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings

from permissions.checks.facts import DrugFacts
from permissions.checks.grouping import OPERATING_PRIVILEGES
from permissions.checks.rules import RuleMode
from permissions.models import Prerequisite, ScopeLimit
from permissions.queries.certificates import demanded
from permissions.queries.rules import rule_modes
from permissions.snapshot.records import Records
from portal.directory.models import Drug
from portal.parameters.queries import values_now
from portal.parameters.registry import (
    CERTIFICATES_DECIDE,
    OPERATE_IMPLIES_ORDER,
    TRAINING_RECORDS_DECIDE,
)

# Parameters whose change is a change of how everybody is judged.
ASKED = (OPERATE_IMPLIES_ORDER, TRAINING_RECORDS_DECIDE, CERTIFICATES_DECIDE)
JUDGING = frozenset(one.key for one in ASKED)
BLOOD_PRODUCT = "5"
ALBUMIN = "白蛋白"


@dataclass(frozen=True)
class House:
    """Everything a world takes beside people, procedures and drugs.

    ``scopes`` are the registration scopes a graded operation asks for, by grade,
    ``certificates`` what the use of a privilege demands, by its code.
    """

    modes: Mapping[str, RuleMode]
    operate_implies_order: bool
    records: Records
    certificates: Mapping[str, tuple[str, ...]]
    scopes: Mapping[int, frozenset[str]]
    placed: frozenset[str]


def house() -> House:
    """As committed now; four queries, five where certificates count."""
    values = values_now(*ASKED)
    records = Records(
        trainings=bool(values[TRAINING_RECORDS_DECIDE.key]),
        certificates=bool(values[CERTIFICATES_DECIDE.key]),
    )
    return House(
        modes=rule_modes(),
        operate_implies_order=bool(values[OPERATE_IMPLIES_ORDER.key]),
        records=records,
        certificates=demanded() if records.certificates else {},
        scopes=scopes_by_grade(),
        placed=frozenset(settings.CAMPUS_INSTITUTIONS),
    )


def scopes_by_grade() -> dict[int, frozenset[str]]:
    """What the entry of a grade, or a prerequisite of it, asks of the registration."""
    codes = list(OPERATING_PRIVILEGES)
    needs = Prerequisite.objects.current().filter(privilege__code__in=codes)
    behind: dict[str, set[str]] = {code: {code} for code in codes}
    for code, needed in needs.values_list("privilege__code", "needed__code"):
        behind[code].add(needed)
    limits: dict[str, set[str]] = {}
    rows = ScopeLimit.objects.current()
    for code, scope in rows.values_list("privilege__code", "scope__code"):
        limits.setdefault(code, set()).add(scope)
    found = {}
    for code, grade in OPERATING_PRIVILEGES.items():
        scopes = [limits[one] for one in sorted(behind[code]) if one in limits]
        found[grade] = frozenset().union(*scopes)
    return found


def drugs() -> list[DrugFacts]:
    """By the hospital's code; of several products with one code the strictest counts.
    One query."""
    found: dict[str, DrugFacts] = {}
    for row in Drug.objects.filter(missing_since=None).order_by("drug_id"):
        facts = _drug(row)
        known = found.get(facts.code)
        found[facts.code] = _stricter(known, facts) if known else facts
    return list(found.values())


def _drug(row: Drug) -> DrugFacts:
    is_blood = row.drug_type == BLOOD_PRODUCT
    return DrugFacts(
        code=row.drug_code,
        name=row.generic_name,
        kind=row.drug_type,
        antibiotic=_level(row.antibiotic_level),
        antitumor=_level(row.antitumor_level),
        is_narcotic=row.is_narcotic,
        psychotropic=_level(row.psych_class),
        is_toxic=row.is_toxic,
        is_radioactive=row.is_radioactive,
        is_albumin=is_blood and ALBUMIN in row.generic_name,
        is_stopped=not row.is_enabled,
    )


def _level(code: str) -> int:
    return int(code) if code.isdigit() else 0


def _stricter(one: DrugFacts, other: DrugFacts) -> DrugFacts:
    return DrugFacts(
        code=one.code,
        name=one.name,
        kind=max(one.kind, other.kind),
        antibiotic=max(one.antibiotic, other.antibiotic),
        antitumor=max(one.antitumor, other.antitumor),
        is_narcotic=one.is_narcotic or other.is_narcotic,
        psychotropic=min(
            filter(None, (one.psychotropic, other.psychotropic)), default=0
        ),
        is_toxic=one.is_toxic or other.is_toxic,
        is_radioactive=one.is_radioactive or other.is_radioactive,
        is_albumin=one.is_albumin or other.is_albumin,
        # The doctor may take the product that is still there.
        is_stopped=one.is_stopped and other.is_stopped,
    )
