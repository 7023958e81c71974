"""What the ledger means to the rows of this HIS at a moment: the one place to ask.

``telling`` tells of it what an act changes, a reconciliation holds all of it against
what the HIS shows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence, Set
from datetime import date, datetime

from permissions.enums import GrantStatus
from permissions.outbound import flags
from permissions.outbound.flags import Held
from permissions.outbound.lines import Line
from permissions.outbound.table import (
    IN_FORCE,
    NO_DAY,
    Right,
    Row,
    RowKey,
    Spell,
    Step,
    Table,
    after,
    reaches,
    settle,
    stretches,
)
from permissions.outbound.ways import OP, PRIV, Ways, his_value_of
from portal.his.mapping.shape import Flag
from portal.his.messages import OpLine
from portal.parameters.days import day_of, start_of

WholeSet = frozenset[tuple[RowKey, date | None]]


def spells_of(
    lines: Sequence[Line],
    ways: Ways,
    moment: datetime,
    told: Set[Right] | None = None,
) -> dict[Right, list[Spell]]:
    """The time each right is given, line by line.

    ``told`` are the rights the HIS knows (None: any). Of another one nothing is told of
    lines that are over, so they are left out: a house has more of them each year.
    """
    spells: dict[Right, list[Spell]] = defaultdict(list)
    today = start_of(day_of(moment))
    for line in lines:
        rights = ways.rights_of(line.grant)
        if not rights:
            continue
        if told is not None and line.is_over_by(today) and told.isdisjoint(rights):
            continue
        spell = line.spell_at(moment)
        for right in rights:
            # Rows of surgical items have no value.
            mine = spell
            if right.function == PRIV:
                mine = spell._replace(value=his_value_of(line.grant.privilege))
            spells[right].append(mine)
    return spells


def whole_set(lines: Sequence[Line], ways: Ways, moment: datetime) -> WholeSet:
    """Every surgical right from this moment on."""
    day = day_of(moment)
    return frozenset(
        (RowKey(right, stretch.first), stretch.last)
        for right, mine in spells_of(lines, ways, moment).items()
        if right.function == OP
        for stretch in stretches(
            spell
            for spell in mine
            if spell.status is GrantStatus.ACTIVE and reaches(spell.last, day)
        )
    )


def op_lines(rows: WholeSet, known: Collection[RowKey]) -> tuple[OpLine, ...]:
    """A whole set as the HIS is told it. What was there before comes first: it may end
    earlier than it did."""
    lines = [
        OpLine(
            "UPDATE" if key in known else "ADD",
            key.right.item,
            key.right.code,
            key.right.setting,
            key.first_day,
            last,
        )
        for key, last in rows
    ]
    lines.sort(
        key=lambda one: (
            one.op != "UPDATE",
            one.his_item_id,
            one.right_kind,
            one.setting,
            one.valid_from,
        )
    )
    return tuple(lines)


def key_of_flag(flag: Flag) -> RowKey:
    return RowKey(Right(PRIV, flag.name, "", "ALL"), NO_DAY)


def no_flag(flag: Flag) -> str:
    """The value of a coarse field of somebody who holds nothing of it."""
    return flags.NONE * max(len(flag.bits), 1)


def flag_steps(
    lines: Sequence[Line], ways: Ways, told: Mapping[RowKey, Row], moment: datetime
) -> list[Step]:
    """Coarse fields whose value is another than was told."""
    held = [
        Held(line.grant.privilege.code, line.grant.setting)
        for line in lines
        if ways.is_in_a_flag(line.grant) and line.holds_at(moment)
    ]
    steps = []
    for flag in ways.push.flags:
        key = key_of_flag(flag)
        value, row = flags.value_of(flag, held), told.get(key)
        if value != (row.value if row else no_flag(flag)):
            steps.append(Step("UPDATE" if row else "ADD", key, None, value))
    return steps


def expected(
    lines: Sequence[Line], told: Mapping[RowKey, Row], ways: Ways, moment: datetime
) -> Table:
    """The rows the HIS should show of one person: what it was told, and what it would
    be told of all their lines now. A promise somebody gave up is missing in ``told``
    and comes in again here."""
    push = ways.push
    flag_keys = {key_of_flag(flag) for flag in push.flags}
    fields = {key: row for key, row in told.items() if key in flag_keys}
    rows = {key: row for key, row in told.items() if key not in flag_keys}
    spells = spells_of(lines, ways, moment, {key.right for key in rows})
    steps = settle(rows, spells, day_of(moment), keeps_dates=push.keeps_dates)
    if push.whole_sets:
        steps = [step for step in steps if step.key.right.function != OP]
        rows = {k: row for k, row in rows.items() if k.right.function != OP}
        rows |= {
            key: Row(IN_FORCE, last) for key, last in whole_set(lines, ways, moment)
        }
    changed = flag_steps(lines, ways, fields, moment) if flag_keys else []
    return after(rows, steps) | after(fields, changed)
