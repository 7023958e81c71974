"""A HIS on PostgreSQL that witnesses every effect it has, in order.

The smallest HIS of the contract suite, with many doctors and a trigger that notes who
changed which line: ``operator`` carries the number of the change in these tests.
"""

from __future__ import annotations

from dataclasses import dataclass

import psycopg

from tests.contract.peers import small_postgresql

NOTE = """
CREATE OR REPLACE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_sleep(%s);
  INSERT INTO effect (emp_no, change) VALUES (trim(NEW.emp_no), NEW.last_operator::int);
  RETURN NEW;
END $$;
"""
WITNESS = """
CREATE TABLE effect (
  seq bigserial PRIMARY KEY, emp_no text, change integer, at timestamptz DEFAULT now()
);
CREATE TRIGGER note AFTER INSERT OR UPDATE ON line FOR EACH ROW EXECUTE FUNCTION note();
INSERT INTO person
  SELECT number::text, 'H' || number, 'D' || number, 'd', '1', '0401', '普外科', '233',
    NULL, NULL, NULL, '01', now(), NULL
  FROM generate_series(1001, 1000 + %s) AS number;
"""


@dataclass(frozen=True)
class WitnessHis:
    dsn: str

    def takes(self, seconds: float) -> None:
        """So long for each change, from now on."""
        with psycopg.connect(self.dsn) as server:
            server.execute((NOTE % seconds).encode())

    def effects(self) -> list[tuple[str, int]]:
        """(staff number, number of the change) in the order they took effect."""
        with psycopg.connect(self.dsn) as server:
            rows = server.execute("SELECT emp_no, change FROM effect ORDER BY seq")
            return [(emp_no, change) for emp_no, change in rows.fetchall()]

    def answered_requests(self) -> int:
        with psycopg.connect(self.dsn) as server:
            row = server.execute("SELECT count(*) FROM log").fetchone()
            assert row is not None
            return int(row[0])


def witness_his(dsn: str, doctors: int, seconds: float) -> WitnessHis:
    """With so many doctors; each change takes so long."""
    small_postgresql(dsn)
    with psycopg.connect(dsn) as server:
        # Numbers only, nothing of anybody else: safe to put into the text.
        server.execute(((NOTE + WITNESS) % (seconds, doctors)).encode())
    return WitnessHis(dsn)
