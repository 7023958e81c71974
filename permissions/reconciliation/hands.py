"""By whose hand a row changed, as far as the log of the HIS tells."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from permissions.outbound.ways import OP, PRIV
from permissions.reconciliation.comparing import Place
from permissions.reconciliation.shown import Hand, is_meant, named
from portal.his.contract.interfaces import V_YW_CHANGE_LOG, YW_OPGRADE_SAVE
from portal.his.gateway import HisMisconfigured, HisReader, HisUnavailable

GRADE = YW_OPGRADE_SAVE.name
TARGETS = {"PRIV": PRIV, "DOCTOR_OP": OP, "OPGRADE": GRADE}
# What a line of the log says of a row; it knows no first day.
Trace = tuple[str, str, str, str, str]


def trace_of(place: Place) -> Trace:
    right = place.key.right
    return (right.function, place.emp_no, right.code, right.item, right.setting)


def trace_of_grade(code: str) -> Trace:
    """Of a procedure, as the HIS spells it."""
    return (GRADE, "", "", code, "")


def hands_in_log(
    gateway: HisReader, traces: Iterable[Trace], since: datetime
) -> Mapping[Trace, Hand]:
    """The last change of each that came by no call of ours; ``since`` is local time of
    the HIS. A HIS without a log, or one that is away by now, tells nothing."""
    wanted = set(traces)
    found: dict[Trace, Hand] = {}
    if not wanted:
        return found
    try:
        for batch in gateway.batches(V_YW_CHANGE_LOG, since):
            for values in gateway.typed(V_YW_CHANGE_LOG, batch):
                row = dict(zip(V_YW_CHANGE_LOG.column_names, values, strict=True))
                _note(found, wanted, row)
    except (HisUnavailable, HisMisconfigured):
        return found
    return found


def _note(
    found: dict[Trace, Hand], wanted: Collection[Trace], row: Mapping[str, Any]
) -> None:
    if row["request_id"] or row["target"] not in TARGETS:
        return
    trace = _trace(row)
    at = row["changed_at"]
    if trace not in wanted or not is_meant(at):
        return
    known = found.get(trace)
    if known is None or known.at is None or known.at <= at:
        found[trace] = Hand(named(row["operator"]), at)


def _trace(row: Mapping[str, Any]) -> Trace:
    target = TARGETS[row["target"]]
    if target == GRADE:
        return trace_of_grade(str(row["item_code"] or ""))
    return (
        target,
        str(row["emp_no"] or ""),
        str(row["priv_code"] or ""),
        str(row["item_code"] or ""),
        str(row["setting"] or ""),
    )
