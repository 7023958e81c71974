"""The switch page: what is wrong with this HIS just now, and making it so."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_GET, require_POST

from portal.demo_his import by_hand, queries, switches
from portal.demo_his.by_hand import CannotChange, Change
from portal.demo_his.clock import day, moment
from portal.demo_his.database import DatabaseStopped
from portal.demo_his.launching import FAULTS
from portal.demo_his.pages import Missing, Row, page
from portal.demo_his.site import Site, current
from portal.demo_his.switches import CannotSwitch, State
from portal.demo_his.views_ways import WAYS
from portal.his.contract.codes import LINE_STATUS, OPERATIONS
from portal.his.contract.codes.clinical import GRADES, RIGHT_KINDS

WAY_SWITCHES = ("down", "slow", "lose", "twice")
SWITCHES = (*WAY_SWITCHES, "refuse")
BY_HAND_OPERATIONS = {**OPERATIONS, "DELETE": "删除"}
DEFAULT_DOCTOR = "1188"


@require_GET
def show(request: HttpRequest) -> HttpResponse:
    return switch_page(request)


@require_POST
def turn(request: HttpRequest, name: str, act: str) -> HttpResponse:
    """One switch on or off."""
    if name not in SWITCHES:
        raise Missing("没有这个开关。")
    try:
        if act == "off":
            turned_off(current(), name)
        else:
            turned_on(current(), name, request)
    except CannotSwitch as problem:
        return switch_page(request, problem=str(problem), status=400)
    except DatabaseStopped:
        return switch_page(request, problem="数据库连接失败，没有切换。", status=503)
    return HttpResponseRedirect(reverse("switches"))


def turned_on(site: Site, name: str, request: HttpRequest) -> None:
    if name == "refuse":
        code = request.POST.get("code", "")
        switches.refuse(site.database, code, request.POST.get("words", ""))
    else:
        seconds = switches.seconds_of(request.POST.get("seconds", ""))
        switches.turn_on(site.way, name, seconds)


def turned_off(site: Site, name: str) -> None:
    if name == "refuse":
        switches.accept(site.database)
    else:
        switches.turn_off(site.way, name)


@require_POST
def change_row(request: HttpRequest, row_id: int) -> HttpResponse:
    new = Change(
        status=request.POST.get("status", ""),
        his_value=request.POST.get("his_value", ""),
        valid_to=request.POST.get("valid_to", "").strip(),
    )
    try:
        emp_no = by_hand.change(current().database, row_id, new)
    except CannotChange as problem:
        return switch_page(request, problem=str(problem), status=400)
    return to_rows(emp_no)


@require_POST
def delete_row(request: HttpRequest, row_id: int) -> HttpResponse:
    try:
        emp_no = by_hand.delete(current().database, row_id)
    except CannotChange as problem:
        return switch_page(request, problem=str(problem), status=400)
    return to_rows(emp_no)


@require_POST
def disorder(request: HttpRequest) -> HttpResponse:
    """One row lost, one prolonged, one added, past the interface."""
    emp_no = request.POST.get("doctor", "")
    try:
        by_hand.disorder(current().database, emp_no)
    except CannotChange as problem:
        return switch_page(request, problem=str(problem), status=400)
    return to_rows(emp_no)


def to_rows(emp_no: str) -> HttpResponse:
    query = urlencode({"doctor": emp_no})
    return HttpResponseRedirect(f"{reverse('switches')}?{query}#rows")


def switch_page(
    request: HttpRequest, *, problem: str = "", status: int = 200
) -> HttpResponse:
    """The page of itself never fails: what cannot be read is said to be so."""
    site = current()
    emp_no = request.GET.get("doctor") or request.POST.get("doctor") or DEFAULT_DOCTOR
    context: Row = {
        "states": site.way.states(),
        "refusals": switches.REFUSALS,
        "faults": FAULTS,
        "ways": WAYS,
        "line_status": LINE_STATUS,
        "problem": problem,
        "emp_no": emp_no,
        "engine": "SQLite 文件" if site.database.is_sqlite else "PostgreSQL",
        "is_there": True,
    }
    try:
        context |= from_database(site, emp_no)
    except DatabaseStopped:
        nothing: list[Any] = []
        unread = State("refuse", "拒收", "", False, missing="数据库连接失败，读不到。")
        context |= {"is_there": False, "refuse": unread}
        context |= dict.fromkeys(
            ("doctors", "rows", "op_rights", "calls", "changes"), nothing
        )
    return page(request, "his/switches.html", context, status=status)


def from_database(site: Site, emp_no: str) -> Row:
    database = site.database
    return {
        "refuse": switches.refusal(database),
        "doctors": queries.doctors(database),
        "rows": [row_in_words(row) for row in by_hand.rows_of(database, emp_no)],
        "op_rights": [
            op_right_in_words(row)
            for row in database.rows(queries.OP_RIGHTS, emp_no=emp_no)
        ],
        "calls": [call_in_words(row) for row in database.rows(queries.CALLS)],
        "changes": [change_in_words(row) for row in database.rows(queries.CHANGES)],
    }


def row_in_words(row: Row) -> Row:
    return row | {
        "status": str(row["status"]),
        "his_value": row["his_value"] or "",
        "valid_from": day(row["valid_from"]),
        "valid_to": day(row["valid_to"]),
        "changed_at": moment(row["changed_at"]),
    }


def op_right_in_words(row: Row) -> Row:
    return row | {
        "kind": f"{row['kind']} {RIGHT_KINDS.get(str(row['kind']), '')}",
        "status": f"{row['status']} {LINE_STATUS.get(str(row['status']), '')}",
        "valid_from": day(row["valid_from"]),
        "valid_to": day(row["valid_to"]) or "长期",
        "changed_at": moment(row["changed_at"]),
    }


CALLED = {"YW_DOCTOR_OP_SAVE": "手术权限", "YW_OPGRADE_SAVE": "手术等级"}


def call_in_words(row: Row) -> Row:
    what = CALLED.get(row["function_name"], "")
    return row | {
        "priv_code": f"{what} {row['priv_code']}".lstrip(),
        "op_text": BY_HAND_OPERATIONS.get(row["op"] or "", row["op"] or ""),
        "received_at": moment(row["received_at"]),
        "is_refused": row["code"] != "0",
        "his_row_id": row["his_row_id"] or "—",
    }


def change_in_words(row: Row) -> Row:
    states = GRADES if row["target"] == "OPGRADE" else LINE_STATUS
    return row | {
        "op_text": BY_HAND_OPERATIONS.get(row["op"], row["op"]),
        "before": states.get(row["before_status"], "—"),
        "after": states.get(row["after_status"], "—"),
        "request_id": row["request_id"] or "—",
        "emp_no": row["emp_no"] or "—",
        "priv_code": row["priv_code"] or row["item_code"],
        "setting": row["setting"] or "—",
        "operator": row["operator"] or "—",
        "changed_at": moment(row["changed_at"]),
    }
