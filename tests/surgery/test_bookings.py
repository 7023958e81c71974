"""Operations ahead: those of the HIS and those declared with us, each once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from portal.accounts.models import User
from portal.directory.models import Practitioner
from surgery.enums import Grade
from surgery.models import BookedOperation
from surgery.queries.bookings import booked_procedures, bookings_between
from tests.cast import lin, make_practitioner, sign_in, wang
from tests.harness import assert_queries
from tests.pages import CheckedClient
from tests.permissions.ledger import make_procedure, make_procedures
from tests.surgery.case_rows import CHOLE, LIVER, Theatre, local, pull
from tests.surgery.test_declaration_list import CHOLE as DECLARED_CHOLE
from tests.surgery.test_declaration_list import declared

__all__ = ["lin", "wang"]
LIST = "/bookings/"
AT = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
PLANNED = datetime(2026, 11, 25, 0, 30, tzinfo=UTC)


@pytest.fixture
def his(wang: User) -> Theatre:
    make_procedures()
    return Theatre()


def surgeon() -> Practitioner:
    return Practitioner.objects.get(emp_no="1188")


def told(*people: Practitioner, **window: Any) -> list[tuple[Any, ...]]:
    found = booked_procedures(
        *(one.pk for one in people or (surgeon(),)), **{"after": AT, **window}
    )
    return [(one.application_no, one.position, one.code, one.grade) for one in found]


def test_operation_booked_in_the_his_is_seen_with_the_grade_of_our_catalogue(
    his: Theatre,
) -> None:
    his.booking("SS1", extra_proc_code=LIVER)
    his.booking("SS2", proc_code="99.9999", proc_name="新术式", plan_time=None)
    his.booking("SS3", proc_code="99.9999", proc_name="新术式")
    pull(his, AT)

    assert told() == [
        ("SS1", 1, CHOLE, 3),
        ("SS1", 2, LIVER, 4),
        ("SS3", 1, "99.9999", 0),
    ]
    found = booked_procedures(surgeon().pk, after=AT)
    assert [one.name for one in found][-1] == "新术式"


def test_booking_that_is_also_declared_counts_once_with_what_was_declared(
    his: Theatre, wang: User
) -> None:
    declared(wang, "SS1", DECLARED_CHOLE)
    his.booking("SS1", proc_code=LIVER, plan_time=local(2026, 11, 26, 9, 0))
    pull(his, AT)

    [one] = booked_procedures(surgeon().pk, after=AT)
    assert (one.application_no, one.code) == ("SS1", CHOLE)
    assert one.planned_at == datetime(2026, 11, 26, 1, 0, tzinfo=UTC)


@pytest.mark.parametrize("status", ["1", "6", "7"])
def test_declaration_the_his_has_called_off_is_not_ahead_any_more(
    his: Theatre, wang: User, status: str
) -> None:
    declared(wang, "SS1")
    assert told() == [("SS1", 1, CHOLE, 3)]

    his.booking("SS1", status=status)
    pull(his, AT)

    assert told() == []
    assert bookings_between(AT, AT + timedelta(days=5)) == []


def test_declaration_given_to_another_surgeon_in_the_his_is_theirs(
    his: Theatre, wang: User
) -> None:
    other = make_practitioner("1027", "陈景行")
    declared(wang, "SS1")
    his.booking("SS1", surgeon_no="1027")
    pull(his, AT)

    assert told() == []
    assert told(other) == [("SS1", 1, CHOLE, 3)]
    assert told(other, before=PLANNED) == []
    assert told(other, before=PLANNED + timedelta(seconds=1)) != []


def test_bookings_of_a_day_name_each_operation_once(his: Theatre, wang: User) -> None:
    declared(wang, "SS1")
    declared(wang, "SS9", planned_at=PLANNED + timedelta(hours=1))
    his.booking("SS1")
    his.booking("SS2", surgeon_no="0000")
    pull(his, AT)

    assert bookings_between(PLANNED, PLANNED + timedelta(hours=2)) == [
        ("0000", PLANNED),
        ("1188", PLANNED),
        ("1188", PLANNED + timedelta(hours=1)),
    ]


def test_booked_procedures_take_four_queries_however_many(his: Theatre) -> None:
    for number in range(30):
        his.booking(f"SS{number}")
    pull(his, AT)
    person = surgeon().pk
    with assert_queries(4):
        assert len(booked_procedures(person, after=AT)) == 30


# --- the page -------------------------------------------------------------------------


@pytest.fixture
def booked(his: Theatre, wang: User) -> Theatre:
    make_procedure("53.0001", "单侧腹股沟疝修补术", Grade.TWO)
    declared(wang, "SS1")
    declared(wang, "SS2", code="1G")
    declared(wang, "SS9")
    his.booking("SS1", assist1_no="1305")
    his.booking("SS2", status="4", op_nature="2")
    his.booking("SS3", surgeon_no="0000", proc_code="99.9999", proc_name="")
    his.booking("SS4", plan_time=local(2026, 11, 1, 9, 0))
    his.booking("SS5", status="7")
    pull(his, AT)
    return his


def numbers(page: Any) -> list[str]:
    return sorted(row.application_no for row in page.context["list"].rows)


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ({}, ["SS1", "SS2", "SS3"]),
        ({"view": "undeclared"}, ["SS3"]),
        ({"view": "blocked"}, ["SS2"]),
        ({"nature": "2"}, ["SS2"]),
        ({"dept": "0301"}, ["SS1", "SS2"]),
        ({"q": "王若谷"}, ["SS1", "SS2"]),
        ({"q": "99.99"}, ["SS3"]),
        ({"q": "胆囊"}, ["SS1", "SS2"]),
        ({"on_from": "2026-11-26"}, []),
    ],
)
def test_list_shows_what_is_ahead(
    given: dict[str, str],
    shown: list[str],
    client: CheckedClient,
    lin: User,
    booked: Theatre,
) -> None:
    sign_in(client, lin)
    assert numbers(client.get(LIST, given)) == shown


def test_row_joins_what_the_his_and_the_declaration_say(
    client: CheckedClient, lin: User, booked: Theatre
) -> None:
    sign_in(client, lin)
    page = client.get(LIST)
    rows = {row.application_no: row for row in page.context["list"].rows}
    known, unknown = rows["SS1"], rows["SS3"]
    assert (known.surgeon.name, known.surgeon.department) == ("王若谷", "肝胆外科")
    assert (str(known.status.text), str(known.verdict.text)) == ("待科主任审", "可主刀")
    assert known.assistants == "1305"
    assert (unknown.surgeon.emp_no, unknown.surgeon.department) == (
        "0000",
        "不在医师字典",
    )
    assert [one.name for one in unknown.operations] == ["不在目录"]
    assert str(unknown.verdict.text) == "未申报"
    text = page.content.decode()
    assert "另有 1 台已在本系统申报，HIS 的手术申请中没有。" in text


def test_pages_are_shut_for_who_may_not(client: CheckedClient, wang: User) -> None:
    sign_in(client, wang)
    for path in (LIST, "/volumes/", "/volumes/surgeons/", "/volumes/procedures/"):
        assert client.get(path).status_code == 403


def test_page_of_ten_thousand_bookings_stays_light_and_takes_ten_queries(
    client: CheckedClient, lin: User, booked: Theatre
) -> None:
    BookedOperation.objects.bulk_create(
        [
            BookedOperation(
                apply_id=f"T{number}",
                proc_code=CHOLE,
                surgeon_no="1188",
                applicant_no="1188",
                applied_at=timezone.now(),
                planned_at=PLANNED + timedelta(minutes=number),
                status="4",
            )
            for number in range(10_000)
        ],
        batch_size=1000,
    )
    sign_in(client, lin)
    client.get(LIST)
    with assert_queries(11):
        page = client.get(LIST)
    assert page.context["list"].pager.total == 10_003
    assert len(page.content) < 90_000
