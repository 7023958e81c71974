"""What every HTML answer is held to, whoever asked for it.

No inline script or style (the Content-Security-Policy would block them), no template
syntax left over, a label for every field, a CSRF token in every form that posts.
"""

from __future__ import annotations

import re
from collections import ChainMap
from html.parser import HTMLParser
from typing import Any

from django.test import Client

UNLABELLED_TYPES = {"hidden", "submit", "button", "reset", "image"}
# What in a posting form proves where it comes from: ours, ours where no cookie is, and
# the signature of a launch.
PROOFS = {"csrfmiddlewaretoken", "launch_token", "sign"}
LEFTOVER = re.compile(r"\{\{|\{%|\{#")
URL_ATTRIBUTES = {"href", "src", "action", "formaction"}
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta"}


class PageProblem(AssertionError):
    """A page breaks a rule of the house."""


class _Reader(HTMLParser):
    """Walks one answer and notes what breaks a rule."""

    def __init__(self) -> None:
        super().__init__()
        self.problems: list[str] = []
        self._open: list[tuple[str, dict[str, str]]] = []
        self._labelled_ids: set[str] = set()
        self._unlabelled: list[tuple[str, str]] = []  # id, how to find it
        self._form: str | None = None  # where the posting form without token began

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        self._inline(tag, attributes)
        self._field(tag, attributes)
        self._posting(tag, attributes)
        if tag not in VOID:
            self._open.append((tag, attributes))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._close_form()
        for index in range(len(self._open) - 1, -1, -1):
            if self._open[index][0] == tag:
                del self._open[index:]
                return

    def finish(self) -> list[str]:
        """All problems, once the whole answer was read."""
        self.close()
        self._close_form()
        self.problems += [
            f"no label for {where}"
            for identifier, where in self._unlabelled
            if identifier not in self._labelled_ids
        ]
        return self.problems

    def _where(self, tag: str, attributes: dict[str, str]) -> str:
        name = attributes.get("name") or attributes.get("id", "")
        return f"<{tag} {name}> in line {self.getpos()[0]}"

    def _inline(self, tag: str, attributes: dict[str, str]) -> None:
        where = self._where(tag, attributes)
        is_data = attributes.get("type", "") in {"application/json", "text/plain"}
        if tag == "script" and "src" not in attributes and not is_data:
            self.problems.append(f"inline script: {where}")
        if tag == "style" or "style" in attributes:
            self.problems.append(f"inline style: {where}")
        for name, value in attributes.items():
            if name.startswith("on"):
                self.problems.append(f"inline handler {name}: {where}")
            if name.startswith("hx-on"):
                self.problems.append(f"htmx would evaluate {name}: {where}")
            is_url = name in URL_ATTRIBUTES
            if is_url and value.strip().lower().startswith("javascript:"):
                self.problems.append(f"javascript: URL: {where}")

    def _field(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "label" and "for" in attributes:
            self._labelled_ids.add(attributes["for"])
        if tag not in {"input", "select", "textarea"}:
            return
        if attributes.get("type", "text").lower() in UNLABELLED_TYPES:
            return
        is_named = attributes.get("aria-label") or attributes.get("aria-labelledby")
        is_inside_label = any(name == "label" for name, _ in self._open)
        if not is_named and not is_inside_label:
            self._unlabelled.append(
                (attributes.get("id", ""), self._where(tag, attributes))
            )

    def _posting(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "form":
            self._close_form()
            is_post = attributes.get("method", "get").lower() == "post"
            token_sent_by_htmx = any(
                "X-CSRFToken" in around.get("hx-headers", "")
                for _, around in [*self._open, (tag, attributes)]
            )
            if (is_post or "hx-post" in attributes) and not token_sent_by_htmx:
                self._form = self._where(tag, attributes)
        if tag == "input" and attributes.get("name") in PROOFS:
            self._form = None

    def _close_form(self) -> None:
        if self._form is not None:
            self.problems.append(f"no CSRF token: {self._form}")
            self._form = None


def page_problems(html: str) -> list[str]:
    """The rules this page or fragment breaks."""
    reader = _Reader()
    reader.feed(html)
    problems = reader.finish()
    if found := LEFTOVER.search(html):
        line = html.count("\n", 0, found.start()) + 1
        problems.append(f"template syntax left over in line {line}")
    return problems


class CheckedClient(Client):
    """Django's test client that refuses a page breaking the rules."""

    def request(self, **request: Any) -> Any:
        response: Any = super().request(**request)
        if page := getattr(response, "list_page", None):
            # Drawn from a kept stencil: no template told Django what it was given.
            response.context = ChainMap({"list": page}, response.context or {})
        is_page = response.headers.get("Content-Type", "").startswith("text/html")
        if is_page and not response.streaming:
            problems = page_problems(response.content.decode(response.charset))
            if problems:
                where = f"{request.get('REQUEST_METHOD')} {request.get('PATH_INFO')}"
                raise PageProblem("\n".join([where, *problems]))
        return response
