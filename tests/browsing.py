"""Chromium for the tests, and what every page is held to.

``browser_page`` is one page of a Chinese 1366×768 station; ``browser_contexts`` opens
one more for each further person. A console error, a broken script or a violation of
the Content-Security-Policy fails the test that saw it; a test that provokes one says
so: ``browser_contexts.expect("403")``.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Error,
    Page,
    expect,
    sync_playwright,
)

from tests.services import PartMissing, chromium_binary

VENDOR = Path(__file__).resolve().parent / "browser" / "vendor"
VIOLATIONS_TO_CONSOLE = """
document.addEventListener("securitypolicyviolation", function (event) {
  console.error("CSP violation: " + event.violatedDirective + " " + event.blockedURI);
});
"""
# A success is shown for four seconds; a machine busy with other tests looks later. Not
# for long: it lies over the buttons below it, and a click waits 20 s.
PATIENT_TOASTS = """
const soon = window.setTimeout;
window.setTimeout = function (act, ms, ...rest) {
  return soon(act, ms === 4000 ? 10000 : ms, ...rest);
};
"""
# What a page owes within five seconds on a free machine.
expect.set_options(timeout=20_000)
# Preloading would fetch the styles of another origin, which a station's page refuses.
RUN_AXE = """
async () => {
  const found = await axe.run(document, { preload: false, resultTypes: ["violations"] });
  return found.violations.map((rule) =>
    rule.id + ": " + rule.nodes.map((node) => node.target.join(" ")).join(" | "));
}
"""


@dataclass
class BrowserContexts:
    """Opens a context for each person, and collects what went wrong in all of them."""

    browser: Browser
    base_url: str | None = None
    problems: list[str] = field(default_factory=list)
    _expected: list[str] = field(default_factory=list)
    _opened: list[BrowserContext] = field(default_factory=list)

    def new_page(self, **options: Any) -> Page:
        """A page in a context of its own: other cookies, another person."""
        context = self.browser.new_context(
            **{
                "locale": "zh-CN",
                "timezone_id": "Asia/Shanghai",
                "viewport": {"width": 1366, "height": 768},
                "reduced_motion": "reduce",
                "base_url": self.base_url,
                **options,
            }
        )
        context.set_default_timeout(20_000)
        context.add_init_script(VIOLATIONS_TO_CONSOLE + PATIENT_TOASTS)
        self._opened.append(context)
        context.on("console", self._heard)
        context.on("weberror", lambda error: self._note(f"script: {error.error}"))
        return context.new_page()

    def expect(self, text: str) -> None:
        """Problems whose text contains ``text`` are what this test is about."""
        self._expected.append(text)

    def unexpected(self) -> list[str]:
        """What went wrong and was not announced."""
        return [
            problem
            for problem in self.problems
            if not any(text in problem for text in self._expected)
        ]

    def close(self) -> None:
        for context in self._opened:
            context.close()

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self._note(f"console: {message.text} ({message.location.get('url', '')})")

    def _note(self, problem: str) -> None:
        self.problems.append(problem)


@cache
def _axe_source() -> str:
    return (VENDOR / "axe.min.js").read_text(encoding="utf-8")


def axe_violations(page: Page) -> list[str]:
    """Accessibility rules the page breaks: ``rule: selectors``."""
    page.evaluate(_axe_source())
    violations: list[str] = page.evaluate(RUN_AXE)
    return violations


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The session's Chromium."""
    # Playwright's loop runs in this thread; Django would take the tests for async.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(
                executable_path=chromium_binary(),
                args=["--disable-dev-shm-usage", "--force-color-profile=srgb"],
            )
        except (PartMissing, Error) as problem:
            first = str(problem).strip().splitlines()[0]
            pytest.exit(f"cannot start what the tests need: {first}", returncode=1)
        yield browser
        browser.close()


@pytest.fixture
def browser_contexts(chromium: Browser) -> Iterator[BrowserContexts]:
    """Pages for several persons; at the end nothing unexpected may have happened."""
    contexts = BrowserContexts(chromium)
    yield contexts
    contexts.close()
    assert contexts.unexpected() == []


@pytest.fixture
def browser_page(browser_contexts: BrowserContexts) -> Page:
    """One page of a Chinese station, 1366×768."""
    return browser_contexts.new_page()


@pytest.fixture
def check_axe() -> Callable[[Page], None]:
    """``check_axe(page)`` fails with the accessibility rules the page breaks."""

    def check(page: Page) -> None:
        violations = axe_violations(page)
        assert violations == [], page.url

    return check


@pytest.fixture
def portal_server(live_server: Any) -> str:
    """URL of the portal served from this process, on the test's own database."""
    return str(live_server.url)
