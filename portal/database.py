"""Our own database, from the one URL an operator writes.

What a URL may say beyond host, user and name stands in ``docs/settings.md``; for SQL
Server also in ``docs/deployment-sqlserver.md``. Time-outs are always set: the defaults of
the SQL Server backend are none.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import dj_database_url

from portal.env import BadSetting

VARIABLE = "DATABASE_URL"
SQLITE_OPTIONS = {
    # WAL + IMMEDIATE: the defaults lose a quarter of concurrent writes to "locked".
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": (
        "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;PRAGMA foreign_keys=ON;"
    ),
}
POSTGRESQL_OPTIONS = {"connect_timeout": 5}
DRIVER = "ODBC Driver 18 for SQL Server"
# Word in the URL: keyword of the driver, values it may have, default.
SQL_SERVER_WORDS = {
    "encrypt": ("Encrypt", ("yes", "strict", "no"), "yes"),
    "trust_certificate": ("TrustServerCertificate", ("yes", "no"), "no"),
    "failover": ("MultiSubnetFailover", ("yes", "no"), "no"),
}
# Word in the URL: option of the backend, largest number of seconds, default.
SQL_SERVER_SECONDS = {
    "login_timeout": ("connection_timeout", 60, 5),
    "query_timeout": ("query_timeout", 3600, 60),
}

dj_database_url.register("mssql", "mssql")


def database(url: str) -> dict[str, Any]:
    """An entry of Django's ``DATABASES``; raises BadSetting."""
    try:
        found: dict[str, Any] = dict(
            dj_database_url.parse(url, conn_max_age=60, conn_health_checks=True)
        )
    except ValueError:
        # The words of the library repeat the URL, and with it the password.
        raise BadSetting(
            VARIABLE, "must be postgresql://…, mssql://… or sqlite:///…"
        ) from None
    given: dict[str, Any] = found.get("OPTIONS", {})
    match found["ENGINE"]:
        case "django.db.backends.sqlite3":
            found["OPTIONS"] = SQLITE_OPTIONS
        case "django.db.backends.postgresql":
            found["OPTIONS"] = POSTGRESQL_OPTIONS | given
        case "mssql":
            _require_driver()
            # The library makes numbers of what looks like one.
            words = {word: str(value) for word, value in given.items()}
            found["OPTIONS"] = sql_server_options(words)
        case engine:
            raise BadSetting(VARIABLE, f"{engine} is not supported")
    return found


def sql_server_options(given: dict[str, str]) -> dict[str, Any]:
    """Options of the backend from the words of the URL."""
    known = {"driver", *SQL_SERVER_WORDS, *SQL_SERVER_SECONDS}
    for word in given:
        if word not in known:
            may_be = ", ".join(sorted(known))
            raise BadSetting(VARIABLE, f"unknown word {word}; known are {may_be}")
    keywords = {
        keyword: _one_of(word, given.get(word, default), allowed)
        for word, (keyword, allowed, default) in SQL_SERVER_WORDS.items()
    }
    # Without it the backend takes for granted that the driver keeps several results
    # open, which on Linux it does not: an export that also looks names up would break.
    keywords["MARS_Connection"] = "no"
    return {
        "driver": given.get("driver", DRIVER),
        "isolation_level": "READ COMMITTED",
        "connection_retries": 0,
        "extra_params": ";".join(f"{key}={value}" for key, value in keywords.items()),
        **{
            option: _seconds(word, given.get(word, str(default)), largest)
            for word, (option, largest, default) in SQL_SERVER_SECONDS.items()
        },
    }


def _require_driver() -> None:
    for module, what in (
        ("pyodbc", "the system library libodbc2 and requirements-sqlserver.txt"),
        ("mssql", "requirements-sqlserver.txt"),
    ):
        try:
            import_module(module)
        except ImportError as problem:
            raise BadSetting(
                VARIABLE, f"SQL Server needs {what}: {problem}"
            ) from problem


def _one_of(word: str, value: str, allowed: tuple[str, ...]) -> str:
    if value not in allowed:
        raise BadSetting(VARIABLE, f"{word} must be {' or '.join(allowed)}")
    return value


def _seconds(word: str, value: str, largest: int) -> int:
    if not value.isascii() or not value.isdigit() or not 1 <= int(value) <= largest:
        raise BadSetting(VARIABLE, f"{word} must be 1 to {largest} seconds")
    return int(value)
