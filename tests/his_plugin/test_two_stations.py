"""Two doctors of one department fill in the same sheet at two stations."""

from __future__ import annotations

from typing import Any

import pytest

from portal.directory.models import Practitioner
from surgery.models import SurgeryApplication
from tests.cast import make_practitioner
from tests.his_plugin.station import ask, declaration, token_of
from tests.his_plugin.test_declarations import kept, reopen
from tests.pages import CheckedClient

NUMBER = "SS26112301"
MEANWHILE = "这张手术申请单刚才已由他人申报或修改。请刷新页面，核对后再申报。"


@pytest.fixture
def colleague(client: CheckedClient, rights: Practitioner) -> str:
    """A token of 沈, of the same department as 罗."""
    make_practitioner("1190", "沈知行", department=rights.department)
    return token_of(client, u="1190")


def declare(client: CheckedClient, token: str, **changes: Any) -> Any:
    return ask(client, token, "declarations", declaration() | changes)


def test_what_a_colleague_declared_meanwhile_is_not_written_over(
    client: CheckedClient, token: str, colleague: str
) -> None:
    assert reopen(client, token, NUMBER).json() == {"declaration": None}
    declare(client, colleague, is_planned="2", seen=None)
    before = kept()
    answer = declare(client, token, seen=None)
    assert (answer.status_code, answer.json()) == (
        422,
        {"code": "REFUSED", "message": MEANWHILE, "field": "application_no"},
    )
    assert kept() == before


def test_what_was_changed_since_the_form_was_opened_is_not_written_over(
    client: CheckedClient, token: str, colleague: str, clock: Any
) -> None:
    declare(client, token)
    seen = reopen(client, token, NUMBER).json()["declared_at"]
    clock.shift(60)
    assert declare(client, colleague, is_planned="2", seen=seen).status_code == 200
    before = kept()
    assert declare(client, token, site="右肝", seen=seen).status_code == 422
    assert kept() == before

    again = reopen(client, token, NUMBER).json()
    assert again["is_planned"] == "2"
    clock.shift(60)
    answer = declare(
        client, token, is_planned="2", site="右肝", seen=again["declared_at"]
    )
    assert answer.status_code == 200
    row = SurgeryApplication.objects.get()
    assert (row.is_planned, row.site) == ("2", "右肝")
    assert answer.json()["declared_at"] == row.declared_at.isoformat()


def test_own_declaration_that_got_no_answer_is_changed_by_the_next(
    client: CheckedClient, token: str, clock: Any
) -> None:
    declare(client, token, seen=None)
    clock.shift(60)
    assert declare(client, token, site="右肝", seen=None).status_code == 200
    assert SurgeryApplication.objects.get().site == "右肝"


def test_same_values_are_no_conflict(
    client: CheckedClient, token: str, colleague: str
) -> None:
    declare(client, colleague)
    before = kept()
    assert declare(client, token, seen=None).status_code == 200
    assert kept() == before


def test_station_that_does_not_say_what_it_saw_is_not_asked(
    client: CheckedClient, token: str, colleague: str
) -> None:
    declare(client, colleague)
    assert declare(client, token, is_planned="2").status_code == 200
    assert SurgeryApplication.objects.get().is_planned == "2"


def test_seen_that_is_no_moment_leaves_nothing(
    client: CheckedClient, token: str
) -> None:
    answer = declare(client, token, seen="昨天")
    assert (answer.status_code, answer.json()["field"]) == (400, "seen")
    assert kept() == [[]] * 6
