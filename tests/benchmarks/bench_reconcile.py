"""Every right of the house held against the views of a HIS: seconds and memory.

The HIS is a file of SQLite with the two views, read through the gateway as everywhere;
ours is PostgreSQL. Some rows were changed by hand, and those must be found, no others.
The peer does what one writes first: both sides whole in memory, as model instances.
"""

from __future__ import annotations

import gc
import resource
import sqlite3
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

from tests.benchmarks.ledger_rows import SIZES, counts, large_ledger
from tests.benchmarks.result import Result

GOAL = 10_000.0  # rows of the HIS a second
CHANGED = 30
COLUMNS = {
    "YW_PRIV_SAVE": ("V_YW_DOCTOR_PRIV", "priv_code, item_code, his_value"),
    "YW_DOCTOR_OP_SAVE": ("V_YW_DOCTOR_OP", "right_kind, his_item_id, grade"),
}


def memory() -> float:
    """MB this process holds now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1_048_576


class Peak:
    """The most memory while something runs; a thread looks every 20 ms."""

    def __enter__(self) -> Peak:
        self.before = self.most = memory()
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def _watch(self) -> None:
        while not self._is_over.wait(0.02):
            self.most = max(self.most, memory())

    def __exit__(self, *_error: object) -> None:
        self._is_over.set()
        self._thread.join()

    @property
    def grown(self) -> float:
        return self.most - self.before


def chunks() -> Iterator[dict[int, str]]:
    from portal.directory.models import Practitioner

    people = list(Practitioner.objects.order_by("pk").values_list("pk", "emp_no"))
    for start in range(0, len(people), 400):
        yield dict(people[start : start + 400])


def tell_everything(his: sqlite3.Connection) -> int:
    """What the HIS was told, as confirmed messages, and its rows; how many rows."""
    from django.utils import timezone

    from permissions.outbound.lines import read_many
    from permissions.outbound.rows import expected
    from permissions.outbound.table import Step
    from permissions.outbound.wording import About, call_of
    from permissions.reconciliation.owed import House
    from portal.outbox.models import Message, State
    from portal.outbox.services import Promise, row_of

    house, now = House(), timezone.now()
    before = now - timedelta(days=1)
    for view, names in COLUMNS.values():
        his.execute(
            f"CREATE TABLE {view} (emp_no, {names}, setting, valid_from, valid_to,"
            " status, last_operator, last_modified)"
        )
    count = 0
    for people in chunks():
        lines = read_many(people, house.privileges)
        messages, rows = [], []
        for pk, emp_no in people.items():
            about = About(emp_no, "年度授权", "", "2031")
            for key, row in expected(lines[pk], {}, house.ways, now).items():
                step = Step("ADD", key, row.last_day, row.value)
                messages.append(row_of(Promise(call_of(step, about), "bench"), before))
                rows.append((emp_no, key, row))
        for message in messages:
            message.state, message.due_at = State.CONFIRMED, None
            message.delivered_at = message.confirmed_at = before
        Message.objects.bulk_create(messages, batch_size=2_000)
        count += insert(his, rows)
    his.commit()
    return count


def insert(his: sqlite3.Connection, rows: list[Any]) -> int:
    for emp_no, key, row in rows:
        view, _names = COLUMNS[key.right.function]
        last = row.last_day.isoformat() if row.last_day else None
        his.execute(
            f"INSERT INTO {view} VALUES (?, ?, ?, ?, ?, ?, ?, ?, '2031', ?)",
            (
                *(emp_no, key.right.code, key.right.item, row.value or None),
                *(key.right.setting, key.first_day.isoformat(), last, row.status),
                "2026-11-01 08:00:00",
            ),
        )
    return len(rows)


def change_by_hand(his: sqlite3.Connection) -> None:
    view = "V_YW_DOCTOR_PRIV"
    some = f"(SELECT rowid FROM {view} ORDER BY rowid LIMIT {CHANGED} OFFSET {{}})"
    his.execute(f"DELETE FROM {view} WHERE rowid IN {some.format(1000)}")
    his.execute(f"UPDATE {view} SET status = '3' WHERE rowid IN {some.format(2000)}")
    his.execute(
        f"UPDATE {view} SET valid_to = '2031-01-01' WHERE rowid IN {some.format(3000)}"
    )
    his.commit()


def naive(gateway: Any) -> int:
    """All grants as model instances beside all rows as records."""
    from permissions.models import GrantState
    from portal.his.contract.interfaces import V_YW_DOCTOR_OP, V_YW_DOCTOR_PRIV

    states = list(
        GrantState.objects.select_related("grant", "privilege", "practitioner")
    )
    rows = [*gateway.rows(V_YW_DOCTOR_PRIV), *gateway.rows(V_YW_DOCTOR_OP)]
    mine = {(s.practitioner.emp_no, s.privilege.code, s.item_code) for s in states}
    theirs = {(row[0], row[1], row[3]) for row in rows}
    return len(mine ^ theirs)


def timed(work: Callable[[], object]) -> tuple[float, float, float]:
    """Seconds, those of this process alone, and the MB it took more."""
    with Peak() as peak:
        begin, cpu = time.perf_counter(), time.process_time()
        work()
        seconds, own = time.perf_counter() - begin, time.process_time() - cpu
    return seconds, own, peak.grown


def main(size: str) -> Result:
    """``small``: 1,000 doctors, 60,000 lines; ``full``: 5,000 and 300,000."""
    chosen = SIZES[size]
    with large_ledger(chosen) as url, tempfile.TemporaryDirectory() as folder:
        from django.conf import settings
        from django.utils import timezone

        from permissions.models import Drift
        from permissions.reconciliation import reconcile
        from portal.his.sql.gateway import SqlGateway

        # A process reads the addresses of all pages once, for the link of a notice.
        import_module(settings.ROOT_URLCONF)
        path = Path(folder) / "his.sqlite3"
        his = sqlite3.connect(path)
        rows = tell_everything(his)
        gateway: Any = SqlGateway(f"sqlite:///{path}", 60)
        looks: list[Any] = []

        def look() -> None:
            looks.append(reconcile(gateway=gateway, at=timezone.now()))

        gc.collect()
        gc.freeze()  # as the workers do
        clean = timed(look)
        if looks[-1].problem or looks[-1].total:
            raise RuntimeError(f"nothing was changed: {looks[-1].__dict__}")
        change_by_hand(his)
        second = timed(look)
        found = Drift.objects.count()
        if found != 3 * CHANGED:
            raise RuntimeError(f"{3 * CHANGED} rows were changed, {found} found")
        peer = timed(lambda: naive(gateway))
        lines = counts(url)
    seconds = (clean[0] + second[0]) / 2

    def line(name: str, one: tuple[float, float, float], what: str) -> tuple[str, ...]:
        rate = f"{rows / one[0]:,.0f}"
        return name, f"{one[0]:.1f}", rate, f"{one[1]:.1f}", f"{one[2]:.0f}", what

    return Result(
        name="reconcile",
        columns=(
            "a look at all rights",
            "seconds",
            "rows/s",
            "CPU s",
            "MB more",
            "found",
        ),
        rows=(
            line("nothing changed", clean, "0"),
            line(f"{3 * CHANGED} rows changed by hand", second, str(found)),
            line("peer: both sides whole in memory, keys alone", peer, "—"),
        ),
        figure=rows / seconds,
        goal=GOAL,
        unit=" rows/s",
        notes=(
            f"{chosen.doctors:,} doctors; {lines['grant']:,} lines, "
            f"{lines['grantevent']:,} events, {rows:,} messages and rows in the HIS",
            "the HIS is a file of SQLite read through the gateway, ours PostgreSQL; the "
            "peer folds no events, reads no messages and compares no days",
        ),
    )
