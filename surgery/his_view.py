"""What was declared, as a view the HIS may read: no patient, the values that stand.

The view is made anew after every migration rather than by one: SQLite and PostgreSQL
let nobody change a table that a view looks at.
"""

from __future__ import annotations

from typing import Any

from django.db import connections

NAME = "V_YW_SURGERY_DECLARED"
TEAM, ITEMS = f"{NAME}_TEAM", f"{NAME}_ITEM"
NAMES = (NAME, TEAM, ITEMS)
COLUMNS = (
    *("application_no", "planned_at", "is_planned", "nature", "reoperation"),
    *("reoperation_cause", "reoperation_reason", "first_operation"),
    *("side", "site", "technique", "technique_text"),
    *("preop_discussion", "preop_discussed_at", "mdt", "verdict_code", "declared_at"),
)
FLAGS = ("is_rescue", "is_day", "is_mini")
PEOPLE = {"surgeon": "surgeon_no", "applicant": "applicant_no"}
TABLES = frozenset(
    {
        "surgery_surgeryapplication",
        "surgery_applicationprocedure",
        "surgery_applicationmember",
        "directory_practitioner",
    }
)
# Of an older state of the database there is nothing to look at.
NEWEST_COLUMN = "technique_text"


def statements(vendor: str) -> list[str]:
    """One statement for each view."""
    true = "TRUE" if vendor == "postgresql" else "1"
    false = "FALSE" if vendor == "postgresql" else "0"
    flags = [f"CASE WHEN a.{one} = {true} THEN 1 ELSE 0 END AS {one}" for one in FLAGS]
    names = [f"{person}.emp_no AS {column}" for person, column in PEOPLE.items()]
    joins = " ".join(
        f"JOIN directory_practitioner {one} ON {one}.id = a.{one}_id" for one in PEOPLE
    )
    columns = ", ".join([*(f"a.{one}" for one in COLUMNS), *flags, *names])
    plain = f"m.is_dropped = {false}"
    line = "SELECT a.application_no, m.position"
    of = "JOIN surgery_surgeryapplication a ON a.id = m.application_id"
    return [
        f"CREATE VIEW {NAME} AS SELECT {columns} FROM surgery_surgeryapplication a {joins}",  # noqa: S608  # names of this file
        f"CREATE VIEW {TEAM} AS {line}, m.role, m.emp_no, m.name "  # noqa: S608
        f"FROM surgery_applicationmember m {of} WHERE {plain}",
        f"CREATE VIEW {ITEMS} AS {line}, m.code, m.name, m.grade "  # noqa: S608
        f"FROM surgery_applicationprocedure m {of} WHERE {plain}",
    ]


def take_down(*, using: str, plan: Any = (), **_signal: Any) -> None:
    """Before tables change; a run that changes nothing leaves views and grants alone."""
    if plan:
        _drop(using)


def put_up(*, using: str, **_signal: Any) -> None:
    """After the tables have changed, or where the views are not there yet."""
    connection = connections[using]
    with connection.cursor() as cursor:
        info = connection.introspection.get_table_list(cursor)
        there = {one.name.lower() for one in info}
        if not there >= TABLES or NAME.lower() in there:
            return
        columns = connection.introspection.get_table_description(
            cursor, "surgery_surgeryapplication"
        )
        if NEWEST_COLUMN not in {one.name for one in columns}:
            return
        for statement in statements(connection.vendor):
            cursor.execute(statement)


def _drop(using: str) -> None:
    with connections[using].cursor() as cursor:
        for name in NAMES:
            cursor.execute(f"DROP VIEW IF EXISTS {name}")
