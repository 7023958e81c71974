"""What a comparison does not think through would have come to the same: by brute force."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from permissions.enums import EventKind, GrantStatus
from permissions.models import Privilege
from permissions.outbound import table
from permissions.outbound.lines import Line, Written
from permissions.outbound.table import NO_DAY, Right, Row, RowKey, Spell, settle
from permissions.queries.ledger import Known
from portal.parameters.days import start_of

TODAY = date(2026, 11, 23)
NOW = start_of(TODAY) + timedelta(hours=9, minutes=30)
RIGHTS = [Right("YW_PRIV_SAVE", code, "", "ALL") for code in ("RX01", "RX02")]

# Few days and values, so that rows and lines meet, touch and are equal often.
DAYS = st.sampled_from([TODAY + timedelta(days=n) for n in (-9, -5, -1, 0, 1, 5)])
LASTS = st.one_of(st.none(), DAYS)
VALUES = st.sampled_from(["", "1"])


def spell(first: date, last: date | None, status: GrantStatus, value: str) -> Spell:
    begins = first <= TODAY and (last is None or last >= TODAY)
    return Spell(first, last, status, begins and status is GrantStatus.ACTIVE, value)


SPELLS = st.builds(spell, DAYS, LASTS, st.sampled_from(list(GrantStatus)), VALUES)
ROWS = st.builds(Row, st.sampled_from(["1", "2", "3", "4"]), LASTS, VALUES)
FIRSTS = {True: DAYS, False: st.just(NO_DAY)}


def tables(*, keeps_dates: bool) -> st.SearchStrategy[dict[RowKey, Row]]:
    keys = st.builds(RowKey, st.sampled_from(RIGHTS), FIRSTS[keeps_dates])
    return st.dictionaries(keys, ROWS, max_size=4)


LINES = st.dictionaries(
    st.sampled_from(RIGHTS), st.lists(SPELLS, min_size=1, max_size=3)
)


@given(data=st.data(), mine=st.lists(SPELLS, min_size=1, max_size=2))
def test_row_that_is_told_already_needs_no_thought(
    data: st.DataObject, mine: list[Spell]
) -> None:
    told = {}
    for one in mine:  # rows are as the lines, or nearly so
        first = data.draw(st.one_of(st.just(one.first), DAYS))
        row = Row("1", one.last, one.value)
        told[RowKey(RIGHTS[0], first)] = data.draw(st.one_of(st.just(row), ROWS))
    lines = {RIGHTS[0]: mine}
    quick = settle(told, lines, TODAY, keeps_dates=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(table, "_is_told", lambda _rows, _spells: False)
        assert quick == settle(told, lines, TODAY, keeps_dates=True)


@pytest.mark.parametrize("keeps_dates", [True, False])
@given(data=st.data(), lines=LINES)
def test_line_that_is_over_says_nothing_of_a_right_never_told(
    keeps_dates: bool, data: st.DataObject, lines: dict[Right, list[Spell]]
) -> None:
    told = data.draw(tables(keeps_dates=keeps_dates))
    known = {key.right for key in told}
    short = {
        right: [
            one
            for one in mine
            if right in known or one.last is None or one.last >= TODAY
        ]
        for right, mine in lines.items()
    }
    whole = settle(told, lines, TODAY, keeps_dates=keeps_dates)
    assert settle(told, short, TODAY, keeps_dates=keeps_dates) == whole


MOMENTS = st.builds(
    lambda day, minutes: start_of(day) + timedelta(minutes=minutes),
    DAYS,
    st.sampled_from([0, 1, 570, 1439]),
)
LATER = st.lists(
    st.builds(
        lambda kind, at, until: Known(1, kind, at, at, until),
        st.sampled_from(
            [EventKind.SUSPEND, EventKind.RESTORE, EventKind.RENEW, EventKind.REVOKE]
        ),
        MOMENTS,
        st.one_of(st.none(), MOMENTS),
    ),
    max_size=3,
)


def line(first: datetime, end: datetime | None, events: Sequence[Known]) -> Line:
    grant = Written(Privilege(), 1, 1, 1, "", "", "", "ALL", "", first, end)
    return Line(grant, events)


@given(first=MOMENTS, end=st.one_of(st.none(), MOMENTS), later=LATER)
def test_line_is_over_and_is_told_as_all_its_events_say(
    first: datetime, end: datetime | None, later: list[Known]
) -> None:
    granted = Known(1, EventKind.GRANT, first, first, None)
    quick, whole = line(first, end, later), line(first, end, [granted, *later])

    assert quick.spell_at(NOW) == whole.spell_at(NOW)
    assert quick.standing == whole.standing
    if quick.is_over_by(start_of(TODAY)):
        last = whole.standing.span.valid_to
        assert last is not None
        assert last <= start_of(TODAY)
        assert not whole.holds_at(NOW)
        assert not table.reaches(whole.spell_at(NOW).last, TODAY) or (
            whole.standing.status is GrantStatus.REVOKED
        )
    elif not later:
        assert end is None or end > start_of(TODAY)
