"""Every driver of a HIS database, by a DSN that only lacks the port."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path


def microsoft() -> Path:
    """The ODBC driver inside the wheel, found without loading it."""
    wheel = find_spec("mssql_python_odbc")
    assert wheel is not None
    assert wheel.origin is not None
    libraries = "libs/linux/debian_ubuntu/*/lib/libmsodbcsql-18*"
    return next(Path(wheel.origin).parent.glob(libraries))


MICROSOFT = microsoft()
FREETDS = Path("/usr/lib/x86_64-linux-gnu/odbc/libtdsodbc.so")

DSNS = {
    "psycopg": "postgresql+psycopg://yw:secret@127.0.0.1:{port}/his",
    "kingbase": "kingbase+psycopg://yw:secret@127.0.0.1:{port}/his",
    "pymysql": "mysql+pymysql://yw:secret@127.0.0.1:{port}/his",
    "oracledb": "oracle+oracledb://yw:secret@127.0.0.1:{port}/?service_name=his",
    "mssqlpython": "mssql+mssqlpython://yw:secret@127.0.0.1:{port}/his",
    "pymssql": "mssql+pymssql://yw:secret@127.0.0.1:{port}/his",
    "pyodbc with Microsoft's": (
        f"mssql+pyodbc://yw:secret@127.0.0.1:{{port}}/his?driver={MICROSOFT}"
    ),
    "pyodbc with FreeTDS": (
        f"mssql+pyodbc://yw:secret@127.0.0.1:{{port}}/his?driver={FREETDS}"
    ),
}
