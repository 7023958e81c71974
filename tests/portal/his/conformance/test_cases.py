from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from portal.his.conformance.cases import (
    UNPROVABLE,
    VIEW_CHECKS,
    all_cases,
    operations,
)
from portal.his.conformance.document import render
from portal.his.conformance.runner import Plan
from portal.his.conformance.trials import PROBES
from portal.his.contract.catalogue import all_columns
from portal.his.contract.codes import ERROR_CODES
from portal.his.contract.interfaces import ALL, FUNCTIONS, VIEWS
from portal.his.contract.relations import (
    BIRTHS,
    NOT_NAMED,
    ROLES,
    SEQUENCES,
    references,
    single_valued,
)
from portal.his.ddl.rules import RULES

CHAPTER = Path(__file__).resolve().parents[4] / "docs" / "his-conformance.md"
VIEW = {view.name: view for view in VIEWS}


def test_every_interface_of_the_contract_has_cases_and_nothing_else_has() -> None:
    asked = {case.interface for case in all_cases()}

    assert asked == {item.name for item in ALL} | {"ACCESS"}


def test_numbers_are_unique_and_name_their_interface() -> None:
    numbers = Counter(case.number for case in all_cases())

    assert max(numbers.values()) == 1
    for case in all_cases():
        name = case.interface.removeprefix("V_").removeprefix("YW_").replace("_", "-")
        assert re.fullmatch(rf"YW-{name}-\d\d", case.number)


def test_same_question_has_the_same_number_at_every_view() -> None:
    places = {
        check: f"{place:02d}" for place, (check, _, _) in enumerate(VIEW_CHECKS, 1)
    }

    for case in all_cases():
        if case.interface in VIEW:
            assert case.number.endswith(f"-{places[case.check]}")


def test_every_rule_of_every_function_is_provoked_by_something() -> None:
    for function in FUNCTIONS:
        words = {rule.words for rule in RULES[function.name].rules}
        assert words - PROBES[function.name].keys() == set()


def test_every_code_is_reached_by_a_rule_or_declared_unprovable() -> None:
    by_rules = {rule.code for rules in RULES.values() for rule in rules.rules}

    assert by_rules | {"0"} | UNPROVABLE.keys() == ERROR_CODES.keys()
    assert by_rules & UNPROVABLE.keys() == set()


def test_a_grade_is_given_back_by_the_last_operation() -> None:
    orders = {function.name: operations(function) for function in FUNCTIONS}

    assert orders == {
        "YW_PRIV_SAVE": ("ADD", "UPDATE", "SUSPEND", "RESTORE", "REVOKE", "VOID"),
        "YW_OPGRADE_SAVE": ("UPDATE", "VOID", "ADD"),
        "YW_DOCTOR_OP_SAVE": ("ADD", "UPDATE", "SUSPEND", "RESTORE", "REVOKE", "VOID"),
    }


def test_relations_speak_of_columns_the_contract_has() -> None:
    names = {column.name for column in all_columns()}
    qualified = {f"{view.name}.{c.name}" for view in VIEWS for c in view.all_columns}

    assert {*ROLES, *ROLES.values(), *BIRTHS} <= names
    assert {name for one in SEQUENCES for name in one} <= names
    assert qualified >= NOT_NAMED


def test_references_follow_from_the_keys_and_the_roles() -> None:
    named = {
        (one.columns, one.target.name) for one in references(VIEW["V_YW_SURGERY_APPLY"])
    }

    assert named == {
        (("dept_code",), "V_YW_DEPT"),
        (("proc_code",), "V_YW_OP_GRADE"),
        (("surgeon_no",), "V_YW_DOCTOR"),
        (("assist1_no",), "V_YW_DOCTOR"),
        (("assist2_no",), "V_YW_DOCTOR"),
        (("applicant_no",), "V_YW_DOCTOR"),
    }
    assert references(VIEW["V_YW_CHANGE_LOG"]) == ()


def test_free_words_may_hold_commas_and_codes_may_not() -> None:
    single = single_valued(VIEW["V_YW_DOCTOR_PRIV"])

    assert single == ("emp_no", "priv_code", "item_code", "his_value")
    assert "reason" not in single_valued(VIEW["V_YW_CHANGE_LOG"])


def test_only_takes_an_interface_or_a_single_case() -> None:
    whole = {case.interface for case in Plan(only="YW-DOCTOR").cases()}

    assert whole == {"V_YW_DOCTOR"}
    assert [c.number for c in Plan(only="YW-DRUG-09").cases()] == ["YW-DRUG-09"]
    assert Plan(only="YW-D").cases() == []


def test_manual_in_docs_is_the_one_the_cases_write() -> None:
    assert CHAPTER.read_text(encoding="utf-8") == render()
