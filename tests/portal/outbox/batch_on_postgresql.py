"""Delivers a batch on the PostgreSQL of the environment; prints what it left as JSON.

Run by ``test_batch_on_postgresql`` in a process of its own.
"""

from __future__ import annotations

import json
from typing import Any

import django

COUNT = 120
# What the wire format of a COPY has signs for.
WORDS = "成\t功\\N\n'\"{}"


def main() -> None:
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    print(json.dumps(found(), ensure_ascii=False))


def found() -> dict[str, Any]:
    from dataclasses import replace

    from django.db import connection
    from django.utils import timezone

    from portal.his.messages import Answer
    from portal.outbox.delivery import deliver_due
    from portal.outbox.models import Attempt, Message
    from portal.outbox.services import Promise, enqueue_all
    from tests.portal.outbox.memory_his import MemoryHis, priv_save

    class Wordy(MemoryHis):
        def save_privilege(self, message: Any) -> Answer:
            return replace(super().save_privilege(message), message=WORDS)

    calls = [priv_save(str(1000 + number)) for number in range(COUNT)]
    enqueue_all([Promise(call, "test:1") for call in calls], at=timezone.now())
    summary = deliver_due(gateway=Wordy())
    tries = Attempt.objects.order_by("message_id")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()")
        cursor.execute(
            "SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables"
            " WHERE relname = 'outbox_message'"
        )
        updated, in_place = cursor.fetchone()
    return {
        "tried": {str(key): count for key, count in summary.tried.items()},
        "open": Message.objects.filter(is_open=True).count(),
        "messages": [
            (row.pk, str(row.request_id), row.state, row.last_text)
            for row in Message.objects.order_by("id")
        ],
        "tries": [
            (row.message_id, str(row.request_id), row.outcome, row.text)
            for row in tries
        ],
        "durations": list(tries.values_list("duration_ms", flat=True)),
        "updated": updated,
        "in_place": in_place,
    }


if __name__ == "__main__":
    main()
