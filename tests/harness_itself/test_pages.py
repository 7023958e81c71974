"""Each rule of a page, broken once and kept once."""

from __future__ import annotations

import pytest
from django.http import HttpResponse
from django.test import override_settings
from django.urls import path

from tests.pages import CheckedClient, PageProblem, page_problems

BROKEN_PAGES = [
    ("<script>go()</script>", "inline script: <script > in line 1"),
    ("<p style='color:red'>a</p>", "inline style: <p > in line 1"),
    ("<style>p {}</style>", "inline style: <style > in line 1"),
    ("<a onclick='go()'>a</a>", "inline handler onclick: <a > in line 1"),
    ("<a href=' javascript:go()'>a</a>", "javascript: URL: <a > in line 1"),
    ("<i hx-on:click='go()'></i>", "htmx would evaluate hx-on:click: <i > in line 1"),
    ("<p>{{ name }}</p>", "template syntax left over in line 1"),
    ("\n<p>{% now %}</p>", "template syntax left over in line 2"),
    ("<input name=q>", "no label for <input q> in line 1"),
    (
        "<label for=a>a</label><select id=b></select>",
        "no label for <select b> in line 1",
    ),
    (
        "<label>a</label><textarea name=t></textarea>",
        "no label for <textarea t> in line 1",
    ),
    ("<form method=POST name=f></form>", "no CSRF token: <form f> in line 1"),
    ("<form hx-post=/x name=f><i></i></form>", "no CSRF token: <form f> in line 1"),
]
KEPT_PAGES = [
    "<script src=/a.js></script>",
    '<script type="application/json">{"a": 1}</script>',
    "<label for=a>a</label><input id=a>",
    "<input id=a><label for=a>a</label>",
    "<label>a <input></label>",
    "<input aria-label=a><input type=hidden><button>a</button>",
    "<form method=get></form>",
    "<form method=post><input type=hidden name=csrfmiddlewaretoken></form>",
    """<body hx-headers='{"X-CSRFToken": "t"}'><form hx-post=/x></form></body>""",
]


@pytest.mark.parametrize(("html", "problem"), BROKEN_PAGES)
def test_page_that_breaks_a_rule_is_named(html: str, problem: str) -> None:
    assert page_problems(html) == [problem]


@pytest.mark.parametrize("html", KEPT_PAGES)
def test_page_that_keeps_the_rules_has_no_problem(html: str) -> None:
    assert page_problems(html) == []


def bad_page(request: object) -> HttpResponse:
    return HttpResponse("<p style='a:b'>a</p>")


def plain_text(request: object) -> HttpResponse:
    return HttpResponse("<p style='a:b'>", content_type="text/plain")


urlpatterns = [path("bad", bad_page), path("plain", plain_text)]


@override_settings(ROOT_URLCONF=__name__, MIDDLEWARE=[])
def test_client_refuses_a_bad_page_and_names_it(client: CheckedClient) -> None:
    with pytest.raises(PageProblem, match=r"GET /bad\ninline style: <p > in line 1"):
        client.get("/bad")


@override_settings(ROOT_URLCONF=__name__, MIDDLEWARE=[])
def test_client_reads_only_html(client: CheckedClient) -> None:
    assert client.get("/plain").status_code == 200
