"""What every page of the demo HIS shares: its shell, its policy, its bad moments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from portal.demo_his import queries
from portal.demo_his.clock import now_text
from portal.demo_his.database import Database, DatabaseStopped
from portal.demo_his.site import current

Answer = Callable[[HttpRequest], HttpResponse]
Row = dict[str, Any]


class Missing(Exception):
    """The HIS has no such doctor, patient or sheet; says which."""


def page(
    request: HttpRequest, template: str, context: Row, *, status: int = 200
) -> HttpResponse:
    shell = {"portal": current().portal_url, "clock": now_text()}
    return render(request, template, shell | context, status=status)


def operator(database: Database, emp_no: str) -> Row:
    """Who works at the station; raises Missing."""
    doctor = queries.doctor(database, emp_no)
    if doctor is None:
        raise Missing(f"没有工号为 {emp_no[:20]} 的在岗医生。")
    return doctor


def number_of(text: str) -> int | None:
    """An id out of an address; nonsense is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


class HouseRules:
    """Nothing inline, nothing from elsewhere but the portal; faults get a page."""

    def __init__(self, get_response: Answer) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self._get_response(request)
        response.setdefault("Content-Security-Policy", policy(current().portal_url))
        response.setdefault("Referrer-Policy", "same-origin")
        response.setdefault("X-Content-Type-Options", "nosniff")
        if not request.path.startswith("/static/"):
            response.setdefault("Cache-Control", "no-store")
        return response

    def process_exception(
        self, request: HttpRequest, problem: Exception
    ) -> HttpResponse | None:
        if isinstance(problem, DatabaseStopped):
            return page(request, "his/stopped.html", {}, status=503)
        if isinstance(problem, Missing):
            return missing(request, problem)
        return None


def policy(portal: str) -> str:
    rules = {
        "default-src": "'none'",
        "script-src": f"'self' {portal}",
        "style-src": f"'self' {portal}",
        "img-src": f"'self' data: {portal}",
        "font-src": f"'self' {portal}",
        "connect-src": f"'self' {portal}",
        "frame-src": portal,
        "form-action": f"'self' {portal}",
        "base-uri": "'none'",
        "frame-ancestors": "'self'",
    }
    return "; ".join(f"{name} {sources}" for name, sources in rules.items())


def missing(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404, in the words of who raised it."""
    words = str(exception) if isinstance(exception, Missing) else ""
    words = words or "没有这个页面。"
    return page(request, "his/missing.html", {"words": words}, status=404)


def broken(request: HttpRequest) -> HttpResponse:
    return page(request, "his/broken.html", {}, status=500)


def refuse_foreign_form(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that did not come from our own page."""
    return page(request, "his/foreign.html", {}, status=403)
