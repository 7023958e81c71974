"""Our own database from one URL: every option set, nonsense named without the secret."""

from __future__ import annotations

from typing import Any

import pytest

from portal.database import DRIVER, database
from portal.env import BadSetting

KEYWORDS = {
    "Encrypt": "yes",
    "TrustServerCertificate": "no",
    "MultiSubnetFailover": "no",
    "MARS_Connection": "no",
}


def keywords_of(found: dict[str, Any]) -> dict[str, str]:
    words = found["OPTIONS"]["extra_params"].split(";")
    return dict(word.split("=") for word in words)


def test_sql_server_is_reached_encrypted_and_with_time_outs() -> None:
    found = database("mssql://yiwu:p%40%3Bss@db.hospital:1433/yiwu")
    assert found["ENGINE"] == "mssql"
    assert (found["USER"], found["PASSWORD"]) == ("yiwu", "p@;ss")
    assert (found["HOST"], found["NAME"]) == ("db.hospital", "yiwu")
    assert keywords_of(found) == KEYWORDS
    options = found["OPTIONS"]
    assert options["driver"] == DRIVER == "ODBC Driver 18 for SQL Server"
    assert (options["connection_timeout"], options["query_timeout"]) == (5, 60)
    assert options["isolation_level"] == "READ COMMITTED"
    assert options["connection_retries"] == 0


def test_words_of_the_url_set_driver_tls_and_time_outs() -> None:
    found = database(
        "mssql://u:p@h/yiwu?driver=ODBC+Driver+17+for+SQL+Server&encrypt=strict"
        "&trust_certificate=yes&failover=yes&login_timeout=3&query_timeout=120"
    )
    assert found["OPTIONS"]["driver"] == "ODBC Driver 17 for SQL Server"
    assert found["OPTIONS"]["connection_timeout"] == 3
    assert found["OPTIONS"]["query_timeout"] == 120
    assert keywords_of(found) == KEYWORDS | {
        "Encrypt": "strict",
        "TrustServerCertificate": "yes",
        "MultiSubnetFailover": "yes",
    }


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("encrypt=maybe", "encrypt must be yes or strict or no"),
        ("trust_certificate=1", "trust_certificate must be yes or no"),
        ("login_timeout=0", "login_timeout must be 1 to 60 seconds"),
        ("query_timeout=3601", "query_timeout must be 1 to 3600 seconds"),
        ("query_timeout=soon", "query_timeout must be 1 to 3600 seconds"),
        (
            "Encrypt=yes",
            "unknown word Encrypt; known are driver, encrypt, failover,"
            " login_timeout, query_timeout, trust_certificate",
        ),
    ],
)
def test_a_word_nobody_knows_is_refused(query: str, problem: str) -> None:
    with pytest.raises(BadSetting) as refused:
        database(f"mssql://u:p@h/yiwu?{query}")
    assert str(refused.value) == f"DATABASE_URL: {problem}"


@pytest.mark.parametrize(
    "url", ["secret-word", "gopher://u:secret-word@h/x", "mysql://u:secret-word@h/x"]
)
def test_a_url_nobody_can_read_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(BadSetting) as refused:
        database(url)
    assert "secret-word" not in str(refused.value)


def test_without_the_system_library_the_message_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def import_module(name: str) -> None:
        raise ImportError("libodbc.so.2: cannot open shared object file")

    monkeypatch.setattr("portal.database.import_module", import_module)
    with pytest.raises(BadSetting) as refused:
        database("mssql://u:p@h/yiwu")
    assert str(refused.value) == (
        "DATABASE_URL: SQL Server needs the system library libodbc2 and"
        " requirements-sqlserver.txt: libodbc.so.2: cannot open shared object file"
    )


def test_words_for_postgresql_are_kept_beside_the_time_out() -> None:
    found = database("postgresql://u:p@h/yiwu?sslmode=verify-full")
    assert found["OPTIONS"] == {"connect_timeout": 5, "sslmode": "verify-full"}
