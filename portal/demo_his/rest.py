"""The interfaces again, as JSON over HTTP: what ``docs/his-openapi.json`` describes.

For HIS makers to compare with, and for a portal set up with ``rest+http://``. It asks
the same views and functions as everybody and knows nothing of its own.
"""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Callable
from datetime import date, datetime
from functools import cache, wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.gzip import gzip_page

from portal.demo_his.database import Database, DatabaseStopped
from portal.demo_his.site import current
from portal.his.contract.interfaces import FUNCTIONS, VIEWS
from portal.his.contract.openapi import ROWS_PER_PAGE
from portal.his.contract.shape import Column, Function, Type, View
from portal.his.contract.versions import VERSION
from portal.his.mapping.loader import DEMO, load

Door = Callable[..., HttpResponse]


class BadQuestion(Exception):
    """Which part of a question cannot be understood."""


@cache
def offered() -> tuple[dict[str, View], dict[str, Function]]:
    """Views and functions of this HIS by name."""
    mapping = load(DEMO)
    functions = {*mapping.functions, *mapping.provided}
    return (
        {view.name: view for view in VIEWS if view.name in mapping.views},
        {item.name: item for item in FUNCTIONS if item.name in functions},
    )


def door(method: str) -> Callable[[Door], Door]:
    """Asks for the key and the method; every failure is JSON too."""

    def made(act: Door) -> Door:
        @csrf_exempt
        @gzip_page
        @wraps(act)
        def guarded(request: HttpRequest, **names: str) -> HttpResponse:
            key = current().api_key
            given = request.headers.get("authorization", "")
            if not key:
                return problem(404, "未开放 REST 接口")
            if not secrets.compare_digest(given.encode(), f"Bearer {key}".encode()):
                return problem(401, "凭据不对")
            if request.method != method:
                return problem(405, f"只接受 {method}")
            try:
                return act(request, **names)
            except BadQuestion as question:
                return problem(400, str(question))
            except DatabaseStopped:
                # A function may have been carried out before the database went away.
                return problem(503 if method == "GET" else 504, "数据库未应答")

        return guarded

    return made


def problem(status: int, words: str) -> HttpResponse:
    return JsonResponse({"message": words}, status=status)


@door("GET")
def contract(request: HttpRequest) -> HttpResponse:
    views, functions = offered()
    current().front.row("SELECT 1 AS is_there")
    return JsonResponse(
        {"version": VERSION, "views": [*views], "functions": [*functions]}
    )


@door("GET")
def read(request: HttpRequest, name: str) -> HttpResponse:
    """One page of a view in the order of its key."""
    view = offered()[0].get(name)
    if view is None:
        return problem(404, "未提供该接口")
    limit = limit_of(request.GET.get("limit"))
    rows = page(current().front, view, request.GET.dict(), limit)
    after = cursor_after(view, rows[-1]) if len(rows) == limit else None
    listed = [row_json(view, row) for row in rows]
    return JsonResponse({"rows": listed, "next": after})


@door("POST")
def call(request: HttpRequest, name: str) -> HttpResponse:
    """Carry a maintenance function out, once for each request id."""
    function = offered()[1].get(name)
    if function is None:
        return problem(404, "未提供该接口")
    return JsonResponse(
        answer_of(current().front, function, arguments(request, function))
    )


def page(
    database: Database, view: View, given: dict[str, str], limit: int
) -> list[dict[str, Any]]:
    """At most ``limit`` rows behind the cursor, of the asked keys alone."""
    conditions = [f"{name} = :{name}" for name in view.key if name in given]
    values: dict[str, Any] = {name: given[name] for name in view.key if name in given}
    if "cursor" in given:
        places = [f"c{number}" for number in range(len(view.key))]
        behind = ", ".join(f":{place}" for place in places)
        conditions.append(f"({', '.join(view.key)}) > ({behind})")
        values |= dict(zip(places, cursor_of(view, given["cursor"]), strict=True))
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    query = (
        f"SELECT * FROM {view.name}{where}"  # noqa: S608  # names of the contract
        f" ORDER BY {', '.join(view.key)} LIMIT {limit}"
    )
    return database.rows(query, **values)


def limit_of(text: str | None) -> int:
    if text is None:
        return ROWS_PER_PAGE
    if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= ROWS_PER_PAGE):
        raise BadQuestion(f"limit 须为 1 至 {ROWS_PER_PAGE}")
    return int(text)


def cursor_after(view: View, row: dict[str, Any]) -> str:
    key = [plain(row[name]) for name in view.key]
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode()


def cursor_of(view: View, text: str) -> list[str | int]:
    try:
        key = json.loads(base64.urlsafe_b64decode(text))
    except ValueError:
        raise BadQuestion("cursor 不是本接口给出的") from None
    is_ours = isinstance(key, list) and len(key) == len(view.key)
    if not is_ours or not all(isinstance(part, str | int) for part in key):
        raise BadQuestion("cursor 不是本接口给出的")
    return list(key)


def row_json(view: View, row: dict[str, Any]) -> dict[str, Any]:
    return {
        column.name: value_json(column, row[column.name])
        for column in view.all_columns
        if column.name in row
    }


def value_json(column: Column, value: Any) -> Any:
    """SQLite gives texts where PostgreSQL gives days and numbers."""
    if value is None:
        return None
    if column.type is Type.INTEGER:
        return int(value)
    if column.type is Type.NUMBER:
        return float(value)
    text = str(plain(value))
    return text[:19].replace(" ", "T") if column.type is Type.MOMENT else text


def plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date | datetime) else value


def arguments(request: HttpRequest, function: Function) -> dict[str, Any]:
    """Those of the contract, all of them; raises BadQuestion."""
    try:
        given = json.loads(request.body)
    except ValueError:
        raise BadQuestion("请求不是 JSON") from None
    names = [item.name for item in function.arguments]
    if not isinstance(given, dict) or set(given) != set(names):
        raise BadQuestion(f"参数须为 {'、'.join(names)}")
    for item in function.arguments:
        refuse_misfit(item, given[item.name])
    return given


def refuse_misfit(item: Column, value: Any) -> None:
    if value is None and item.nullable:
        return
    if item.type is Type.INTEGER:
        is_good = isinstance(value, int)
    elif item.type is Type.DATE:
        is_good = isinstance(value, str) and is_day(value)
    else:
        is_good = isinstance(value, str) and len(value) <= item.length
    if not is_good:
        raise BadQuestion(f"{item.name} 与接口约定不符")


def is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def answer_of(
    database: Database, function: Function, values: dict[str, Any]
) -> dict[str, Any]:
    """On SQLite through the inbox table, on PostgreSQL through the function."""
    names = ", ".join(item.name for item in function.arguments)
    places = ", ".join(f":{item.name}" for item in function.arguments)
    results = ", ".join(item.name for item in function.results)
    if not database.is_sqlite:
        query = f"SELECT {results} FROM {function.name.lower()}({places})"  # noqa: S608  # names of the contract
        return database.rows(query, **values)[0]
    database.run(
        f"INSERT INTO {function.name} ({names}) VALUES ({places})"  # noqa: S608  # names of the contract
        " ON CONFLICT (request_id) DO NOTHING",
        **values,
    )
    query = f"SELECT {results} FROM {function.name} WHERE request_id = :request_id"  # noqa: S608  # names of the contract
    return database.rows(query, request_id=values["request_id"])[0]
