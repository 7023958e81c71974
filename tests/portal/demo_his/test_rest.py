"""The REST door of the demo HIS, beside what the contract suite asks of it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from portal.demo_his import rest
from portal.demo_his.site import Site
from portal.his.contract.openapi import description

FUNCTION_NAMES = ["YW_PRIV_SAVE", "YW_OPGRADE_SAVE", "YW_DOCTOR_OP_SAVE"]
KEY = "rest-key-0001"
MESSAGE = {
    "request_id": "6f1c0a52-0001",
    "op": "ADD",
    "emp_no": "001188",
    "priv_code": "RX01",
    "setting": "ALL",
    "item_code": "",
    "his_value": "1",
    "valid_from": "2050-12-01",
    "valid_to": None,
    "reason": "年度授权",
    "doc_no": "",
    "operator": "009001",
}


@pytest.fixture
def api(his: Site) -> Client:
    his.api_key = KEY
    return Client(headers={"authorization": f"Bearer {KEY}"})


def get(api: Client, path: str, **question: Any) -> Any:
    answer = api.get(f"/api/yw/{path}", question)
    assert answer.status_code == 200, answer.content
    return answer.json()


def schema_of(name: str) -> Any:
    """A validator for one schema of the description."""
    resource: Any = Resource.opaque(description())
    registry: Any = Registry().with_resource("urn:his", resource)
    reference = {"$ref": f"urn:his#/components/schemas/{name}"}
    return Draft202012Validator(reference, registry=registry)


def test_door_is_closed_without_a_key_of_the_site(his: Site) -> None:
    client = Client(headers={"authorization": "Bearer "})
    assert client.get("/api/yw/contract").status_code == 404


@pytest.mark.parametrize("given", ["", "Bearer wrong", f"Basic {KEY}", "Bearer 钥匙"])
def test_door_is_shut_to_another_key(his: Site, given: str) -> None:
    his.api_key = KEY
    client = Client(headers={"authorization": given})
    for path in ("contract", "views/V_YW_DOCTOR", "functions/YW_PRIV_SAVE"):
        assert client.get(f"/api/yw/{path}").status_code == 401


@pytest.mark.slow
def test_every_row_of_every_view_is_as_described(api: Client) -> None:
    offered = get(api, "contract")
    assert offered["functions"] == FUNCTION_NAMES
    assert len(offered["views"]) > 5
    for name in offered["views"]:
        page = get(api, f"views/{name}")
        faults = [
            f"{name}: {fault.message}"
            for row in page["rows"][:20]
            for fault in schema_of(name).iter_errors(row)
        ]
        assert faults == []


def test_pages_give_each_row_once_in_the_order_of_the_key(api: Client) -> None:
    seen: list[Any] = []
    more: dict[str, str] = {}
    while True:
        page = get(api, "views/V_YW_DOCTOR_DEPT", limit=100, **more)
        seen += [tuple(row.items()) for row in page["rows"]]
        if not page["next"]:
            break
        more = {"cursor": page["next"]}
    whole = get(api, "views/V_YW_DOCTOR_DEPT")["rows"]

    assert len(seen) > 200
    assert seen == [tuple(row.items()) for row in whole]
    assert len(set(seen)) == len(seen)


@pytest.mark.parametrize(
    "question",
    [
        {"limit": "0"},
        {"limit": "x"},
        {"limit": "1001"},
        {"cursor": "x"},
        {"cursor": "W10="},
    ],
)
def test_question_that_makes_no_sense_is_refused(
    api: Client, question: dict[str, str]
) -> None:
    assert api.get("/api/yw/views/V_YW_DOCTOR", question).status_code == 400


def test_what_the_his_does_not_offer_is_not_found(api: Client) -> None:
    assert api.get("/api/yw/views/V_YW_FRONT_PAGE").status_code == 404
    assert api.get("/api/yw/views/sqlite_master").status_code == 404
    assert api.post("/api/yw/functions/YW_FRONT_PAGE_SAVE").status_code == 404
    assert api.get("/api/yw/functions/YW_PRIV_SAVE").status_code == 405


@pytest.mark.parametrize(
    "change",
    [
        {"valid_from": "2050-13-01"},
        {"valid_from": None},
        {"emp_no": 1188},
        {"reason": "长" * 201},
        {"more": "x"},
    ],
)
def test_call_that_breaks_the_contract_reaches_no_table(
    api: Client, his: Site, change: dict[str, Any]
) -> None:
    answer = api.post(
        "/api/yw/functions/YW_PRIV_SAVE",
        json.dumps(MESSAGE | change),
        content_type="application/json",
    )
    assert answer.status_code == 400
    assert his.database.rows("SELECT * FROM YW_PRIV_SAVE") == []


def test_stopped_database_is_said_so(api: Client, his: Site) -> None:
    his.way.go_down()
    assert api.get("/api/yw/contract").status_code == 503
    answer = api.post(
        "/api/yw/functions/YW_PRIV_SAVE",
        json.dumps(MESSAGE),
        content_type="application/json",
    )
    assert answer.status_code == 504


def test_offered_is_what_the_mapping_has() -> None:
    views, functions = rest.offered()
    assert "V_YW_DOCTOR" in views
    assert list(functions) == FUNCTION_NAMES
