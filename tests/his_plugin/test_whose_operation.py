"""A number is easily guessed: whose operation it is, the HIS says once it shows it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from portal.directory.models import Department, Practitioner, PractitionerDepartment
from surgery.models import SurgeryApplication
from tests.cast import make_department, make_practitioner
from tests.his_plugin.station import ask, declaration, token_of
from tests.his_plugin.test_declarations import kept, reopen
from tests.pages import CheckedClient
from tests.surgery.case_rows import Theatre, pull

NUMBER = "SS26112301"
AT = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
NOT_THEIRS = "这张手术申请单在 HIS 中属于其他科室，不能申报。请核对申请单号。"


@pytest.fixture
def stranger(client: CheckedClient, rights: Practitioner) -> str:
    """何, of another department than 罗, with a token of their own."""
    make_practitioner("2001", "何静姝", department=make_department("0402", "胃肠外科"))
    return token_of(client, u="2001", d="0402")


def book(**given: str) -> None:
    theatre = Theatre()
    theatre.booking(NUMBER, **{"dept_code": "0401", **given})
    pull(theatre, AT)


def declare(client: CheckedClient, token: str) -> tuple[int, str]:
    answer = ask(client, token, "declarations", declaration())
    return answer.status_code, answer.json().get("message", "")


def test_operation_the_his_has_elsewhere_is_not_declared_by_a_stranger(
    client: CheckedClient, stranger: str
) -> None:
    book()
    assert declare(client, stranger) == (422, NOT_THEIRS)
    assert kept() == [[]] * 6


def test_number_a_stranger_took_first_is_the_departments_again_once_the_his_tells(
    client: CheckedClient, token: str, stranger: str, rights: Practitioner
) -> None:
    assert declare(client, stranger)[0] == 200
    assert declare(client, token)[0] == 422
    book()
    assert declare(client, token) == (200, "")
    row = SurgeryApplication.objects.get()
    assert row.applicant == rights
    assert [one.applicant.emp_no for one in row.history.order_by("history_id")] == [
        "2001",
        "1188",
    ]
    before = kept()
    assert declare(client, stranger) == (422, NOT_THEIRS)
    assert kept() == before
    assert reopen(client, stranger, NUMBER).status_code == 404
    assert reopen(client, token, NUMBER).json()["declaration"] == row.pk


@pytest.mark.parametrize("whose", ["applicant_no", "surgeon_no", "dept_code"])
def test_department_of_applicant_surgeon_or_application_may_declare(
    whose: str, client: CheckedClient, stranger: str
) -> None:
    book(**{whose: "0402" if whose == "dept_code" else "2001"})
    assert declare(client, stranger) == (200, "")


def test_who_works_in_the_department_besides_may_declare(
    client: CheckedClient, stranger: str
) -> None:
    PractitionerDepartment.objects.create(
        emp_no="2001", dept_code="0401", dept_role="2"
    )
    book()
    assert declare(client, stranger) == (200, "")


def test_operation_of_people_nobody_knows_here_is_declared_as_before(
    client: CheckedClient, stranger: str
) -> None:
    assert not Department.objects.filter(code="9999").exists()
    book(dept_code="9999", applicant_no="9998", surgeon_no="9997")
    assert declare(client, stranger) == (200, "")
