"""The contract as an OpenAPI 3.1 description: what a HIS without views offers instead.

``python manage.py his openapi`` prints ``docs/his-openapi.json``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from portal.his.contract.catalogue import CODE_TABLES, table_name, table_title
from portal.his.contract.interfaces import FUNCTIONS, VIEWS
from portal.his.contract.shape import Column, Function, Type, View
from portal.his.contract.versions import VERSION

Words = dict[str, Any]

ROWS_PER_PAGE = 1000
DAY_PATTERN = r"^\d{4}-\d{2}-\d{2}$"
MOMENT_PATTERN = r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}$"
JSON_TYPES: dict[Type, Words] = {
    Type.TEXT: {"type": "string"},
    Type.INTEGER: {"type": "integer"},
    Type.NUMBER: {"type": "number"},
    Type.DATE: {"type": "string", "pattern": DAY_PATTERN},
    Type.MOMENT: {"type": "string", "pattern": MOMENT_PATTERN},
}

DESCRIPTION = """\
本描述由 HIS 接口约定生成，供以 REST/JSON 代替数据库视图的 HIS 使用；列、代码表、规则与《HIS 接口约定》相同。

- 请求与应答均为 UTF-8 的 JSON，应答的 `Content-Type` 为 `application/json`，可以用 gzip 压缩，不得重定向。
- 文本列一律为字符串，工号等编码保留前导零；日期为 `2026-11-23`，时间为 HIS 本地时间 `2026-11-23T10:18:00`，不带时区。
- 视图按键排序分页：`next` 非空时，以它为 `cursor` 取下一页；最后一页的 `next` 为 `null`。
- 维护函数无论成功与否都以 200 应答，`code` 为 `0` 即已提交；同一 `request_id` 重复调用返回首次结果。
- 其他状态：401、403 凭据不对；404 未提供该接口；429、503 稍后再试，本次未作任何修改；其余 5xx 视为结果未知，本系统先回读。"""

ERRORS = {
    "401": "凭据不对",
    "404": "未提供该接口",
    "429": "请求过多，稍后再试",
    "503": "暂停服务，稍后再试；未作任何修改",
}


def render() -> str:
    return json.dumps(description(), ensure_ascii=False, indent=1) + "\n"


def description() -> Words:
    """The whole document as plain JSON values."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "HIS 接口约定",
            "version": VERSION,
            "description": DESCRIPTION,
        },
        "servers": [{"url": "https://his.example/api/yw"}],
        "security": [{"token": []}, {"certificate": []}],
        "paths": {
            "/contract": {"get": contract_operation()},
            **{f"/views/{view.name}": {"get": view_operation(view)} for view in VIEWS},
            **{
                f"/functions/{function.name}": {"post": function_operation(function)}
                for function in FUNCTIONS
            },
        },
        "components": {
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "certificate": {"type": "mutualTLS"},
            },
            "schemas": schemas(),
            "responses": {
                status: {"description": words} for status, words in ERRORS.items()
            },
        },
    }


def schemas() -> Words:
    return {
        **{name: code_schema(name) for name in CODE_TABLES},
        **{view.name: row_schema(view) for view in VIEWS},
        **{f"{view.name}_PAGE": page_schema(view) for view in VIEWS},
        **{
            function.name: object_schema(function.arguments, function.title)
            for function in FUNCTIONS
        },
        # The three functions answer alike.
        "RESULT": object_schema(FUNCTIONS[0].results, "维护函数的结果"),
    }


def contract_operation() -> Words:
    names = {"type": "array", "items": {"type": "string"}}
    schema = {
        "type": "object",
        "required": ["version", "views", "functions"],
        "properties": {
            "version": {"type": "string", "examples": [VERSION]},
            "views": names,
            "functions": names,
        },
    }
    return {
        "operationId": "contract",
        "summary": "约定的版本和已提供的接口；本系统也以它检查 HIS 是否应答",
        "responses": answers(schema, "版本与接口"),
    }


def view_operation(view: View) -> Words:
    keys = [column for column in view.columns if column.name in view.key]
    return {
        "operationId": view.name,
        "summary": view.title,
        "description": view.purpose,
        "parameters": [
            parameter("cursor", {"type": "string"}, "上一页的 next；第一页不给"),
            parameter(
                "limit",
                {"type": "integer", "minimum": 1, "default": ROWS_PER_PAGE},
                "一页最多几行；可以少给",
            ),
            *(
                parameter(
                    item.name, column_schema(item, null=False), "只要键列为此值的行"
                )
                for item in keys
            ),
        ],
        "responses": answers(reference(f"{view.name}_PAGE"), "一页"),
    }


def function_operation(function: Function) -> Words:
    body = {"application/json": {"schema": reference(function.name)}}
    return {
        "operationId": function.name,
        "summary": function.title,
        "description": "\n".join((function.purpose, *function.rules)),
        "requestBody": {"required": True, "content": body},
        "responses": answers(reference("RESULT"), "结果"),
    }


def answers(schema: Words, words: str) -> Words:
    good = {"description": words, "content": {"application/json": {"schema": schema}}}
    failures = {
        status: {"$ref": f"#/components/responses/{status}"} for status in ERRORS
    }
    return {"200": good, **failures}


def parameter(name: str, schema: Words, words: str) -> Words:
    return {"name": name, "in": "query", "description": words, "schema": schema}


def reference(name: str) -> Words:
    return {"$ref": f"#/components/schemas/{name}"}


def page_schema(view: View) -> Words:
    return {
        "type": "object",
        "required": ["rows", "next"],
        "properties": {
            "rows": {"type": "array", "items": reference(view.name)},
            "next": {"type": ["string", "null"]},
        },
    }


def row_schema(view: View) -> Words:
    schema = object_schema(view.columns, view.title)
    further = {item.name: column_schema(item) for item in view.further}
    schema["properties"] |= further
    return schema


def object_schema(columns: Iterable[Column], title: str) -> Words:
    listed = list(columns)
    return {
        "type": "object",
        "title": title,
        "required": [item.name for item in listed],
        "properties": {item.name: column_schema(item) for item in listed},
    }


def code_schema(name: str) -> Words:
    meanings = "；".join(f"{code} {word}" for code, word in CODE_TABLES[name].items())
    return {
        "type": "string",
        "title": table_title(name),
        "description": meanings,
        "enum": list(CODE_TABLES[name]),
    }


def column_schema(column: Column, *, null: bool = True) -> Words:
    """One column; ``null`` False where it cannot be left out, as in a question."""
    words = described(column)
    is_nullable = null and column.nullable
    if column.codes is not None:
        codes = reference(table_name(column.codes))
        if is_nullable:
            return {"anyOf": [codes, {"type": "null"}, {"const": ""}], **words}
        return {**codes, **words}
    schema = dict(JSON_TYPES[column.type])
    if column.length:
        schema["maxLength"] = column.length
    if column.type is Type.TEXT and not column.nullable and not column.blank:
        schema["minLength"] = 1
    if is_nullable:
        schema["type"] = [schema["type"], "null"]
    return {**schema, **words}


def described(column: Column) -> Words:
    parts = (column.note, f"单位 {column.unit}" if column.unit else "")
    words: Words = {"title": column.title}
    if note := "；".join(part for part in parts if part):
        words["description"] = note
    if column.codes is None and column.shown_example:
        words["examples"] = [json_example(column)]
    return words


def json_example(column: Column) -> Any:
    text = column.shown_example
    if column.type is Type.INTEGER:
        return int(text)
    if column.type is Type.NUMBER:
        return float(text)
    return text.replace(" ", "T") if column.type is Type.MOMENT else text
