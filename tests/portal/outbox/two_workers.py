"""Two workers beside each other on PostgreSQL: run by ``test_two_workers``.

``python -m tests.portal.outbox.two_workers lease`` or ``… busy <DSN of the HIS>``;
prints what came of it as one JSON document.
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from threading import Event, Thread
from typing import Any

import django

django.setup()

import psycopg  # noqa: E402
from django.db import connection  # noqa: E402
from django.utils import timezone  # noqa: E402

from portal.his.ddl.engines import ENGINES  # noqa: E402
from portal.his.ddl.requests import requests_script  # noqa: E402
from portal.his.gateway import Told  # noqa: E402
from portal.his.opening import open_target  # noqa: E402
from portal.outbox.delivery import deliver_due  # noqa: E402
from portal.outbox.models import Attempt, Message, State  # noqa: E402
from tests.contract.peers import typical_postgresql  # noqa: E402
from tests.portal.his.ddl.peers import OnPostgresql  # noqa: E402
from tests.portal.outbox.conftest import promise  # noqa: E402
from tests.portal.outbox.his_job import HisJob  # noqa: E402
from tests.portal.outbox.memory_his import MemoryHis  # noqa: E402

TABLE = "YW_PRIV_SAVE_REQ"
DOCTORS = ("001188", "001027")
# Told in one breath, they take longer than the lease (6 s).
MANY = 12
CALL_SECONDS = 1.0
HIS_SECONDS = 2.0


class SlowHis(MemoryHis):
    """Told many at once, as by a pipeline, it takes its time for each."""

    at_once = 50

    def tell_each(self, messages: Sequence[Any]) -> Iterator[Told]:
        is_under_way.set()
        for message in messages:
            time.sleep(CALL_SECONDS)
            yield Told(self.save_privilege(message), self.doctor_privilege(message))


is_under_way = Event()


def worker(act: Callable[[], None]) -> Thread:
    """A worker of its own, with its own link to our database."""

    def run() -> None:
        try:
            act()
        finally:
            connection.close()

    thread = Thread(target=run)
    thread.start()
    return thread


def told() -> dict[str, Any]:
    outcomes = Attempt.objects.order_by().values_list("outcome", flat=True)
    states = Message.objects.order_by().values_list("state", flat=True)
    return {"states": Counter(states), "tries": Counter(outcomes)}


def lease() -> dict[str, Any]:
    """One is in a long call; the other looks for work all the time."""
    his = SlowHis()
    for number in range(MANY):
        promise(str(1001 + number))
    first = worker(lambda: void(deliver_due(gateway=his, lanes=2)))
    assert is_under_way.wait(60)
    taken, looks = 0, 0
    while first.is_alive():
        taken += deliver_due(gateway=his, lanes=2).total
        looks += 1
        time.sleep(0.2)
    return {"effects": len(his.effects), "taken": taken, "looked": looks > 5} | told()


def busy(dsn: str) -> dict[str, Any]:
    """Somebody in the HIS holds the table while one worker writes; then both go on."""
    peer = typical_postgresql(dsn)
    engine = OnPostgresql(peer.dsn)
    engine.run(requests_script(ENGINES["postgresql"]))
    job = HisJob(engine)
    messages = [promise(emp_no) for emp_no in DOCTORS]

    def deliver() -> None:
        gateway = open_target(f"table+{peer.dsn}", peer.dsn, HIS_SECONDS)
        deliver_due(gateway=gateway)

    with psycopg.connect(peer.dsn) as holder:
        holder.execute(f"LOCK TABLE {TABLE} IN SHARE MODE".encode())
        worker(deliver).join()
        meanwhile = told()
        rows_then = engine.rows(f"SELECT count(*) FROM {TABLE}")  # noqa: S608
    for _turn in range(50):
        Message.objects.filter(due_at__isnull=False).update(due_at=timezone.now())
        both = [worker(deliver), worker(deliver)]
        for one in both:
            one.join()
        job.work()
        if not Message.objects.exclude(state=State.CONFIRMED).exists():
            break
    rows = engine.rows(f"SELECT request_id FROM {TABLE}")  # noqa: S608
    ours = {str(message.request_id) for message in messages}
    return told() | {
        "meanwhile": meanwhile,
        "rows_then": rows_then[0][0],
        "rows": len(rows),
        "are_ours": {row[0] for row in rows} == ours,
        "lines": len(engine.rows("SELECT emp_no FROM V_YW_DOCTOR_PRIV")),
    }


def void(_done: object) -> None:
    return None


if __name__ == "__main__":
    acts: dict[str, Callable[..., dict[str, Any]]] = {"lease": lease, "busy": busy}
    print(json.dumps(acts[sys.argv[1]](*sys.argv[2:])))
