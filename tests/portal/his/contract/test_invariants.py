"""What must hold for every interface, whatever is added to the contract."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal

import pytest

from portal.his.contract.interfaces import (
    ALL,
    FUNCTIONS,
    FUNCTIONS_IN_USE,
    VIEWS,
    VIEWS_IN_USE,
)
from portal.his.contract.shape import Column, Function, Type, View
from portal.his.contract.versions import VERSION, VERSIONS
from portal.his.pull.quarantine import Reason, checks_of
from tests.portal.his.contract.reserved import RESERVED

LONGEST_NAME = 30  # Oracle 11g
TENDER = {
    "T01": "V_YW_DRUG",
    "T02": "V_YW_DOCTOR_PRIV",
    "T03": "V_YW_DOCTOR",
    "T04": "V_YW_PRIV_DICT",
    "T05": "YW_PRIV_SAVE",
    "T06": "V_YW_OP_GRADE",
    "T07": "V_YW_OP_DICT",
    "T08": "V_YW_GRADE_DICT",
    "T09": "YW_OPGRADE_SAVE",
    "T10": "V_YW_DOCTOR_OP",
    "T11": "V_YW_OPRIGHT_DICT",
    "T12": "YW_DOCTOR_OP_SAVE",
    "T13": "V_YW_OUTP_VISIT",
    "T14": "V_YW_OPERATION",
    "T15": "V_YW_FRONT_PAGE",
}
AUXILIARY = {
    *("V_YW_DEPT", "V_YW_DOCTOR_DEPT", "V_YW_DOCTOR_SCOPE", "V_YW_OUTP_DIAG"),
    *("V_YW_OUTP_OP", "V_YW_OUTP_PRESC", "V_YW_OPERATION_ITEM"),
    *("V_YW_OPERATION_TEAM", "V_YW_SURGERY_APPLY", "V_YW_FRONT_PAGE_DIAG"),
    *("V_YW_FRONT_PAGE_OPER", "V_YW_FRONT_PAGE_FEE", "V_YW_CHANGE_LOG"),
}

every_interface = pytest.mark.parametrize("item", ALL, ids=lambda item: item.name)
every_view = pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
every_function = pytest.mark.parametrize(
    "function", FUNCTIONS, ids=lambda one: one.name
)


def columns_of(item: View | Function) -> tuple[Column, ...]:
    if isinstance(item, View):
        return item.all_columns
    return item.arguments + item.results


def test_every_row_of_the_tender_has_its_interface() -> None:
    named = {row: item.name for item in ALL for row in item.rows if row in TENDER}
    main = {
        row: item.name
        for item in ALL
        for row in item.rows
        if item.name != "V_YW_CHANGE_LOG"
    }

    assert set(named) == set(TENDER)
    assert main == TENDER


def test_contract_is_the_fifteen_and_the_thirteen_beside_them() -> None:
    assert {item.name for item in ALL} == {*TENDER.values(), *AUXILIARY}
    assert len(ALL) == 28


def test_running_portal_reads_the_dictionaries_and_the_rights_it_keeps() -> None:
    assert [view.name for view in VIEWS_IN_USE] == [
        "V_YW_DOCTOR",
        "V_YW_PRIV_DICT",
        "V_YW_DOCTOR_PRIV",
        "V_YW_DEPT",
        "V_YW_DOCTOR_DEPT",
        "V_YW_DOCTOR_SCOPE",
        "V_YW_DRUG",
        "V_YW_OP_DICT",
        "V_YW_OP_GRADE",
        "V_YW_GRADE_DICT",
        "V_YW_DOCTOR_OP",
        "V_YW_OPRIGHT_DICT",
        "V_YW_SURGERY_APPLY",
        "V_YW_OPERATION",
        "V_YW_OPERATION_ITEM",
        "V_YW_OPERATION_TEAM",
    ]
    assert [function.name for function in FUNCTIONS_IN_USE] == [
        "YW_PRIV_SAVE",
        "YW_OPGRADE_SAVE",
        "YW_DOCTOR_OP_SAVE",
    ]


@every_interface
def test_interface_says_what_it_is(item: View | Function) -> None:
    assert item.title
    assert item.purpose.endswith("。")
    pattern = r"V_YW_[A-Z_]+" if isinstance(item, View) else r"YW_[A-Z_]+_SAVE"
    assert re.fullmatch(pattern, item.name)
    assert len(item.name) <= LONGEST_NAME


@every_interface
def test_column_names_are_short_lower_case_unique_and_free(
    item: View | Function,
) -> None:
    names = [column.name for column in columns_of(item)]

    assert len(names) == len(set(names))
    assert [name for name in names if not re.fullmatch(r"[a-z][a-z0-9_]*", name)] == []
    assert [name for name in names if len(name) > LONGEST_NAME] == []
    assert [name for name in names if name in RESERVED] == []


@every_interface
def test_no_column_holds_a_list(item: View | Function) -> None:
    words = re.compile(r"列表|逗号|分号分隔|多个.*分隔|_list$|\[\]")
    found = [
        column.name
        for column in columns_of(item)
        if words.search(column.name) or words.search(f"{column.title} {column.note}")
    ]
    assert found == []


@every_view
def test_key_of_a_view_is_there_and_never_null(view: View) -> None:
    columns = {column.name: column for column in view.columns}
    assert view.key
    assert [name for name in view.key if columns[name].nullable] == []


@every_view
def test_watermark_is_a_moment_that_is_never_null(view: View) -> None:
    column = {column.name: column for column in view.columns}[view.watermark]
    assert (column.type, column.nullable) == (Type.MOMENT, False)


@every_view
def test_further_columns_may_be_null(view: View) -> None:
    assert [column.name for column in view.further if not column.nullable] == []


@every_function
def test_function_begins_with_its_request_and_answers_in_three(
    function: Function,
) -> None:
    names = [column.name for column in function.arguments]
    assert names[0] == "request_id"
    assert names[-1] == "operator"
    assert [column.name for column in function.results] == [
        "code",
        "message",
        "his_row_id",
    ]
    assert set(function.key) <= set(names)
    shown = next(view for view in VIEWS if view.name == function.shows)
    assert set(function.key) <= set(shown.column_names)


def all_columns() -> Iterator[tuple[str, Column]]:
    for item in ALL:
        for column in columns_of(item):
            yield f"{item.name}.{column.name}", column


def test_sizes_are_given_where_the_type_has_one_and_nowhere_else() -> None:
    wrong = [
        name
        for name, column in all_columns()
        if (column.type is Type.TEXT) != bool(column.length)
        or (column.type is Type.NUMBER) != bool(column.precision)
        or column.scale > column.precision
        or (column.type is Type.NUMBER and not column.unit)
    ]
    assert wrong == []


def test_every_code_table_has_codes_that_fit_and_names() -> None:
    for name, column in all_columns():
        if column.codes is None:
            continue
        assert column.codes, name
        assert max(map(len, column.codes)) <= column.length, name
        assert all(column.codes.values()), name


def test_same_column_is_the_same_everywhere() -> None:
    """Two views that share a name mean one thing: same type and length."""
    shared = (
        "emp_no",
        "priv_code",
        "his_item_id",
        "proc_code",
        "patient_id",
        "setting",
    )
    for wanted in shared:
        sizes = {
            (column.type, column.length)
            for _, column in all_columns()
            if column.name == wanted
        }
        assert len(sizes) == 1, wanted


def test_every_column_has_an_example_the_quarantine_lets_pass() -> None:
    assert [name for name, column in all_columns() if not column.shown_example] == []
    for name, column in all_columns():
        value = typed(column, column.shown_example)
        faults = [check(value) for check in checks_of(column)]
        assert [fault for fault in faults if fault is not None] == [], name


def typed(column: Column, example: str) -> object:
    """The example as the reader would hand it over; raises where it is none."""
    if column.type is Type.DATE:
        return date.fromisoformat(example)
    if column.type is Type.MOMENT:
        return datetime.fromisoformat(example)
    if column.type is Type.INTEGER:
        return int(example)
    if column.type is Type.NUMBER:
        value = Decimal(example)
        assert value == round(value, column.scale)
        assert len(value.as_tuple().digits) <= column.precision
        return value
    return example


def test_blank_column_may_be_empty_but_a_missing_code_is_still_seen() -> None:
    view = next(view for view in VIEWS if view.name == "V_YW_DOCTOR_PRIV")
    columns = {column.name: column for column in view.columns}

    blank = [check("") for check in checks_of(columns["item_code"])]
    missing = [check("") for check in checks_of(columns["setting"])]

    assert set(blank) == {None}
    assert Reason.MISSING in missing


@pytest.mark.parametrize(
    ("name", "value", "fault"),
    [
        ("amount", "约 3", Reason.NOT_A_NUMBER),
        ("amount", Decimal("3.50"), None),
        ("a49", "一", Reason.NOT_A_NUMBER),
        ("a49", 1, None),
    ],
)
def test_number_that_is_none_is_seen(
    name: str, value: object, fault: Reason | None
) -> None:
    view = next(view for view in VIEWS if view.name == "V_YW_FRONT_PAGE_FEE")
    column = {column.name: column for column in view.columns}[name]
    found = [check(value) for check in checks_of(column)]
    assert [reason for reason in found if reason] == ([fault] if fault else [])


def test_versions_are_newest_first_and_all_say_what_they_brought() -> None:
    numbers = [float(version.number) for version in VERSIONS]
    assert numbers == sorted(numbers, reverse=True)
    assert VERSIONS[0].number == VERSION
    assert [version.number for version in VERSIONS if not version.changes] == []
