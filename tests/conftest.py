"""Fixtures every test may ask for; what they do stands where they are written."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings

# A machine that is busy with something else makes no test fail.
settings.register_profile(
    "portal", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("portal")
pytest.register_assert_rewrite(
    "tests.harness", "tests.pages", "tests.browsing", "tests.demo_stack"
)

from tests.browsing import (  # noqa: E402
    browser_contexts,
    browser_page,
    check_axe,
    chromium,
    portal_server,
)
from tests.demo_stack import demo_stack  # noqa: E402
from tests.harness import (  # noqa: E402
    _ledger_is_read_again,
    _on_commit_hooks_run,
    _unordered_queries_come_shuffled,
    client,
    clock,
)
from tests.mariadb import mariadb  # noqa: E402
from tests.services import (  # noqa: E402
    durable_postgres,
    durable_postgres_server,
    fresh_postgres,
    postgres_server,
    redis_process_url,
    redis_server,
)

__all__ = [
    "_ledger_is_read_again",
    "_on_commit_hooks_run",
    "_unordered_queries_come_shuffled",
    "browser_contexts",
    "browser_page",
    "check_axe",
    "chromium",
    "client",
    "clock",
    "demo_stack",
    "durable_postgres",
    "durable_postgres_server",
    "fresh_postgres",
    "mariadb",
    "portal_server",
    "postgres_server",
    "redis_process_url",
    "redis_server",
]
