"""A person at a platform's own pages: follows where it leads, fills what it asks."""

from __future__ import annotations

from collections.abc import Mapping
from html.parser import HTMLParser
from http.cookiejar import CookieJar
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode, urljoin
from urllib.request import (
    HTTPCookieProcessor,
    HTTPRedirectHandler,
    OpenerDirector,
    Request,
    build_opener,
)

MOST_STEPS = 12


class Stay(HTTPRedirectHandler):
    """Whoever surfs decides where to go."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None


class Form(HTMLParser):
    """The first form of a page: where it goes and what stands in it."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.action: str | None = None
        self.values: dict[str, str] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "form" and self.action is None:
            self.action = said.get("action", "")
        elif tag == "input" and said.get("type") != "checkbox" and said.get("name"):
            self.values.setdefault(said["name"], said.get("value", ""))


class Surfer:
    """Its cookies are of the platform alone."""

    def __init__(self) -> None:
        self.opener: OpenerDirector = build_opener(
            HTTPCookieProcessor(CookieJar()), Stay()
        )

    def led_to(self, start: str, until: str, fill: Mapping[str, str]) -> str:
        """The first address that begins with ``until``; forms on the way are sent."""
        url, form = start, None
        for _step in range(MOST_STEPS):
            if url.startswith(until):
                return url
            location, text = self._open(url, form)
            if location:
                url, form = urljoin(url, location), None
                continue
            page = Form(text)
            assert page.action is not None, f"neither form nor redirect at {url}"
            known = {name: fill[name] for name in page.values if name in fill}
            url, form = urljoin(url, page.action or url), page.values | known
        raise AssertionError(f"not led to {until}")

    def _open(self, url: str, form: Mapping[str, str] | None) -> tuple[str, str]:
        """Where it leads, or what it shows."""
        body = None if form is None else urlencode(form).encode()
        request = Request(url, data=body, headers={"Referer": url})
        try:
            answer = self.opener.open(request, timeout=20)
        except HTTPError as other:
            answer = other
        with answer:
            return answer.headers.get("Location", ""), answer.read().decode()
