"""``python -m tests.sqlserver [PATH …]``: what we would send to SQL Server.

First the migrations, then the queries: those of the given tests, else of the ones that
run most different queries. A process of its own, because the backend changes parts of
Django as it is imported, and everybody else's tests shall run on Django itself.
"""

from __future__ import annotations

import sys

import pytest

MIGRATIONS = "tests/sqlserver/compile_migrations.py"
QUERIES = (
    "tests/his_plugin/test_launch.py",
    "tests/permissions/test_approve.py",
    "tests/permissions/test_changes.py",
    "tests/permissions/test_grant_list.py",
    "tests/permissions/test_ledger.py",
    "tests/portal/accounts/test_entrances.py",
    "tests/portal/accounts/test_roles.py",
    "tests/portal/desk/test_his_page.py",
    "tests/portal/desk/test_home.py",
    "tests/portal/desk/test_log.py",
    "tests/portal/desk/test_log_list.py",
    "tests/portal/desk/test_people.py",
    "tests/portal/desk/test_people_requests.py",
    "tests/portal/desk/test_search.py",
    "tests/portal/desk/test_seed.py",
    "tests/portal/directory",
    "tests/portal/outbox",
    "tests/portal/parameters",
    "tests/portal/ui/test_lists.py",
    "tests/surgery/test_declaration_list.py",
)


def main(paths: list[str]) -> int:
    """The exit code of pytest."""
    return pytest.main(
        [
            *("-q", "-n", "2", "-p", "tests.sqlserver.plugin", "--no-header"),
            *("-m", "not integration and not browser and not his and not benchmark"),
            *(paths or [MIGRATIONS, *QUERIES]),
        ]
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
