"""Whatever was done and whatever somebody changed in the HIS: a comparison finds exactly
that, and repaired, nothing is left."""

from __future__ import annotations

import copy
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from django.db import transaction
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from permissions.models import Drift, Reconciliation
from permissions.reconciliation import reconcile, repair
from portal.accounts.models import User
from portal.directory.models import Practitioner
from portal.outbox.models import Message
from portal.parameters.days import day_of
from tests.permissions.model_his import Line, ModelHis, Right
from tests.permissions.paper_views import PaperViews
from tests.permissions.test_outbound_model import (
    ACTS,
    COMMON,
    DAY,
    FLAGS,
    NOW,
    PATTERNS,
    Act,
    live,
    site,
    surgeon,
)

__all__ = ["surgeon"]
pytestmark = [pytest.mark.usefixtures("catalogue"), pytest.mark.slow]
# A failure is told as it is: to make it smaller takes minutes.
FEWER: dict[str, Any] = {
    **COMMON,
    "max_examples": 15,
    "phases": [Phase.explicit, Phase.generate],
}
REASON = "与 HIS 核对后按本院修复"
LATER = timedelta(minutes=5)
Key = tuple[Right, date]
FLAG_NONE = {"antibiotic_level": "0", "surgery_grade": "0", "special_order_zy": "000"}


class Tampering(NamedTuple):
    """One change past the interface: what, of which row, and by how much."""

    what: str
    which: int
    days: int
    code: str


TAMPERINGS = st.lists(
    st.builds(
        Tampering,
        what=st.sampled_from(
            ["delete", "status", "last", "endless", "first", "value", "insert", "op"]
        ),
        which=st.integers(0, 30),
        days=st.integers(-40, 40),
        code=st.sampled_from(["1", "2", "3", "4"]),
    ),
    max_size=6,
)


def stands(line: Line | None, day: date) -> bool:
    return (
        line is not None
        and line.status in {"1", "2"}
        and (line.last is None or line.last >= day)
    )


def tamper(his: ModelHis, step: Tampering, day: date) -> None:
    inserted = {
        "insert": ("PRIV", "BL01", "", "INP"),
        "op": ("OP", "2", "50.2205", "ALL"),
    }
    keys = sorted(his.lines)
    if step.what in inserted:
        his.lines[(inserted[step.what], day + step.days * DAY)] = Line(
            step.code, None, "1" if step.what == "insert" else ""
        )
    elif keys:
        TAMPER[step.what](his, keys[step.which % len(keys)], step, day)


def move(his: ModelHis, key: Key, _step: Tampering, _day: date) -> None:
    """A coarse field is a column of the HIS: it has no first day to move."""
    right, first = key
    if right[1] not in FLAG_NONE and (right, first + DAY) not in his.lines:
        his.lines[(right, first + DAY)] = his.lines.pop(key)


def revalue(his: ModelHis, key: Key, step: Tampering, _day: date) -> None:
    if key[0][0] == "PRIV":
        his.lines[key].value = f"9{step.code}"


def end(his: ModelHis, key: Key, step: Tampering, day: date) -> None:
    his.lines[key].last = max(key[1], day + step.days * DAY)


TAMPER: dict[str, Any] = {
    "delete": lambda his, key, _step, _day: his.lines.pop(key),
    "status": lambda his, key, step, _day: setattr(his.lines[key], "status", step.code),
    "last": end,
    "endless": lambda his, key, _step, _day: setattr(his.lines[key], "last", None),
    "first": move,
    "value": revalue,
}


def changed_by_hand(
    before: dict[Key, Line], after: dict[Key, Line], day: date
) -> dict[Key, str]:
    """What a comparison must say, by the words of a test."""
    said: dict[Key, str] = {}
    for key in before.keys() | after.keys():
        was, now = before.get(key), after.get(key)
        if not stands(was, day):
            if stands(now, day):
                said[key] = "EXTRA"
        elif not stands(now, day):
            said[key] = "MISSING"
        elif was and now:
            value = was.value if was.status == "1" else now.value
            if (was.status, was.last, value) != (now.status, now.last, now.value):
                said[key] = "DIFFERENT"
    return said


def in_the_way(
    his: ModelHis, missing: set[Key], before: dict[Key, Line], day: date
) -> dict[Key, str]:
    """Rows somebody moved and ended: no right any more, but the HIS refuses (2006) to add
    ours across one."""
    given = {key for key in missing if before[key].status == "1"}
    added = {key for key in given if not is_there(his.lines.get(key))}
    return {
        (held, begins): "EXTRA"
        for (held, begins), line in his.lines.items()
        if is_there(line)
        and not stands(line, day)
        and not stands(before.get((held, begins)), day)
        and any(
            held == right
            and begins != first
            and line.last is not None
            and first <= line.last
            and (last is None or begins <= last)
            for right, first, last in ((*key, before[key].last) for key in added)
        )
    }


def is_there(line: Line | None) -> bool:
    """As the HIS judges, over or not."""
    return line is not None and line.status in {"1", "2"}


def in_force(lines: dict[Key, Line]) -> dict[Key, Line]:
    """Surgical rights replaced as a whole are in force or are not."""
    return {
        key: line
        for key, line in lines.items()
        if key[0][0] != "OP" or line.status != "2"
    }


def flags_changed(before: dict[Key, Line], after: dict[Key, Line]) -> dict[Key, str]:
    """Of a coarse field the value counts alone."""
    said = {}
    for key in before.keys() | after.keys():
        code = key[0][1]
        if key[0][0] != "PRIV" or code not in FLAG_NONE or key[1] != date(1900, 1, 1):
            continue
        was, now = (
            side[key].value if key in side else FLAG_NONE[code]
            for side in (before, after)
        )
        if was != now:
            said[key] = "DIFFERENT"
    return said


def found() -> dict[Key, str]:
    rows = Drift.objects.filter(closed_at=None).order_by("pk")
    return {
        (
            (
                "OP" if one.target == "OPERATION" else "PRIV",
                one.code,
                one.item,
                one.setting,
            ),
            one.valid_from,
        ): one.kind
        for one in rows
    }


def look(his: ModelHis, at: datetime) -> Reconciliation:
    views: Any = PaperViews(his, "1027")
    one = reconcile(gateway=views, at=at)
    assert one is not None
    assert one.problem == ""
    return one


def repair_all(by: User, at: datetime) -> Any:
    keys = Drift.objects.filter(closed_at=None).order_by("pk")
    return repair(
        chosen=list(keys.values_list("pk", flat=True)), by=by, at=at, reason=REASON
    )


@pytest.mark.parametrize("words", [*PATTERNS.values(), FLAGS], ids=[*PATTERNS, "flags"])
@settings(**FEWER)
@example(
    acts=[
        Act(what="grant", which=3, days=26, length=73),
        Act(what="revoke late", which=0, days=30, length=50),
        Act(what="grant", which=2, days=7, length=66),
        Act(what="renew", which=2, days=3, length=66),
    ],
    tamperings=[
        Tampering(what="endless", which=11, days=-38, code="3"),
        Tampering(what="first", which=1, days=-1, code="4"),
        Tampering(what="insert", which=20, days=-18, code="4"),
        Tampering(what="insert", which=2, days=-27, code="2"),
        Tampering(what="last", which=27, days=-11, code="4"),
    ],
)
@given(acts=ACTS, tamperings=TAMPERINGS)
def test_every_change_by_hand_is_found_and_nothing_else(
    words: str,
    acts: list[Act],
    tamperings: list[Tampering],
    surgeon: Practitioner,
    lin: User,
    settings: Any,
    tmp_path: Path,
) -> None:
    site(settings, tmp_path, words)
    with transaction.atomic():
        his = ModelHis()
        now = max(live(surgeon, lin, acts, his), default=NOW) + LATER
        day = day_of(now)

        look(his, now)
        assert found() == {}

        before = copy.deepcopy(his.lines)
        for step in tamperings:
            tamper(his, step, day)
        now += LATER
        look(his, now)
        if words == FLAGS:
            wanted = flags_changed(before, his.lines)
            surgical = {k: v for k, v in his.lines.items() if k[0][0] == "OP"}
            was = {k: v for k, v in before.items() if k[0][0] == "OP"}
            wanted |= changed_by_hand(was, surgical, day)
        elif "whole_sets" in words:
            wanted = changed_by_hand(in_force(before), in_force(his.lines), day)
        else:
            wanted = changed_by_hand(before, his.lines, day)
        missing = {key for key, kind in wanted.items() if kind == "MISSING"}
        across = in_the_way(his, missing, before, day)
        is_set = "whole_sets" in words
        wanted |= {k: v for k, v in across.items() if not (is_set and k[0][0] == "OP")}
        assert found() == wanted

        # A suspended row that is not there at all gives nothing, and no call makes it.
        hopeless = {
            key
            for key, kind in wanted.items()
            if kind == "MISSING" and before[key].status == "2" and key not in his.lines
        }
        now += LATER
        told = repair_all(lin, now)
        assert told.done == len(wanted) - len(hopeless)
        messages = Message.objects.count()
        assert repair_all(lin, now).done == 0
        assert Message.objects.count() == messages

        his.take_due(now)
        assert his.refused == []
        now += LATER
        look(his, now)
        assert set(found()) == hopeless
        transaction.set_rollback(True)
