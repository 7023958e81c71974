from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from openapi_spec_validator import validate

from portal.his.contract.catalogue import CODE_TABLES
from portal.his.contract.interfaces import FUNCTIONS, VIEWS
from portal.his.contract.interfaces.drugs import V_YW_DRUG
from portal.his.contract.openapi import description

IN_DOCS = Path(__file__).resolve().parents[4] / "docs" / "his-openapi.json"


@pytest.fixture(scope="module")
def schemas() -> Any:
    return description()["components"]["schemas"]


def test_description_in_docs_is_the_one_the_command_writes(tmp_path: Path) -> None:
    written = tmp_path / "his-openapi.json"
    call_command("his", "openapi", "--out", str(written))
    assert IN_DOCS.read_text(encoding="utf-8") == written.read_text(encoding="utf-8")


@pytest.mark.slow
def test_description_keeps_the_standard() -> None:
    validate(json.loads(IN_DOCS.read_text(encoding="utf-8")))


def test_description_has_every_interface_and_nothing_else() -> None:
    paths = set(description()["paths"])
    assert paths == {
        "/contract",
        *(f"/views/{view.name}" for view in VIEWS),
        *(f"/functions/{function.name}" for function in FUNCTIONS),
    }


def test_row_demands_the_columns_and_describes_the_further_ones(schemas: Any) -> None:
    row = schemas["V_YW_DRUG"]
    assert row["required"] == list(V_YW_DRUG.column_names)
    assert list(row["properties"]) == [item.name for item in V_YW_DRUG.all_columns]


def test_column_has_the_length_type_codes_and_emptiness_of_the_contract(
    schemas: Any,
) -> None:
    columns = schemas["V_YW_DRUG"]["properties"]
    assert columns["drug_id"] == {
        "type": "string",
        "maxLength": 32,
        "minLength": 1,
        "title": "药品内码",
        "examples": ["30218"],
    }
    assert columns["price"]["type"] == ["number", "null"]
    assert columns["price"]["examples"] == [36.5]
    assert columns["enabled"]["$ref"] == "#/components/schemas/YES_NO"
    assert columns["antibiotic_class"]["anyOf"][1:] == [{"type": "null"}, {"const": ""}]


def test_every_code_table_is_there_with_its_codes(schemas: Any) -> None:
    for name, meanings in CODE_TABLES.items():
        assert schemas[name]["enum"] == list(meanings)
