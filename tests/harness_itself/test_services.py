"""The real parts start, are empty, and are gone afterwards."""

from __future__ import annotations

import psycopg
import pytest
import redis
from playwright.sync_api import Page

from tests.browsing import BrowserContexts, axe_violations
from tests.services import fresh_database, postgres_cluster

pytestmark = pytest.mark.integration


def test_fresh_postgres_is_empty_and_writable(fresh_postgres: str) -> None:
    with psycopg.connect(fresh_postgres) as connection:
        found = connection.execute(
            "SELECT count(*) FROM information_schema.tables WHERE table_schema='public'"
        ).fetchone()
        assert found == (0,)
        connection.execute("CREATE TABLE t (n int)")


def test_two_fresh_databases_do_not_meet(postgres_server: str) -> None:
    with fresh_database(postgres_server) as one, fresh_database(postgres_server) as two:
        with psycopg.connect(one) as connection:
            connection.execute("CREATE TABLE only_in_one (n int)")
        with psycopg.connect(two) as connection:
            found = connection.execute("SELECT to_regclass('only_in_one')").fetchone()
        assert found == (None,)


def test_durable_postgres_syncs_to_disk(durable_postgres: str) -> None:
    with psycopg.connect(durable_postgres) as connection:
        assert connection.execute("SHOW fsync").fetchone() == ("on",)


def test_cluster_is_gone_after_its_context() -> None:
    with postgres_cluster() as url:
        pass
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url, connect_timeout=2)


@pytest.mark.parametrize("round_", [1, 2])
def test_redis_server_is_empty_each_time(redis_server: str, round_: int) -> None:
    with redis.Redis.from_url(redis_server) as client:
        assert client.dbsize() == 0
        client.set("left-by", round_)


@pytest.mark.browser
def test_browser_page_speaks_chinese_at_the_station_size(browser_page: Page) -> None:
    browser_page.set_content("<title>空</title><p>空</p>")
    assert browser_page.evaluate("navigator.language") == "zh-CN"
    assert browser_page.viewport_size == {"width": 1366, "height": 768}


@pytest.mark.browser
def test_axe_names_the_rule_and_the_place(browser_page: Page) -> None:
    browser_page.set_content(
        '<html lang="zh"><title>t</title><main><h1>t</h1><input id="bare"></main>'
    )
    assert axe_violations(browser_page) == ["label: #bare"]


@pytest.mark.browser
def test_console_error_is_noted_unless_expected(
    browser_contexts: BrowserContexts,
) -> None:
    page = browser_contexts.new_page()
    browser_contexts.expect("boom")
    page.evaluate("console.error('boom')")
    page.evaluate(
        "setTimeout(function () { window.thrown = true; throw new Error('boom'); })"
    )
    page.wait_for_function("window.thrown")
    assert [problem.split(":")[0] for problem in browser_contexts.problems] == [
        "console",
        "script",
    ]
    assert browser_contexts.unexpected() == []


@pytest.mark.browser
def test_violation_of_the_content_security_policy_is_noted(
    browser_contexts: BrowserContexts,
) -> None:
    page = browser_contexts.new_page()
    page.route(
        "http://127.0.0.1:1/",
        lambda route: route.fulfill(
            body='<link rel="icon" href="data:,"><p style="color: red">a</p>',
            headers={
                "Content-Type": "text/html",
                "Content-Security-Policy": "default-src 'none'; img-src data:",
            },
        ),
    )
    browser_contexts.expect("style-src")
    page.goto("http://127.0.0.1:1/")
    assert "CSP violation: style-src-attr inline" in browser_contexts.problems[-1]
    assert browser_contexts.unexpected() == []
