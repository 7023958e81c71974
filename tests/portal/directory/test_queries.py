from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from portal.directory.queries import practitioner_by_emp_no, search_practitioners
from tests.harness import assert_queries
from tests.portal.his.rows import CHEN, WANG, ZHAO, ListedHis, pull_doctors

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _pulled() -> None:
    doctors = [
        WANG,
        CHEN,
        ZHAO,
        replace(WANG, emp_no="003001", name="王静"),
        replace(WANG, emp_no="003002", name="李建国"),
        replace(WANG, emp_no="wj9", name="孙立"),
    ]
    pull_doctors(gateway=ListedHis(doctors), at=datetime(2026, 11, 23, tzinfo=UTC))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("001027", ["001027"]),
        ("1027", ["001027"]),
        ("0010", ["001003", "001027"]),
        ("王", ["001027", "003001"]),
        ("王 静", ["003001"]),
        ("建国", ["003002", "001027"]),
        ("wj", ["003001", "wj9", "001027"]),
        ("WANGJIANGUO", ["001027"]),
        ("wang ji", ["001027", "003001"]),
        ("jianguo", ["003002", "001027"]),
        ("an", []),
        ("%", []),
        ("  ", []),
    ],
)
def test_search_practitioners_finds_the_best_match_first(
    text: str, found: list[str]
) -> None:
    with assert_queries(1):
        rows = [(row.emp_no, row.department.name) for row in search_practitioners(text)]
    assert [emp_no for emp_no, _department in rows] == found


def test_practitioner_by_emp_no_wants_the_leading_zeros() -> None:
    wang = practitioner_by_emp_no("001027")
    assert wang is not None
    assert wang.name == "王建国"
    assert practitioner_by_emp_no("1027") is None
