"""How PostgreSQL narrows 变更日志 by what is archived: run by ``test_log_on_postgresql``.

Prints a line for each case: its name, the indexes and scans of its plan, and the rows
it found.
"""

from __future__ import annotations

import json
from typing import Any

import django

django.setup()

from django.db import connection  # noqa: E402
from django.http import QueryDict  # noqa: E402
from django.utils import timezone  # noqa: E402

from portal.accounts.capabilities import Capability  # noqa: E402
from portal.audit.models import AuditEvent, EventKind  # noqa: E402
from portal.desk.lists_log import read  # noqa: E402
from portal.desk.log_sources import entries  # noqa: E402
from tests.cast import make_practitioner  # noqa: E402
from tests.permissions.list_plans import nodes  # noqa: E402
from tests.services import wait_until  # noqa: E402

CASES = (
    ("same", "view=grants&arrival=same"),
    ("acts upon one doctor's", "view=his&doctor=1188"),
    ("acts upon messages found by name", "view=his&q=王若谷"),
)
ROWS = 100_000
SWEPT = """
SELECT relallvisible >= relpages FROM pg_class WHERE relname = 'outbox_archivedmessage'
"""
ARCHIVE = """
INSERT INTO outbox_archivedmessage (id, month, request_id, kind, target, schema_version,
  stream, subject, payload, takes_away, state, not_before, enqueued_at, tries,
  confirmed_at, last_code, last_text, attempts, archived_at)
SELECT n, '2026-11', gen_random_uuid(), 'privilege', 'his', 1,
  'practitioner:' || (1000 + n %% 2000), 'permissions.grantevent:' || n,
  jsonb_build_object('reason', repeat('x', 400)), false,
  CASE WHEN n %% 100 = 0 THEN 'STOPPED' ELSE 'CONFIRMED' END,
  now(), now(), 1, now(), '0', '', '[]', now()
FROM generate_series(1, %s) AS n
"""


def is_swept(cursor: Any) -> bool:
    """An index alone answers only then; whoever looks meanwhile keeps rows back."""
    cursor.execute("VACUUM ANALYZE")
    cursor.execute(SWEPT)
    [swept] = cursor.fetchone()
    return bool(swept)


def main() -> None:
    make_practitioner("1188", "王若谷")
    with connection.cursor() as cursor:
        cursor.execute(ARCHIVE, [ROWS])
        AuditEvent.objects.create(
            at=timezone.now(),
            kind=EventKind.MESSAGE_RETRIED,
            subject_type="outbox.message",
            subject_id="188",
        )
        wait_until(lambda: is_swept(cursor), what="all rows are known to be visible")
        # As for disks without arms.
        cursor.execute("SET random_page_cost = 1.1")
        for name, query in CASES:
            asked = read(QueryDict(query), frozenset(Capability)).asked
            found = entries(asked)
            assert found is not None
            text, values = found.query.get_compiler(connection=connection).as_sql()
            cursor.execute(f"EXPLAIN (FORMAT JSON) {text}", values)
            [told] = cursor.fetchone()
            plan = json.loads(told) if isinstance(told, str) else told
            used = sorted(set(nodes(plan[0]["Plan"])))
            print(json.dumps([name, used, len(found)]), flush=True)


if __name__ == "__main__":
    main()
