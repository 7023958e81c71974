"""The readiness of many people for many rights, asked of the database once for all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from permissions.checks.facts import PersonFacts
from permissions.checks.granting import Granting
from permissions.enums import GrantStatus
from permissions.ledger import Span
from permissions.models import GrantState, Privilege
from permissions.queries.catalogue import present_entries
from permissions.services.readiness import Bar, demands_of, refuse_unready
from permissions.snapshot.reading import facts_of_many
from portal.directory.models import Practitioner


@dataclass(frozen=True)
class Right:
    """A right that others may ask for, as it will stand."""

    code: str
    valid_from: datetime
    valid_to: datetime | None
    suspended_until: datetime | None = None
    is_suspended: bool = False

    def holds_at(self, moment: datetime) -> bool:
        """As ``queries.practitioners.in_force`` says it to the database."""
        if self.is_suspended and (
            self.suspended_until is None or self.suspended_until > moment
        ):
            return False
        is_over = self.valid_to is not None and self.valid_to <= moment
        return self.valid_from <= moment and not is_over


class ReadyMany:
    """As ``services.readiness.must_be_ready``, of people that were read before."""

    def __init__(self) -> None:
        self._bar = Bar()
        self._demands = {
            code: demands_of(entry) for code, entry in present_entries().items()
        }
        self._facts: dict[str, PersonFacts] = {}
        self._rights: dict[int, list[Right]] = defaultdict(list)

    def read(self, people: Sequence[int], privileges: Iterable[str]) -> None:
        """These practitioners, and what they hold of what these codes ask for."""
        practitioners = Practitioner.objects.filter(pk__in=people).order_by()
        facts = facts_of_many(practitioners, self._bar.records)
        self._facts.update(facts)
        needed = {code for one in privileges for code in self._demands[one].requires}
        rows = GrantState.objects.filter(
            practitioner__in=people,
            privilege__code__in=sorted(needed),
            status__in=[GrantStatus.ACTIVE, GrantStatus.SUSPENDED],
        ).order_by()
        moments = ("valid_from", "valid_to", "suspended_until")
        for who, code, status, *given in rows.values_list(
            "practitioner", "privilege__code", "status", *moments
        ):
            starts, ends, resumes = given
            is_suspended = status == GrantStatus.SUSPENDED
            self._rights[who].append(Right(code, starts, ends, resumes, is_suspended))

    def take(self, practitioner_id: int, code: str, span: Span) -> None:
        """This right will be given before the next question."""
        right = Right(code, span.valid_from, span.valid_to)
        self._rights[practitioner_id].append(right)

    def must_be_ready(
        self,
        practitioner: Practitioner,
        privilege: Privilege,
        *,
        begins: datetime,
        ends: datetime | None,
        besides: Collection[str] = (),
    ) -> None:
        rights = self._rights[practitioner.pk]
        held = {right.code for right in rights if right.holds_at(begins)}
        case = Granting(
            person=self._facts[practitioner.emp_no],
            demands=self._demands[privilege.code],
            begins=begins,
            ends=ends,
            held=frozenset(held) | frozenset(besides),
            prerequisites_decide=self._bar.prerequisites_decide,
        )
        found = self._bar.findings(case)
        refuse_unready(found, practitioner, privilege, self._bar)
