"""The frame around a function's statements: one engine, one way to be called.

Whatever the engine: a request seen before gets its first answer; otherwise the call is
written down, judged, acted on and answered in one transaction. Calls of one function
follow one another, so that an overlap is always seen.
"""

from __future__ import annotations

from collections.abc import Callable
from textwrap import indent

from portal.his.contract.shape import Type
from portal.his.ddl.functions import Body

SECONDS_TO_WAIT = 30
BUSY = "HIS 忙：前一次调用还没有结束"
OK = "'0   %'"

POSTGRESQL = """\
CREATE OR REPLACE FUNCTION {function}(
  {declared})
RETURNS TABLE (code VARCHAR, message VARCHAR, his_row_id VARCHAR)
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
#variable_conflict use_column
DECLARE
  v_verdict VARCHAR(210);
  v_row VARCHAR(32);
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('{name}'));
  UPDATE {calls} SET repeats = repeats + 1 WHERE request_id = p_request_id;
  IF NOT FOUND THEN
    INSERT INTO {calls} ({columns}, received_at)
    VALUES ({values}, {now});
    v_verdict := {verdict};
    IF v_verdict LIKE {ok} THEN
{acts}
      v_row := {row_id};
    END IF;
    UPDATE {calls} SET code = RTRIM(SUBSTRING(v_verdict, 1, 4)),
      message = SUBSTRING(v_verdict, 6, 200), his_row_id = v_row
    WHERE request_id = p_request_id;
  END IF;
  RETURN QUERY SELECT c.code, c.message, c.his_row_id FROM {calls} c
    WHERE c.request_id = p_request_id;
END $$;"""

MYSQL = """\
CREATE PROCEDURE {name}(
  {declared})
SQL SECURITY DEFINER
BEGIN
  DECLARE v_verdict VARCHAR(210);
  DECLARE v_row VARCHAR(32);
  DECLARE EXIT HANDLER FOR SQLEXCEPTION
  BEGIN
    ROLLBACK;
    DO RELEASE_LOCK('{name}');
    RESIGNAL;
  END;
  IF COALESCE(GET_LOCK('{name}', {wait}), 0) = 0 THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = '{busy}';
  END IF;
  START TRANSACTION;
  IF EXISTS (SELECT 1 FROM {calls} c WHERE c.request_id = p_request_id) THEN
    UPDATE {calls} SET repeats = repeats + 1 WHERE request_id = p_request_id;
  ELSE
    INSERT INTO {calls} ({columns}, received_at)
    VALUES ({values}, {now});
    SET v_verdict = {verdict};
    IF v_verdict LIKE {ok} THEN
{acts}
      SET v_row = {row_id};
    END IF;
    UPDATE {calls} SET code = RTRIM(SUBSTRING(v_verdict, 1, 4)),
      message = SUBSTRING(v_verdict, 6, 200), his_row_id = v_row
    WHERE request_id = p_request_id;
  END IF;
  COMMIT;
  DO RELEASE_LOCK('{name}');
  SELECT c.code, c.message, c.his_row_id FROM {calls} c
    WHERE c.request_id = p_request_id;
END"""

SQL_SERVER = """\
CREATE OR ALTER PROCEDURE {name}
  {declared}
AS
BEGIN
  SET NOCOUNT ON;
  SET XACT_ABORT ON;
  DECLARE @v_verdict NVARCHAR(210);
  DECLARE @v_row NVARCHAR(32);
  DECLARE @v_lock INT;
  BEGIN TRANSACTION;
  EXEC @v_lock = sp_getapplock @Resource = N'{name}', @LockMode = N'Exclusive', @LockTimeout = {wait}000;
  IF @v_lock < 0
    THROW 50002, N'{busy}', 1;
  IF EXISTS (SELECT 1 FROM {calls} c WHERE c.request_id = @request_id)
  BEGIN
    UPDATE {calls} SET repeats = repeats + 1 WHERE request_id = @request_id;
  END
  ELSE
  BEGIN
    INSERT INTO {calls} ({columns}, received_at)
    VALUES ({values}, {now});
    SET @v_verdict = {verdict};
    IF @v_verdict LIKE {ok}
    BEGIN
{acts}
      SET @v_row = {row_id};
    END;
    UPDATE {calls} SET code = RTRIM(SUBSTRING(@v_verdict, 1, 4)),
      message = SUBSTRING(@v_verdict, 6, 200), his_row_id = @v_row
    WHERE request_id = @request_id;
  END;
  COMMIT TRANSACTION;
  SELECT c.code, c.message, c.his_row_id FROM {calls} c
    WHERE c.request_id = @request_id;
END;"""

ORACLE = """\
CREATE OR REPLACE PROCEDURE {name}(
  {declared},
  p_code OUT VARCHAR2,
  p_message OUT VARCHAR2,
  p_his_row_id OUT VARCHAR2)
AS
  v_known NUMBER;
  v_verdict VARCHAR2(1000);
  v_row VARCHAR2(32);
BEGIN
  EXECUTE IMMEDIATE 'LOCK TABLE {calls} IN EXCLUSIVE MODE';
  SELECT COUNT(*) INTO v_known FROM {calls} c WHERE c.request_id = p_request_id;
  IF v_known > 0 THEN
    UPDATE {calls} SET repeats = repeats + 1 WHERE request_id = p_request_id;
  ELSE
    INSERT INTO {calls} ({columns}, received_at)
    VALUES ({values}, {now});
    SELECT {verdict} INTO v_verdict FROM DUAL;
    IF v_verdict LIKE {ok} THEN
{acts}
      SELECT {row_id} INTO v_row FROM DUAL;
    END IF;
    UPDATE {calls} SET code = RTRIM(SUBSTR(v_verdict, 1, 4)),
      message = SUBSTR(v_verdict, 6, 200), his_row_id = v_row
    WHERE request_id = p_request_id;
  END IF;
  SELECT c.code, c.message, c.his_row_id INTO p_code, p_message, p_his_row_id
    FROM {calls} c WHERE c.request_id = p_request_id;
  COMMIT;
EXCEPTION
  WHEN OTHERS THEN
    ROLLBACK;
    RAISE;
END;"""

FRAMES = {
    "postgresql": POSTGRESQL,
    "mysql": MYSQL,
    "sqlserver": SQL_SERVER,
    "oracle": ORACLE,
}


def procedure(body: Body) -> str:
    """The statement that creates the function or procedure."""
    frame = FRAMES[body.engine.name]
    names = [column.name for column in body.arguments]
    acts = "\n".join(indent(f"{act};", " " * 6) for act in body.acts())
    values = [body.engine.argument.format(name=name) for name in names]
    verdict = body.verdict()
    return frame.format(
        name=body.name,
        function=body.name.lower(),
        calls=body.calls,
        declared=",\n  ".join(DECLARED[body.engine.name](body)),
        columns=", ".join(names),
        values=", ".join(values),
        now=body.engine.now,
        verdict=verdict if body.engine.name == "oracle" else f"({select(body)})",
        ok=OK,
        acts=acts,
        row_id=body.row_id(),
        wait=SECONDS_TO_WAIT,
        busy=BUSY,
    )


def select(body: Body) -> str:
    return f"SELECT {body.verdict()}"


def on_postgresql(body: Body) -> list[str]:
    return [
        f"p_{column.name} {without_size(body, column.type)}"
        for column in body.arguments
    ]


def on_mysql(body: Body) -> list[str]:
    return [
        f"IN p_{column.name} {body.engine.type_of(column)}" for column in body.arguments
    ]


def on_sql_server(body: Body) -> list[str]:
    return [
        f"@{column.name} {body.engine.type_of(column)}" for column in body.arguments
    ]


def on_oracle(body: Body) -> list[str]:
    return [
        f"p_{column.name} IN {without_size(body, column.type)}"
        for column in body.arguments
    ]


def without_size(body: Body, kind: Type) -> str:
    """Arguments have types only; a size would be an error there, or is ignored."""
    return body.engine.types[kind].split("(")[0]


DECLARED: dict[str, Callable[[Body], list[str]]] = {
    "postgresql": on_postgresql,
    "mysql": on_mysql,
    "sqlserver": on_sql_server,
    "oracle": on_oracle,
}


def inbox_triggers(body: Body) -> list[tuple[str, str]]:
    """SQLite has no procedures: a row put into the inbox table is judged and acted on."""
    acts = "\n".join(f"  {act};" for act in body.acts())
    name = body.name
    return [
        (
            f"{name}_REPEAT",
            f"BEFORE INSERT ON {name} BEGIN\n"
            f"  UPDATE {name} SET repeats = repeats + 1"
            " WHERE request_id = NEW.request_id;\nEND;",
        ),
        (
            f"{name}_JUDGE",
            f"AFTER INSERT ON {name} BEGIN\n"
            f"  UPDATE {name} SET (code, message) = (\n"
            "    SELECT RTRIM(SUBSTR(x.verdict, 1, 4)), SUBSTR(x.verdict, 6)\n"
            f"    FROM ({select(body)} AS verdict) x)\n"
            "  WHERE request_id = NEW.request_id;\nEND;",
        ),
        (
            f"{name}_ACT",
            f"AFTER UPDATE OF code ON {name} WHEN NEW.code = '0' BEGIN\n{acts}\n"
            f"  UPDATE {name} SET his_row_id = {body.row_id()}\n"
            "  WHERE request_id = NEW.request_id;\nEND;",
        ),
    ]
