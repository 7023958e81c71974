"""The engine against a slow, flat re-telling of the same rules."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from permissions.checks.codes import Code
from permissions.checks.engine import check
from permissions.checks.facts import (
    GrantFacts,
    ProcedureFacts,
    Setting,
    Standing,
    Status,
    SurgeonFacts,
    Urgency,
)
from tests.permissions.checks.cases import at

DAY_0 = at("2026-01-01")
DAYS = st.integers(0, 6)
ITEMS = ["A", "B"]
REACH = {"SG01": 1, "SG02": 2, "SG03": 3, "SG04": 4}


def day(number: int) -> datetime:
    return DAY_0 + timedelta(days=number)


@st.composite
def grants(draw: st.DrawFn) -> GrantFacts:
    start = draw(DAYS)
    end = draw(st.none() | st.integers(start + 1, 8))
    return GrantFacts(
        privilege_code=draw(st.sampled_from([*REACH, "SG07", "RT01", "RX01"])),
        item_code=draw(st.sampled_from(["", *ITEMS])),
        valid_from=day(start),
        valid_to=None if end is None else day(end),
        setting=draw(st.sampled_from(list(Setting))),
        status=draw(st.sampled_from(list(Status))),
        changed_from=draw(st.none() | DAYS.map(day)),
    )


procedures = st.builds(
    ProcedureFacts,
    code=st.sampled_from(ITEMS),
    name=st.just("手术"),
    grade=st.integers(0, 4),
    is_enabled=st.booleans(),
    is_restricted=st.booleans(),
)


def holds(grant: GrantFacts, moment: datetime) -> bool:
    """Valid by its dates at the moment, whatever happened to it."""
    end = grant.valid_to
    return grant.valid_from <= moment and (end is None or moment < end)


def changed(grant: GrantFacts, status: Status, moment: datetime) -> bool:
    since = grant.changed_from
    return grant.status is status and (since is None or since <= moment)


def is_in_force(grant: GrantFacts, moment: datetime) -> bool:
    return (
        holds(grant, moment)
        and grant.status is not Status.VOID
        and not changed(grant, Status.SUSPENDED, moment)
        and not changed(grant, Status.REVOKED, moment)
    )


def has_ended(grant: GrantFacts, moment: datetime) -> bool:
    end, since = grant.valid_to, grant.changed_from
    if grant.status is Status.VOID or end is None or moment < end:
        return False
    return grant.status is not Status.REVOKED or since is None or since >= end


def is_suspended(grant: GrantFacts, moment: datetime) -> bool:
    end = grant.valid_to
    return changed(grant, Status.SUSPENDED, moment) and (end is None or moment < end)


def is_for(grant: GrantFacts, procedure: ProcedureFacts) -> bool:
    same_item = grant.item_code == procedure.code
    if procedure.is_restricted:
        return grant.privilege_code == "RT01" and same_item
    reach = REACH.get(grant.privilege_code, 0)
    return reach >= procedure.grade and (reach <= 2 or same_item) and reach > 0


def oracle(
    held: list[GrantFacts], procedure: ProcedureFacts, moment: datetime, rescue: bool
) -> str:
    counting = [
        g
        for g in held
        if g.setting in {"ALL", "INP", "OR"} or (rescue and g.setting == "EMER")
    ]
    made_for = [g for g in counting if is_for(g, procedure)]
    if not procedure.is_enabled:
        return "6"
    if procedure.grade == 0:
        return "5"
    if any(is_in_force(g, moment) for g in made_for):
        return "0"
    if any(is_suspended(g, moment) for g in made_for):
        return "4"
    if any(has_ended(g, moment) for g in made_for):
        return "8" if rescue else "3"
    if procedure.is_restricted:
        return "6"
    return "8" if rescue else without_a_line(counting, procedure, moment)


def without_a_line(
    counting: list[GrantFacts], procedure: ProcedureFacts, moment: datetime
) -> str:
    in_force = [g for g in counting if is_in_force(g, moment)]
    ceiling = max([REACH.get(g.privilege_code, 0) for g in in_force], default=0)
    if 0 < ceiling < procedure.grade:
        return "1G"
    return "2A" if any(g.privilege_code == "SG07" for g in in_force) else "1"


@given(
    held=st.lists(grants(), max_size=5),
    procedure=procedures,
    asked_on=DAYS,
    rescue=st.booleans(),
)
def test_check_agrees_with_the_oracle(
    held: list[GrantFacts], procedure: ProcedureFacts, asked_on: int, rescue: bool
) -> None:
    verdict = check(
        surgeon=SurgeonFacts(Standing.PRACTISING, tuple(held)),
        procedures=[procedure],
        moment=day(asked_on),
        urgency=Urgency.RESCUE if rescue else Urgency.ROUTINE,
    )

    assert verdict.code == Code(oracle(held, procedure, day(asked_on), rescue))
