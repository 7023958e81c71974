"""A large ledger on PostgreSQL for the benchmarks, made by the database itself.

Of ten lines two were suspended and restored, one is suspended, one revoked, one renewed,
every fiftieth is void; a tenth of the changes was recorded a week late. The history rows
are those simple-history would have written.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import psycopg

from tests.services import fresh_database, postgres_cluster

PRIVILEGES = 60
PEOPLE = """
INSERT INTO directory_department (code, name, initials, subject_code, kind,
    parent_code, is_enabled, row_hash, first_seen_at, changed_at)
  VALUES ('0301', '肝胆外科', '', '', '', '', true, '', now(), now());
INSERT INTO directory_practitioner (emp_no, his_emp_id, name, initials, pinyin, sex,
    department_id, title_code, post, license_no, status, row_hash, first_seen_at,
    changed_at)
  SELECT 'B' || n, 'H' || n, '陈景行', 'cjx', 'chen jing xing', '1',
    (SELECT min(id) FROM directory_department), '232', '', '', '01', 'h', now(), now()
  FROM generate_series(1, {doctors}) AS n;
"""
# One line per doctor and number: the key of each is its own.
LINES = """
CREATE TEMP TABLE line AS
  SELECT g AS id, doctor.id AS practitioner_id, kind.id AS privilege_id,
    'I' || (g / {doctors}) AS item_code,
    (ARRAY['ALL', 'INP', 'OUTP'])[1 + g % 3] AS setting,
    timestamptz '2023-01-01 00:00+08' + ((hashint4(g) & 2147483647) % 1400) * interval '1 day'
      AS valid_from,
    CASE WHEN g % 7 > 0 THEN timestamptz '2023-01-01 00:00+08'
      + ((hashint4(g) & 2147483647) % 1400 + 365 * (1 + g % 2)) * interval '1 day' END AS valid_to
  FROM generate_series(1, {lines}) AS g
  JOIN (SELECT id, row_number() OVER (ORDER BY id) - 1 AS n
    FROM directory_practitioner) AS doctor ON doctor.n = g % {doctors}
  JOIN (SELECT id, row_number() OVER (ORDER BY id) - 1 AS n
    FROM permissions_privilege) AS kind ON kind.n = (g / {doctors}) % {privileges};
CREATE TEMP TABLE happening AS
  SELECT line.id AS grant_id, step, kind, line.valid_from + day * interval '1 day' AS at,
    CASE WHEN line.id % 100 < 10 THEN 7 ELSE 0 END * interval '1 day' AS late,
    CASE WHEN kind = 'RENEW' THEN line.valid_to + interval '365 days' END AS until,
    status
  FROM line JOIN (VALUES
    (0, 0, 'GRANT', 0, 'ACTIVE'), (0, 1, 'SUSPEND', 100, 'SUSPENDED'),
    (0, 2, 'RESTORE', 130, 'ACTIVE'),
    (1, 0, 'GRANT', 0, 'ACTIVE'), (1, 1, 'SUSPEND', 40, 'SUSPENDED'),
    (1, 2, 'RESTORE', 90, 'ACTIVE'),
    (2, 0, 'GRANT', 0, 'ACTIVE'), (2, 1, 'SUSPEND', 150, 'SUSPENDED'),
    (3, 0, 'GRANT', 0, 'ACTIVE'), (3, 1, 'REVOKE', 200, 'REVOKED'),
    (4, 0, 'GRANT', 0, 'ACTIVE'), (4, 1, 'RENEW', 300, 'ACTIVE'),
    (5, 0, 'GRANT', 0, 'ACTIVE'), (5, 1, 'VOID', 20, 'VOID'),
    (6, 0, 'GRANT', 0, 'ACTIVE'), (7, 0, 'GRANT', 0, 'ACTIVE'),
    (8, 0, 'GRANT', 0, 'ACTIVE'), (9, 0, 'GRANT', 0, 'ACTIVE')
  ) AS story (tenth, step, kind, day, status) ON story.tenth = line.id % 10
  WHERE (kind <> 'VOID' OR line.id % 50 = 5) AND (kind <> 'RENEW' OR valid_to IS NOT NULL);
"""
LEDGER = """
INSERT INTO permissions_grant (id, practitioner_id, privilege_id, item_kind, item_code,
    item_name, role, setting, campus, side, visit_no, kind, conditions, evidence, doc_no,
    valid_from, valid_to, practitioner_name, title_code, department_code,
    department_name, recorded_at)
  SELECT id, practitioner_id, privilege_id, 'PROCEDURE', item_code, '手术', 'OPERATE',
    setting, '', '', '', 'FIRST', '', '', '', valid_from, valid_to, '陈景行', '232',
    '0301', '肝胆外科', valid_from - interval '3 days' FROM line;
INSERT INTO permissions_grantevent (grant_id, kind, effective_at, recorded_at, until,
    by_id, reason_code, reason)
  SELECT grant_id, kind, at,
    CASE kind WHEN 'GRANT' THEN at - interval '3 days' ELSE at + late END, until,
    (SELECT min(id) FROM accounts_user), '', '年度授权'
  FROM happening ORDER BY at, grant_id, step;
"""
KEY = (
    "practitioner_id, privilege_id, item_kind, item_code, role, setting, campus, side,"
    " visit_no, kind"
)
STATES = f"""
CREATE TEMP TABLE state AS
  SELECT event.id AS event_id, event.grant_id, event.recorded_at, event.effective_at,
    event.kind AS what, happening.step,
    CASE WHEN event.kind = 'GRANT' OR happening.status <> 'ACTIVE' OR event.kind = 'RENEW'
      THEN happening.status ELSE 'ACTIVE' END AS status, event.until
  FROM permissions_grantevent AS event
  JOIN happening ON happening.grant_id = event.grant_id AND happening.kind = event.kind;
INSERT INTO permissions_historicalgrantstate (id, grant_id, {KEY}, status, valid_from,
    valid_to, changed_from, ended_at, last_event_id, history_date, history_type)
  SELECT g.id, g.id, practitioner_id, privilege_id, item_kind, item_code, role, setting,
    campus, side, visit_no, g.kind, status, g.valid_from, coalesce(until, g.valid_to),
    effective_at, CASE status WHEN 'REVOKED' THEN effective_at END, event_id,
    state.recorded_at, CASE step WHEN 0 THEN '+' ELSE '~' END
  FROM state JOIN permissions_grant AS g ON g.id = state.grant_id
  ORDER BY state.recorded_at, event_id;
INSERT INTO permissions_grantstate (id, grant_id, {KEY}, status, valid_from, valid_to,
    changed_from, ended_at, last_event_id)
  SELECT DISTINCT ON (id) id, grant_id, {KEY}, status, valid_from, valid_to,
    changed_from, ended_at, last_event_id
  FROM permissions_historicalgrantstate ORDER BY id, history_id DESC;
"""


@dataclass(frozen=True)
class Size:
    doctors: int
    lines: int


SIZES = {"small": Size(1_000, 60_000), "full": Size(5_000, 300_000)}


@contextmanager
def large_ledger(size: Size) -> Iterator[str]:
    """A migrated database with the ledger in it, analyzed; Django is set up on it."""
    with ExitStack() as stack:
        server = stack.enter_context(postgres_cluster(durable=True))
        url = stack.enter_context(fresh_database(server))
        set_up(url)
        fill(url, size)
        yield url
        from django.db import connections

        connections.close_all()


def set_up(url: str) -> None:
    os.environ.update(
        DJANGO_SETTINGS_MODULE="portal.settings",
        DATABASE_URL=url,
        REDIS_URL="memory://",
        LOG_LEVEL="ERROR",
    )
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    from permissions.importers import load_catalogue
    from tests.cast import make_user

    load_catalogue()
    make_user("2031", "林若川")


def fill(url: str, size: Size) -> None:
    values = {"doctors": size.doctors, "lines": size.lines, "privileges": PRIVILEGES}
    with psycopg.connect(url, autocommit=True) as link:
        link.execute("SET synchronous_commit = off")
        for text in (PEOPLE, LINES, LEDGER, STATES):
            link.execute(text.format(**values).encode())
        link.execute("VACUUM ANALYZE")


def counts(url: str) -> dict[str, int]:
    """Rows of ledger and history by table."""
    tables = ("grant", "grantevent", "grantstate", "historicalgrantstate")
    found = {}
    with psycopg.connect(url) as link:
        for name in tables:
            text = f"SELECT count(*) FROM permissions_{name}"
            row = link.execute(text.encode()).fetchone()
            found[name] = int(row[0]) if row else 0
    return found
