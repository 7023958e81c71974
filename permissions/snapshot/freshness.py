"""What was committed since the last look: rows nobody has read yet.

Every change of a fact leaves a row that is never changed again: a grant event, an
event of a practitioner, an assessment, a change of a grade, a history row of a
procedure, filing, training, certificate, rule, parameter or catalogue entry, the run of
a pull. Their ids rise, but a smaller id may be committed after a greater one. So each
source remembers, besides the greatest id seen, the ids below it that were not there, and
looks for those too. One statement over twelve primary keys.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, TypeAlias

from django.db import connection
from django.db.models import Max

from permissions.models import (
    Assessment,
    Grant,
    GrantEvent,
    GrantState,
    PersonalCertificate,
    Privilege,
    RuleSetting,
    TrainingRecord,
)
from permissions.snapshot.house import JUDGING
from portal.directory.models import PractitionerEvent, SyncRun
from portal.parameters.models import ParameterValue
from surgery.models import Filing, GradeChange, Procedure

# No transaction of ours is open for longer; an id that did not come by then never will.
GAP_SECONDS = 3600.0
# Ids below the greatest that may still be under way when we begin to look.
WINDOW = 1000
MOST_GAPS = 2000


class TooManyGaps(Exception):
    """Ids jumped: it is cheaper to read everything again."""


@dataclass(slots=True)
class Source:
    """Rows of one table, by rising id."""

    name: str
    model: Any
    top: int = 0
    gaps: dict[int, float] = field(default_factory=dict)

    def begin(self) -> None:
        """Everything committed until now is seen; what is missing may still come."""
        key = self.model._meta.pk.attname
        rows = self.model._default_manager.order_by()
        self.top = rows.aggregate(top=Max(key))["top"] or 0
        first = max(1, self.top - WINDOW)
        there = set(rows.filter(pk__gte=first).values_list("pk", flat=True))
        now = monotonic()
        missing = (id for id in range(first, self.top) if id not in there)
        self.gaps = dict.fromkeys(missing, now)

    def see(self, ids: Iterable[int]) -> None:
        now = monotonic()
        for id in sorted(ids):
            if id - self.top > MOST_GAPS:
                raise TooManyGaps
            for missing in range(self.top + 1, id):
                self.gaps[missing] = now
            self.gaps.pop(id, None)
            self.top = max(self.top, id)
        if self.gaps:
            self.gaps = {id: t for id, t in self.gaps.items() if now - t < GAP_SECONDS}
        if len(self.gaps) > MOST_GAPS:
            raise TooManyGaps

    def condition(self, column: str) -> tuple[str, list[int]]:
        if not self.gaps:
            return f"{column} > %s", [self.top]
        marks = ", ".join(["%s"] * len(self.gaps))
        return f"({column} > %s OR {column} IN ({marks}))", [self.top, *self.gaps]


# Source, id, practitioner, and the key of what else the row speaks of.
UnseenRow: TypeAlias = tuple[str, int, int | None, str]
DRUGS, SCOPES = "V_YW_DRUG", "V_YW_DOCTOR_SCOPE"
CASES = "V_YW_OPERATION"
# What a row of each source makes old.
GRANTS, PEOPLE, TRAININGS, PROCEDURES = "G", "P", "T", "C"
PULLS, RULES, PARAMETERS, ENTRIES = "S", "R", "M", "V"
ASSESSMENTS, GRADES, FILINGS, CERTIFICATES = "A", "D", "F", "K"
OF_ONE = frozenset({GRANTS, PEOPLE, TRAININGS, ASSESSMENTS, CERTIFICATES})
OF_PROCEDURES = frozenset({PROCEDURES, GRADES, FILINGS})
OF_THE_HOUSE = frozenset({RULES, ENTRIES})


@dataclass(frozen=True)
class Unseen:
    """What has to be read again: practitioners by id, procedures by code, drugs,
    registrations, what was operated (from a first case on a filing is due), or
    everything, for how the hospital judges has changed."""

    practitioners: frozenset[int]
    procedures: frozenset[str]
    drugs: bool = False
    registrations: bool = False
    cases: bool = False
    everything: bool = False


class Cursor:
    """How far this process has read."""

    def __init__(self) -> None:
        own = (TrainingRecord, PersonalCertificate)
        history = (Procedure, RuleSetting, ParameterValue, Privilege, *own)
        catalogue, rules, parameters, entries, trainings, certificates = (
            one.history.model for one in history
        )
        self.sources = (
            Source(GRANTS, GrantEvent),
            Source(PEOPLE, PractitionerEvent),
            Source(ASSESSMENTS, Assessment),
            Source(PROCEDURES, catalogue),
            Source(GRADES, GradeChange),
            Source(FILINGS, Filing.history.model),
            Source(TRAININGS, trainings),
            Source(CERTIFICATES, certificates),
            Source(PULLS, SyncRun),
            Source(RULES, rules),
            Source(PARAMETERS, parameters),
            Source(ENTRIES, entries),
        )
        self._parts = tuple(
            (source, *_part(source, *PARTS[source.name])) for source in self.sources
        )

    def begin(self) -> None:
        for source in self.sources:
            source.begin()

    def unseen(self) -> list[UnseenRow]:
        """Source, id, practitioner, key of each row; one statement."""
        pieces, values = [], []
        for source, part, column in self._parts:
            condition, given = source.condition(column)
            pieces.append(part + condition)
            values += given
        with connection.cursor() as cursor:
            cursor.execute(" UNION ALL ".join(pieces), values)
            return list(cursor.fetchall())

    def see(self, rows: list[UnseenRow]) -> None:
        for source in self.sources:
            source.see(id for name, id, _who, _what in rows if name == source.name)


def told_by(rows: list[UnseenRow]) -> Unseen:
    pulled = {what for name, _id, _who, what in rows if name == PULLS}
    set_to = {what for name, _id, _who, what in rows if name == PARAMETERS}
    names = {name for name, _id, _who, _what in rows}
    return Unseen(
        practitioners=frozenset(
            who for name, _id, who, _what in rows if name in OF_ONE and who
        ),
        procedures=frozenset(
            what for name, _id, _who, what in rows if name in OF_PROCEDURES
        ),
        drugs=DRUGS in pulled,
        registrations=SCOPES in pulled,
        cases=any(view.startswith(CASES) for view in pulled),
        everything=bool(names & OF_THE_HOUSE or set_to & JUDGING),
    )


# Of each source the columns that name the practitioner and the rest ("" for none).
PARTS = {
    GRANTS: ("practitioner_id", ""),
    PEOPLE: ("practitioner_id", ""),
    ASSESSMENTS: ("practitioner_id", ""),
    TRAININGS: ("practitioner_id", ""),
    CERTIFICATES: ("practitioner_id", ""),
    PROCEDURES: ("", "code"),
    GRADES: ("", "code"),
    FILINGS: ("", "code"),
    PULLS: ("", "view"),
    RULES: ("", "rule"),
    PARAMETERS: ("", "key"),
    ENTRIES: ("", "code"),
}
# Whose row says which practitioner or procedure it is about, where the row itself does
# not.
WHOSE: dict[str, tuple[Any, str]] = {
    GRANTS: (Grant, "grant_id"),
    ASSESSMENTS: (GrantState, "state_id"),
    FILINGS: (Procedure, "procedure_id"),
}
SELECT = "SELECT '{name}', {key}, {who}, {what} FROM {table} WHERE "


def _part(source: Source, who: str, what: str) -> tuple[str, str]:
    """The SELECT of a source up to its condition, and the column of its key."""
    quoted = connection.ops.quote_name
    meta = source.model._meta
    key, table = f"e.{quoted(meta.pk.column)}", f"{quoted(meta.db_table)} e"
    owner = "e"
    if source.name in WHOSE:
        owner, (model, link) = "g", WHOSE[source.name]
        table += f" JOIN {quoted(model._meta.db_table)} g ON g.id = e.{link}"
    select = SELECT.format(
        name=source.name,
        key=key,
        who=f"{owner}.{quoted(who)}" if who else "NULL",
        what=f"{owner}.{quoted(what)}" if what else "''",
        table=table,
    )
    return select, key
