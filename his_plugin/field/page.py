"""The field group as a page of ours: in a frame of the station, or by itself.

It is opened with the same signed parameters as the script, and works without script:
the form is posted, and answered with a verdict and what is wrong, in words. Where
scripts run, the one of the group takes the form over, and ``frame.js`` tells the station
around us the size and the values. No cookie is set; a token in the form says who asks.
"""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods
from rest_framework.exceptions import APIException, Throttled

from his_plugin.api.doors import LONGEST_TOKEN, PerHolder
from his_plugin.api.views import checked, declared, standing_declaration
from his_plugin.embedding import shown_in_stations, tells_no_address
from his_plugin.field.parts import field_parts
from his_plugin.field.posted import (
    QUESTION,
    SEEN,
    Sheet,
    lines_of,
    recalled,
    rows_of,
    told,
    typed_in,
)
from his_plugin.field.texts import field_texts
from his_plugin.launch.haste import not_without_end
from his_plugin.launch.pages import refused_page
from his_plugin.launch.parameters import FIELD
from his_plugin.launch.refusals import LaunchRefused, Refusal
from his_plugin.launch.services import Trace, traced
from his_plugin.launch.stations import accept
from his_plugin.tokens import (
    Holder,
    TokenExpired,
    TokenWrong,
    holder_of,
    issue,
    now_seconds,
)
from portal.accounts.guards import public
from surgery.services.declarations import DeclarationRefused, DeclaredMeanwhile

TOKEN = "launch_token"  # noqa: S105  # the name of a form field
CHECK, DECLARE = "check", "declare"


class PageTooOld(LaunchRefused):
    """The token was ours: what was typed is shown once more. To nobody else, or a form
    of another site could put its words on a page of ours."""


@csrf_exempt  # no cookie speaks for anybody here; the token in the form does
@public
@shown_in_stations
@tells_no_address
@not_without_end
@require_http_methods(["GET", "POST"])
def field_page(request: HttpRequest) -> HttpResponse:
    """Opened by a signed link, in the address or as a form; then posted by itself."""
    sheet = Sheet(request.POST)
    try:
        if TOKEN in request.POST:
            holder = _known(request.POST[TOKEN])
            _act(holder, sheet, act=request.POST.get("act", CHECK))
        else:
            given = request.POST if request.method == "POST" else request.GET
            holder, sheet = _opened(given)
    except PageTooOld as refused:
        return refused_page(request, refused, typed=typed_in(sheet))
    except LaunchRefused as refused:
        return refused_page(request, refused)
    return _page(request, holder, sheet)


def _opened(given: QueryDict) -> tuple[Holder, Sheet]:
    """By the signed parameters; what else the address says is only typed in for us."""
    question = QueryDict(mutable=True)
    for name in QUESTION:
        question.setlist(name, given.getlist(name))
    signed = [(name, values) for name, values in given.lists() if name not in QUESTION]
    accepted = accept(signed, page=FIELD, at=timezone.now())
    doctor, launch = accepted.practitioner, accepted.launch
    token = issue(emp_no=doctor.emp_no, station=launch.station, begun_at=now_seconds())
    holder, sheet = _known(token), Sheet(question)
    _recall(holder, sheet)
    return holder, sheet


def _recall(holder: Holder, sheet: Sheet) -> None:
    """What is declared of the application already is there to be changed."""
    try:
        known = standing_declaration(holder, sheet.one("application_no"))
    except Http404 as problem:
        sheet.refuse(problem)
        return
    if known is not None:
        sheet.given = recalled(known, sheet.given)
        sheet.declaration = known["declaration"]
        sheet.saw(known)


def _known(token: str) -> Holder:
    with traced(Trace("FRAME")):
        try:
            return holder_of(token[:LONGEST_TOKEN])
        except TokenExpired:
            raise PageTooOld(Refusal.PAGE_TOKEN) from None
        except TokenWrong:
            raise LaunchRefused(Refusal.PAGE_TOKEN) from None


def _act(holder: Holder, sheet: Sheet, *, act: str) -> None:
    """Ask for the verdict, or declare; what is refused is said on the page."""
    question = sheet.question()
    try:
        _refuse_haste(holder)
        if act == DECLARE:
            number = sheet.one("application_no")
            body = {"application_no": number, "seen": sheet.seen_at()}
            kept = declared(holder, question | body)
            sheet.declaration, sheet.verdict = kept["declaration"], kept["verdict"]
            sheet.saw(kept)
        else:
            sheet.verdict = checked(holder, question)
    except (APIException, DeclarationRefused) as problem:
        sheet.refuse(problem)
        if isinstance(problem, DeclaredMeanwhile):
            _show_standing(holder, sheet)
        if act == DECLARE:
            _look(holder, sheet)


def _show_standing(holder: Holder, sheet: Sheet) -> None:
    """What a colleague declared, beside what is typed: the next click has read it."""
    known = standing_declaration(holder, sheet.one("application_no"))
    if known is not None:
        sheet.standing = typed_in(Sheet(recalled(known, QueryDict())))
        sheet.saw(known)


def _look(holder: Holder, sheet: Sheet) -> None:
    """The verdict beside a refused declaration, where there is one."""
    try:
        sheet.verdict = checked(holder, sheet.question())
    except APIException:
        sheet.verdict = None


def _refuse_haste(holder: Holder) -> None:
    """As often as the script may ask, and no more often. Throttled."""
    counted = PerHolder()
    asking: Any = SimpleNamespace(auth=holder)
    if not counted.allow_request(asking, None):  # type: ignore[arg-type]
        raise Throttled(counted.wait())


def _page(request: HttpRequest, holder: Holder, sheet: Sheet) -> HttpResponse:
    token = issue(
        emp_no=holder.practitioner.emp_no,
        station=holder.station,
        begun_at=holder.begun_at,
    )
    session = {"token": token, "texts": field_texts(), "parts": field_parts()}
    context = {
        "sheet": sheet,
        "lines": lines_of(sheet),
        "rows": rows_of(sheet),
        "verdict": told(sheet.verdict),
        "application_no": sheet.one("application_no"),
        "doctor": holder.practitioner,
        "texts": field_texts(),
        "token": token,
        "token_field": TOKEN,
        "seen_field": SEEN,
        "session": json.dumps(session, ensure_ascii=False),
        "origins": " ".join(settings.STATION_ORIGINS),
        "general_error": _general(sheet),
    }
    return render(request, "his_plugin/field_page.html", context)


def _general(sheet: Sheet) -> str:
    """What is wrong with nothing in particular, or that something is."""
    shown = {row.name for row in rows_of(sheet)} | set(QUESTION)
    for name, text in sheet.errors.items():
        if name not in shown:
            return text
    return _("有内容需要修改，见下面红字。") if sheet.errors else ""
