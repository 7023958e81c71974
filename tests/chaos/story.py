"""What happened to the changes a verdict names: our tries and the HIS' calls, by time."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

import psycopg

from tests.chaos.hospital import Hospital
from tests.chaos.judge import Verdict

# How many of the same stream before and after one are told as well.
AROUND = 4
TRIES = """
SELECT a.started_at, a.outcome || ' ' || a.code || ' ' || a.text || ' '
  || coalesce(a.request_id::text, '') || ' ' || a.duration_ms || ' ms'
FROM outbox_attempt a JOIN outbox_message m ON m.id = a.message_id
WHERE m.subject = 'chaos:' || %(number)s::text
"""
ACTS = """
SELECT e.at, e.kind FROM audit_auditevent e
JOIN outbox_message m ON e.subject_id = m.id::text
WHERE e.subject_type = 'outbox.message' AND m.subject = 'chaos:' || %(number)s::text
"""
CALLS = """
SELECT received_at::timestamptz, 'HIS called: ' || code || ' repeats ' || repeats || ' ' || request_id
FROM (
  SELECT operator, received_at, code, repeats, request_id FROM yw_priv_save_call
  UNION ALL SELECT operator, received_at, code, repeats, request_id
  FROM yw_doctor_op_save_call
  UNION ALL SELECT operator, received_at, code, repeats, request_id
  FROM yw_opgrade_save_call
) AS calls WHERE operator = %(number)s::text
"""


def tell(hospital: Hospital, verdict: Verdict, path: Path) -> None:
    """Write it down."""
    numbers = {*verdict.lost, *verdict.doubled, *verdict.disordered}
    path.write_text("\n".join(story(hospital, sorted(numbers)[:20])))


def story(hospital: Hospital, numbers: Collection[int]) -> Iterator[str]:
    changes = hospital.changes()
    with (
        psycopg.connect(hospital.database) as ours,
        psycopg.connect(hospital.his.url) as theirs,
    ):
        for number in numbers:
            same = [
                n for n, one in changes.items() if one.stream == changes[number].stream
            ]
            place = same.index(number)
            yield f"\n=== {number}, stream {changes[number].stream}"
            for near in same[max(0, place - AROUND) : place + AROUND + 1]:
                call = changes[near].call
                yield f"{near} {call.op} {changes[near].line}"
                found = [
                    *ours.execute(TRIES, {"number": near}),
                    *ours.execute(ACTS, {"number": near}),
                    *theirs.execute(CALLS, {"number": near}),
                ]
                yield from (f"    {at} {what}" for at, what in sorted(found))
