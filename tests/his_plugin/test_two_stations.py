"""Two doctors of one department fill in the same sheet at two stations."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode

import pytest

from portal.directory.models import Practitioner
from surgery.models import SurgeryApplication
from tests.cast import make_department, make_practitioner
from tests.his_plugin.station import ask, declaration, signed, token_of
from tests.his_plugin.test_declarations import kept, reopen
from tests.his_plugin.test_field_page import PAGE, address, typed
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


def seen_on(page: Any) -> str:
    """What the form without script says it showed."""
    found = re.search(r'name="seen" value="([^"]*)"', page.content.decode())
    assert found is not None
    return found[1]


def test_form_without_script_opens_with_what_is_declared_and_changes_it(
    client: CheckedClient, token: str, colleague: str, clock: Any
) -> None:
    declare(client, colleague, is_planned="2", site="右肝")
    page = client.get(address(application_no=NUMBER))
    row = SurgeryApplication.objects.get()
    text = page.content.decode()
    assert f"已申报，编号 {row.pk}" in text
    assert 'name="yw_site" value="右肝"' in text
    assert 'name="yw_is_planned" value="2" checked' in text
    assert 'name="yw_preop_discussed_at" value="2026-11-20T16:00"' in text
    assert seen_on(page) == f"{NUMBER} {row.declared_at.isoformat()}"
    clock.shift(60)
    changed = typed(token, act="declare", seen=seen_on(page))
    assert "已申报，编号" in client.post(PAGE, changed).content.decode()
    assert SurgeryApplication.objects.get().is_planned == "1"


def test_form_without_script_shows_what_a_colleague_declared_before_it_writes_over(
    client: CheckedClient, token: str, colleague: str, clock: Any
) -> None:
    page = client.get(address(application_no=NUMBER))
    assert seen_on(page) == ""
    declare(client, colleague, is_planned="2", site="右肝")
    before = kept()
    clock.shift(60)
    refused = client.post(PAGE, typed(token, act="declare", seen=""))
    text = refused.content.decode()
    assert MEANWHILE in text
    assert "现已申报的内容" in text
    assert "<td>右肝</td>" in text
    assert 'name="yw_is_planned" value="1" checked' in text
    assert kept() == before

    again = typed(token, act="declare", seen=seen_on(refused))
    assert "现已申报的内容" not in client.post(PAGE, again).content.decode()
    assert SurgeryApplication.objects.get().is_planned == "1"


def test_form_without_script_opens_empty_for_another_departments_application(
    client: CheckedClient, rights: Practitioner, colleague: str
) -> None:
    declare(client, colleague, site="右肝")
    bones = make_department("0402", "骨科")
    make_practitioner("1305", "端木本科", department=bones)
    theirs = signed(page="field", u="1305", d="0402")
    page = client.get(f"{PAGE}?{urlencode({**theirs, 'application_no': NUMBER})}")
    text = page.content.decode()
    assert "没有找到这张手术申请单的申报，或它由其他科室申报。" in text
    assert "右肝" not in text
    assert seen_on(page) == ""


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
