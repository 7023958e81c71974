"""The outbox with very many delivered messages, against the same with a thousand.

Two portals on one PostgreSQL: in one 1,000 messages are delivered, in the other so many
more, over two years, with a try each; in both the same few are open. What the worker and
the pages do all day is timed in both, in turns: it may not grow with what is long done.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from statistics import median
from typing import Any

import psycopg

from tests.benchmarks.result import Result
from tests.services import fresh_database, postgres_cluster

SIZES = {"small": 100_000, "full": 1_000_000}
FEW = 1_000
STREAMS = 5_000
OPEN_STREAMS = 30
ROUNDS, WARM = 25, 3
GOAL = 1.5
# What happens all day, whether somebody looks for old messages or not.
DAILY = (
    "claim",
    "overview of the worker",
    "page, open messages",
    "numbers of the page",
    "tiles",
    "alert rules",
    "metrics",
)
# ``%s``: the first number, the last one, days over which they were confirmed.
DELIVERED = f"""
INSERT INTO outbox_message (request_id, kind, target, schema_version, stream, subject, payload,
    takes_away, state, is_open, not_before, enqueued_at, tries, rereads, delivered_at, confirmed_at,
    last_code, last_text)
  SELECT gen_random_uuid(), 'PRIV_SAVE', 'his', 1, 'practitioner:' || (10000 + n %% {STREAMS}),
    'permissions.grantevent:' || n, jsonb_build_object('request_id', '', 'op', 'ADD',
      'emp_no', (10000 + n %% {STREAMS})::text, 'priv_code', 'RX01', 'setting', 'ALL',
      'item_code', (n / {STREAMS})::text, 'his_value', '1', 'valid_from', '2026-12-01',
      'valid_to', '2027-11-30', 'reason', 'bench', 'doc_no', '1', 'operator', '2031'),
    false, 'CONFIRMED', false, at, at, 1, 0, at + interval '1 second', at + interval '1 second',
    '', ''
  FROM (SELECT n, now() - interval '2 hours' - (%(days)s * (%(last)s - n)::float
      / %(last)s) * interval '1 day' AS at
    FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n) AS rows
"""
TRIES = """
INSERT INTO outbox_attempt (message_id, started_at, duration_ms, outcome, code, text,
    his_row_id)
  SELECT id, confirmed_at, 5 + id %% 40, 'CONFIRMED', '0', '', id::text
  FROM outbox_message WHERE state = 'CONFIRMED' AND id > %(after)s
"""


def set_up(url: str) -> None:
    os.environ.update(
        DJANGO_SETTINGS_MODULE="portal.settings",
        DATABASE_URL=url,
        HIS_DSN="sqlite:////nowhere/his.sqlite3",
        REDIS_URL="memory://",
        LOG_LEVEL="CRITICAL",
    )
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)


def deliver(url: str, first: int, last: int, days: int) -> None:
    """Put in delivered messages with a try each, and let the server know its tables."""
    with psycopg.connect(url, autocommit=True) as link:
        row = link.execute("SELECT coalesce(max(id), 0) FROM outbox_message").fetchone()
        span = {"first": first, "last": last, "days": days}
        link.execute(DELIVERED.encode(), span)
        link.execute(TRIES.encode(), {"after": row[0] if row else 0})
        link.execute(b"VACUUM ANALYZE")


def open_some() -> None:
    """A few wait to be delivered, as on any day."""
    from django.utils import timezone

    from portal.outbox.services import enqueue
    from tests.portal.outbox.memory_his import priv_save

    for number in range(OPEN_STREAMS):
        enqueue(
            message=priv_save(f"{10000 + number * 7}", "ADD", item_code="x"),
            subject=f"permissions.grantevent:{9_000_000 + number}",
            at=timezone.now(),
        )


def claim() -> None:
    """As a worker: look what there is, take it, and give it back."""
    from django.utils import timezone

    from portal.outbox import claims

    at, token = timezone.now(), uuid.uuid4()
    found = claims.claim_due(at, 200, claims.turns(at, 200, claims.overview(at)), token)
    if len(found) != OPEN_STREAMS:
        raise RuntimeError(f"claimed {len(found)} of {OPEN_STREAMS}")
    claims.give_back(token, {message.pk for message in found})


def operator() -> Any:
    """A client signed in as who operates the connection."""
    from django.test import Client

    from portal.accounts.capabilities import Role
    from portal.accounts.models import User
    from tests.cast import make_user, sign_in

    client = Client(headers={"host": "127.0.0.1"})
    user = User.objects.filter(staff_no="9051").first()
    sign_in(client, user or make_user("9051", "高远", Role.INFORMATION_CENTER))
    return client


def page(client: Any, path: str) -> Callable[[], None]:
    def get() -> None:
        response = client.get(path)
        if response.status_code != 200:
            raise RuntimeError(f"{path}: {response.status_code} {response.headers}")

    return get


def works() -> dict[str, Callable[[], Any]]:
    from django.utils import timezone

    from portal.outbox import claims, queries
    from portal.watch.metrics import exposition
    from portal.watch.services import watch

    client = operator()
    return {
        "claim": claim,
        "overview of the worker": lambda: claims.overview(timezone.now()),
        "page, open messages": page(client, "/his/"),
        "page, delivered within a day": page(client, "/his/?view=day"),
        "page, all": page(client, "/his/?view=all"),
        "page, a doctor among all": page(client, "/his/?view=all&q=10007"),
        "numbers of the page": queries.figures,
        "tiles": page(client, "/his/tiles/"),
        "alert rules": lambda: watch(timezone.now()),
        "metrics": lambda: exposition(timezone.now()),
    }


def fold_all() -> None:
    """As the worker has done long before: count the old tries for good."""
    from datetime import timedelta

    from django.utils import timezone

    from portal.watch.tallies import COMPLETE_AFTER, fold

    now = timezone.now()
    fold(now)
    fold(now + COMPLETE_AFTER + timedelta(seconds=1))


def serve(url: str, many: int, days: int) -> None:
    """One portal in a process of its own: does what a line of stdin names, and answers
    with the milliseconds it took by the clock and of its CPU."""
    set_up(url)
    from django.conf import settings

    settings.ALLOWED_HOSTS = ["127.0.0.1"]
    deliver(url, 1, many, days)
    open_some()
    fold_all()
    work = works()
    print(json.dumps(list(work)), flush=True)
    for line in sys.stdin:
        cpu, begin = time.process_time(), time.perf_counter()
        work[line.strip()]()
        taken = time.perf_counter() - begin, time.process_time() - cpu
        print(json.dumps([seconds * 1000 for seconds in taken]), flush=True)


class Portal:
    """The other end of ``serve``."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def told(self) -> Any:
        line = self._process.stdout.readline() if self._process.stdout else ""
        if not line:
            raise RuntimeError("a portal has ended; see above")
        return json.loads(line)

    def does(self, name: str) -> float:
        """Milliseconds by the clock."""
        if self._process.stdin:
            self._process.stdin.write(f"{name}\n")
            self._process.stdin.flush()
        wall, _cpu = self.told()
        return float(wall)


@contextmanager
def portal(url: str, many: int, days: int) -> Iterator[Portal]:
    words = [sys.executable, "-m", __name__, url, str(many), str(days)]
    process = subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        yield Portal(process)
    finally:
        process.kill()
        process.wait()


def in_turns(few: Portal, lot: Portal) -> dict[str, tuple[float, float]]:
    """Median milliseconds of each work in both."""
    names = few.told()
    if lot.told() != names:
        raise RuntimeError("the portals do not do the same")
    found: dict[str, tuple[list[float], list[float]]] = {n: ([], []) for n in names}
    for run in range(ROUNDS + WARM):
        for name in names:
            pair = few.does(name), lot.does(name)
            if run >= WARM:  # what is compiled and connected first
                for times, taken in zip(found[name], pair, strict=True):
                    times.append(taken)
    return {name: (median(a), median(b)) for name, (a, b) in found.items()}


def main(size: str) -> Result:
    """``small``: 100,000 delivered messages; ``full``: 1,000,000."""
    many = SIZES[size]
    with ExitStack() as stack:
        server = stack.enter_context(postgres_cluster())
        urls = [stack.enter_context(fresh_database(server)) for _each in range(2)]
        few = stack.enter_context(portal(urls[0], FEW, 1))
        lot = stack.enter_context(portal(urls[1], many, 730))
        found = in_turns(few, lot)
    ratios = {name: lot / few for name, (few, lot) in found.items()}
    worst = max(DAILY, key=lambda name: ratios[name])
    return Result(
        name="outbox-size",
        columns=("what", f"{FEW:,} delivered ms", f"{many:,} delivered ms", "ratio"),
        rows=[
            (name, f"{few:.2f}", f"{lot:.2f}", f"{ratios[name]:.2f}")
            for name, (few, lot) in found.items()
        ],
        figure=ratios[worst],
        goal=GOAL,
        less_is_better=True,
        unit=" × with 1,000",
        notes=(
            f"{OPEN_STREAMS} messages open, {STREAMS:,} streams, a try for each message; "
            f"{ROUNDS} rounds, median by the clock; figure: the worst of what happens "
            f"all day ({worst})",
        ),
    )


if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
