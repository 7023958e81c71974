"""Our two kinds of tables at the HIS: the calls of a function, and the log of changes."""

from __future__ import annotations

from portal.his.contract.shape import Column, Type
from portal.his.ddl.engines import Engine
from portal.his.ddl.functions import LOG_COLUMNS, LOG_SEQUENCE, LOG_TABLE, Body

REFUSAL = "YW_CHANGE_LOG 只增不改"


def calls_table(body: Body) -> str:
    """Every call with its answer; the key makes a repeat harmless."""
    engine = body.engine
    is_inbox = engine.name == "sqlite"
    default = f" DEFAULT ({engine.now})" if is_inbox else ""
    first, *others = body.arguments
    lines = [f"{first.name} {engine.type_of(first)} NOT NULL PRIMARY KEY"]
    lines += [
        f"{column.name} {engine.type_of(column)}"
        for column in (*others, *body.map.function.results)
    ]
    repeats = engine.types[Type.INTEGER]
    moment = engine.types[Type.MOMENT]
    lines.append(f"repeats {repeats} DEFAULT 0 NOT NULL")
    lines.append(f"received_at {moment}{default} NOT NULL")
    return create(body.calls, lines, engine)


def log_table(engine: Engine) -> str:
    lines = [
        f"seq {engine.counting_key}"
        if column.name == "seq"
        else f"{column.name} {engine.type_of(column)}{not_null(column)}"
        for column in LOG_COLUMNS
    ]
    return create(LOG_TABLE, lines, engine)


def not_null(column: Column) -> str:
    return "" if column.nullable else " NOT NULL"


def create(name: str, lines: list[str], engine: Engine) -> str:
    """Once; a table that is there stays as it is."""
    inside = ",\n  ".join(lines)
    match engine.name:
        case "sqlserver":
            return (
                f"IF OBJECT_ID(N'{name}', N'U') IS NULL\n"
                f"CREATE TABLE {name} (\n  {inside}\n);"
            )
        case "oracle":
            return unless_there(f"CREATE TABLE {name} (\n  {inside}\n)")
        case _:
            return f"CREATE TABLE IF NOT EXISTS {name} (\n  {inside}\n);"


def unless_there(statement: str) -> str:
    """Oracle: ORA-00955 says that the name is taken, which is what we want."""
    quoted = statement.replace("'", "''")
    return (
        f"BEGIN\n  EXECUTE IMMEDIATE '{quoted}';\n"
        "EXCEPTION\n  WHEN OTHERS THEN\n"
        "    IF SQLCODE <> -955 THEN\n      RAISE;\n    END IF;\nEND;"
    )


def log_sequence() -> str:
    return unless_there(f"CREATE SEQUENCE {LOG_SEQUENCE}")


def log_triggers(engine: Engine) -> list[str]:
    """Nobody changes or deletes a line of the log, the owner of the tables included."""
    return {
        "postgresql": on_postgresql,
        "mysql": on_mysql,
        "sqlserver": on_sql_server,
        "oracle": on_oracle,
        "sqlite": on_sqlite,
    }[engine.name]()


def on_postgresql() -> list[str]:
    return [
        f"CREATE OR REPLACE FUNCTION yw_change_log_keep() RETURNS TRIGGER\n"
        f"LANGUAGE plpgsql AS $$\nBEGIN\n  RAISE EXCEPTION '{REFUSAL}';\nEND $$;",
        f"DROP TRIGGER IF EXISTS YW_CHANGE_LOG_KEEP ON {LOG_TABLE};",
        f"CREATE TRIGGER YW_CHANGE_LOG_KEEP BEFORE UPDATE OR DELETE ON {LOG_TABLE}\n"
        "FOR EACH ROW EXECUTE FUNCTION yw_change_log_keep();",
    ]


def on_mysql() -> list[str]:
    found = []
    for act in ("UPDATE", "DELETE"):
        name = f"YW_CHANGE_LOG_{act}"
        found += [
            f"DROP TRIGGER IF EXISTS {name}",
            f"CREATE TRIGGER {name} BEFORE {act} ON {LOG_TABLE} FOR EACH ROW\n"
            f"BEGIN\n  SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = '{REFUSAL}';\nEND",
        ]
    return found


def on_sql_server() -> list[str]:
    return [
        f"CREATE OR ALTER TRIGGER YW_CHANGE_LOG_KEEP ON {LOG_TABLE}\n"
        "INSTEAD OF UPDATE, DELETE\nAS\nBEGIN\n"
        f"  THROW 50001, N'{REFUSAL}', 1;\nEND;"
    ]


def on_oracle() -> list[str]:
    return [
        f"CREATE OR REPLACE TRIGGER YW_CHANGE_LOG_KEEP\n"
        f"BEFORE UPDATE OR DELETE ON {LOG_TABLE}\nFOR EACH ROW\nBEGIN\n"
        f"  RAISE_APPLICATION_ERROR(-20001, '{REFUSAL}');\nEND;"
    ]


def on_sqlite() -> list[str]:
    found = []
    for act in ("UPDATE", "DELETE"):
        name = f"YW_CHANGE_LOG_{act}"
        found += [
            f"DROP TRIGGER IF EXISTS {name};",
            f"CREATE TRIGGER {name} BEFORE {act} ON {LOG_TABLE} BEGIN\n"
            f"  SELECT RAISE(ABORT, '{REFUSAL}');\nEND;",
        ]
    return found
