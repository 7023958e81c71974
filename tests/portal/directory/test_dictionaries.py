"""Each copy keeps what its view of the contract gives, and nothing is cut off."""

from __future__ import annotations

from typing import Any

import pytest
from django.db.models import (
    BooleanField,
    CharField,
    DateField,
    DateTimeField,
    ForeignKey,
    IntegerField,
)

from portal.directory.dictionaries import DICTIONARIES, Dictionary
from portal.his.contract.codes import YES_NO
from portal.his.contract.interfaces import VIEWS_IN_USE
from portal.his.contract.shape import Column, Type
from surgery.sync import FACTS

KEPT = [
    (dictionary, column, name)
    for dictionary in (*DICTIONARIES, *FACTS)
    for column, name in dictionary.kept
]
NOT_COPIED = {
    "V_YW_DOCTOR": ["py", "dept_name"],  # read from the name; kept by the department
    # Of the patient only keys of the encounter.
    "V_YW_SURGERY_APPLY": ["patient_id", "inpatient_no", "name", "bed", "preop_diag"],
    "V_YW_OPERATION": ["inpatient_no", "name"],
}


def id_of(value: Any) -> str:
    return str(getattr(value, "name", value))


def test_every_view_the_portal_reads_whole_has_its_copy() -> None:
    read_by_key = {"V_YW_DOCTOR_PRIV", "V_YW_DOCTOR_OP"}
    named = {view.name for view in VIEWS_IN_USE} - read_by_key
    assert {one.name for one in (*DICTIONARIES, *FACTS)} == named


@pytest.mark.parametrize("dictionary", [*DICTIONARIES, *FACTS], ids=id_of)
def test_every_column_but_the_watermark_is_kept(dictionary: Dictionary) -> None:
    kept = {column.name for column, _name in dictionary.kept}
    missing = [name for name in dictionary.view.column_names if name not in kept]
    assert missing == [*NOT_COPIED.get(dictionary.name, []), "last_modified"]
    assert set(dictionary.renamed) <= set(dictionary.view.column_names)


@pytest.mark.parametrize(("dictionary", "column", "name"), KEPT, ids=id_of)
def test_field_holds_whatever_the_contract_allows(
    dictionary: Dictionary, column: Column, name: str
) -> None:
    field: Any = dictionary.model._meta.get_field(name)
    if isinstance(field, ForeignKey):
        is_by_code = name == "department"
        field = (
            field.related_model._meta.get_field("code")
            if is_by_code
            else field.target_field
        )
    if isinstance(field, BooleanField):
        assert column.codes is YES_NO
        assert field.null is column.nullable
        return
    kinds: dict[Type, Any] = {
        Type.TEXT: CharField,
        Type.DATE: DateField,
        Type.INTEGER: IntegerField,
        Type.MOMENT: DateTimeField,
    }
    assert type(field) is kinds[column.type]
    if column.type is Type.TEXT:
        assert field.max_length >= column.length
    if column.type in {Type.DATE, Type.MOMENT}:
        assert field.null is column.nullable


@pytest.mark.parametrize("dictionary", [*DICTIONARIES, *FACTS], ids=id_of)
def test_key_of_the_view_is_the_key_of_the_copy(dictionary: Dictionary) -> None:
    meta: Any = dictionary.model._meta
    unique = {
        tuple(meta.get_field(name).attname for name in item.fields)
        for item in meta.total_unique_constraints
    }
    alone = {(field.name,) for field in meta.fields if getattr(field, "unique", False)}
    assert tuple(dictionary.key_fields) in unique | alone
