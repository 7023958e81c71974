"""Is somebody ready for a right: the demands of the catalogue, judged by the check.

One judge for the act that refuses and for the page that tells beforehand.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from functools import cached_property
from typing import Any

from django.conf import settings

from permissions.checks.findings import Finding
from permissions.checks.granting import Demands, Granting, granting_findings
from permissions.checks.world import World
from permissions.enums import TitleRule
from permissions.models import GrantState, Privilege, Training
from permissions.models.attributes import Certificate
from permissions.models.entries import Entry
from permissions.queries.catalogue import entry_of
from permissions.queries.certificates import to_be_shown
from permissions.queries.practitioners import in_force
from permissions.queries.rules import rule_modes
from permissions.services.refusals_of_readiness import (
    CertificateMissing,
    NotReady,
    PrerequisiteMissing,
    RegistrationOver,
    TrainingMissing,
)
from permissions.snapshot.reading import facts_of, procedures
from permissions.snapshot.records import Records
from portal.directory.models import Practitioner
from portal.parameters.queries import value_of
from portal.parameters.registry import (
    CERTIFICATES_DECIDE,
    PREREQUISITES_DECIDE,
    TRAINING_RECORDS_DECIDE,
)


class Bar:
    """How high the hospital sets it: modes of rules and parameters, read once."""

    def __init__(self) -> None:
        self.modes = rule_modes()
        self.prerequisites_decide = bool(value_of(PREREQUISITES_DECIDE))
        self.records = Records(
            trainings=bool(value_of(TRAINING_RECORDS_DECIDE)),
            certificates=bool(value_of(CERTIFICATES_DECIDE)),
        )

    @cached_property
    def privileges(self) -> dict[str, str]:
        """Names by code, in their order."""
        rows = Privilege.objects.order_by("sort", "code")
        return dict(rows.values_list("code", "name"))

    @cached_property
    def trainings(self) -> dict[str, str]:
        rows = Training.objects.order_by("sort", "code")
        return dict(rows.values_list("code", "name"))

    def findings(self, case: Granting) -> list[Finding]:
        """What stands in the way, what forbids first."""
        world = World(
            procedures=procedures([case.item]) if case.item else (),
            modes=self.modes,
            placed=frozenset(settings.CAMPUS_INSTITUTIONS),
        )
        return granting_findings(case, world)


def readiness(
    practitioner: Practitioner,
    privilege: Privilege,
    *,
    begins: datetime,
    ends: datetime | None = None,
    item: str | None = None,
    campus: str = "",
    besides: Collection[str] = (),
    bar: Bar | None = None,
    entry: Entry | None = None,
) -> list[Finding]:
    """What stands in the way of the right, what forbids first.

    ``besides`` are codes that will be held by then: given in the same act. ``bar`` and
    ``entry`` are read unless they are at hand.
    """
    bar, entry = bar or Bar(), entry or entry_of(privilege)
    case = Granting(
        person=facts_of(practitioner, bar.records),
        demands=demands_of(entry),
        begins=begins,
        ends=ends,
        held=_held(practitioner, entry, begins) | frozenset(besides),
        prerequisites_decide=bar.prerequisites_decide,
        item=item,
        campus=campus,
    )
    return bar.findings(case)


def demands_of(entry: Entry) -> Demands:
    asks_title = entry.title_rule != TitleRule.NONE
    return Demands(
        privilege=entry.code,
        min_rank=entry.min_title_rank if asks_title else 0,
        title_decides=entry.title_rule == TitleRule.HARD,
        requires=tuple(entry.requires),
        trainings=tuple(entry.trainings),
        exams=tuple(entry.exams),
        certificates=to_be_shown(entry.certificates),
        scopes=frozenset(entry.scopes),
    )


def must_be_ready(
    practitioner: Practitioner,
    privilege: Privilege,
    *,
    begins: datetime,
    **given: Any,
) -> None:
    """Refused with the first thing that forbids; title and standing have their own."""
    bar = Bar()
    found = readiness(practitioner, privilege, begins=begins, bar=bar, **given)
    refuse_unready(found, practitioner, privilege, bar)


def refuse_unready(
    findings: Iterable[Finding],
    practitioner: Practitioner,
    privilege: Privilege,
    bar: Bar,
) -> None:
    for finding in findings:
        refusal = _refusal(finding, practitioner, privilege, bar)
        if refusal is not None:
            raise refusal


def _refusal(
    finding: Finding, practitioner: Practitioner, privilege: Privilege, bar: Bar
) -> NotReady | None:
    if not finding.blocks:
        return None
    name, remedy = practitioner.name, finding.remedy
    if finding.rule.id == "P02":
        at = finding.reasons[0].params["at"]
        return RegistrationOver(name, at, remedy) if isinstance(at, datetime) else None
    if finding.rule.id == "G02":
        names = _named(bar.privileges, finding.missing)
        return PrerequisiteMissing(privilege.name, names, name, remedy)
    if finding.rule.id == "G03":
        names = _named(bar.trainings, finding.missing)
        return TrainingMissing(privilege.name, names, name, remedy)
    if finding.rule.id == "G04":
        labels = {code: str(Certificate(code).label) for code in finding.missing}
        return CertificateMissing(privilege.name, labels, name, remedy)
    return None


def _named(names: Mapping[str, str], codes: Collection[str]) -> dict[str, str]:
    return {code: name for code, name in names.items() if code in codes}


def _held(practitioner: Practitioner, entry: Entry, begins: datetime) -> frozenset[str]:
    """Which prerequisites will be in force when the right begins."""
    if not entry.requires:
        return frozenset()
    found = GrantState.objects.filter(
        in_force(begins),
        practitioner=practitioner,
        privilege__code__in=entry.requires,
    )
    return frozenset(found.order_by().values_list("privilege__code", flat=True))
