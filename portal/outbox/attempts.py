"""Keeping the tries of a group: by COPY where the database has it.

Django prepares every value of every row for itself; of hundreds of tries that is as much
work as everything else that is done for them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from portal.outbox.models import Attempt

COLUMNS = (
    "message_id",
    "request_id",
    "started_at",
    "duration_ms",
    "outcome",
    "code",
    "text",
    "his_row_id",
)
COPY = f"COPY outbox_attempt ({', '.join(COLUMNS)}) FROM STDIN"
# Fewer are not worth a change of the protocol's mode, which costs a round trip.
FEW = 10

Row = tuple[int, str | None, datetime, int, str, str, str, str]


def keep(rows: Sequence[Row]) -> None:
    """Insert the tries, inside the caller's transaction."""
    if connection.vendor == "postgresql" and len(rows) > FEW:
        copy(rows)
    else:
        Attempt.objects.bulk_create(
            [Attempt(**dict(zip(COLUMNS, row, strict=True))) for row in rows]
        )


def copy(rows: Sequence[Row]) -> None:
    with connection.cursor() as cursor, connection.wrap_database_errors:
        stream: Any = cursor.cursor
        with stream.copy(COPY) as target:
            for row in rows:
                target.write_row(row)
