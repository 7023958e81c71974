"""The group as a page of ours, posted without script: what it answers, in words."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode

import pytest

from his_plugin import tokens
from his_plugin.api.doors import PerHolder
from portal.audit.models import AuditEvent, EventKind
from portal.directory.models import Practitioner
from surgery.models import SurgeryApplication
from tests.his_plugin.station import CHOLE, LIVER, PLANNED, signed, token_of
from tests.pages import CheckedClient

PAGE = "/plugin/field/"
TOKEN = re.compile(r'name="launch_token" value="([^"]+)"')


def address(**more: str) -> str:
    return f"{PAGE}?{urlencode({**signed(page='field'), **more})}"


def typed(token: str, **changes: Any) -> dict[str, Any]:
    """A form filled in for one operation of grade 3."""
    return {
        "launch_token": token,
        "application_no": "SS26112301",
        "surgeon": "1188",
        "procedures": [f"{CHOLE} 腹腔镜下胆囊切除术", "", ""],
        "planned_at": PLANNED,
        "yw_is_planned": "1",
        "yw_nature": "1",
        "yw_reoperation": "0",
        "yw_preop_discussion": "TL26112001",
        "yw_preop_discussed_at": "2026-11-20T10:00",
        **changes,
    }


def refused() -> list[str]:
    found = AuditEvent.objects.filter(kind=EventKind.LAUNCH_REFUSED).order_by("pk")
    return [event.detail["code"] for event in found]


def test_signed_link_opens_the_form_without_a_cookie(
    client: CheckedClient, rights: Practitioner, settings: Any
) -> None:
    settings.STATION_ORIGINS = ["https://his.hospital"]
    page = client.get(address(application_no="SS1", surgeon="1188"))
    text = page.content.decode()
    assert page.status_code == 200
    assert dict(client.cookies) == {}
    assert 'name="application_no" value="SS1"' in text
    assert 'name="surgeon" value="1188"' in text
    assert TOKEN.search(text)
    policy = page.headers["Content-Security-Policy"]
    assert "frame-ancestors 'self' https://his.hospital" in policy
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert 'data-yw-origins="https://his.hospital"' in text


def test_link_may_be_posted_as_a_form(
    client: CheckedClient, rights: Practitioner
) -> None:
    page = client.post(PAGE, signed(page="field"))
    assert page.status_code == 200
    assert TOKEN.search(page.content.decode())


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"sign": "0" * 64}, "SIGNATURE"),
        ({"page": "my"}, "MALFORMED"),
        ({"other": "1"}, "MALFORMED"),
    ],
)
def test_link_that_does_not_hold_opens_nothing(
    changes: dict[str, str], code: str, client: CheckedClient, rights: Practitioner
) -> None:
    page = client.get(f"{PAGE}?{urlencode({**signed(page='field'), **changes})}")
    assert page.status_code in {400, 403}
    assert TOKEN.search(page.content.decode()) is None
    assert refused() == [code]


def test_link_opens_once(client: CheckedClient, rights: Practitioner) -> None:
    once = address()
    assert client.get(once).status_code == 200
    assert client.get(once).status_code == 403
    assert refused() == ["REPLAYED"]


def test_check_says_the_verdict_and_keeps_what_was_typed(
    client: CheckedClient, token: str
) -> None:
    form = typed(token, procedures=[CHOLE, LIVER], yw_site="右上腹", act="check")
    text = client.post(PAGE, form).content.decode()
    assert "罗景文现在不能主刀：1 项未通过核对" in text
    assert "50.2205 需要四级逐项主刀权" in text
    assert "需要四级，现有三级" in text
    assert 'name="yw_site" value="右上腹"' in text
    assert f'name="procedures" value="{LIVER}"' in text
    assert SurgeryApplication.objects.count() == 0


def test_each_error_stands_beside_its_part_in_words_and_nothing_is_kept(
    client: CheckedClient, token: str
) -> None:
    form = typed(token, surgeon="", yw_nature="", yw_is_planned="", act="declare")
    page = client.post(PAGE, form)
    errors = page.context["sheet"].errors
    assert errors == {
        "surgeon": "请填写主刀工号。",
        "nature": "请选择手术性质。",
        "is_planned": "请选择是否计划手术。",
    }
    text = page.content.decode()
    assert "有内容需要修改，见下面红字。" in text
    assert f'value="{CHOLE} 腹腔镜下胆囊切除术"' in text
    assert SurgeryApplication.objects.count() == 0


def test_missing_reason_is_refused_by_the_act_and_said_at_the_reason(
    client: CheckedClient, token: str
) -> None:
    form = typed(
        token,
        yw_reoperation="2",
        yw_reoperation_cause="BLEEDING",
        yw_first_operation="SS1",
        act="declare",
    )
    page = client.post(PAGE, form)
    assert page.context["sheet"].errors == {
        "reoperation_reason": "非计划再次手术须写明原因。"
    }
    assert "罗景文可以主刀" in page.content.decode()
    assert SurgeryApplication.objects.count() == 0


def test_declaring_keeps_the_values_and_says_the_number(
    client: CheckedClient, token: str
) -> None:
    page = client.post(PAGE, typed(token, act="declare"))
    row = SurgeryApplication.objects.get()
    assert f"已申报，编号 {row.pk}" in page.content.decode()
    assert (row.application_no, row.is_planned, row.nature) == ("SS26112301", "1", "1")
    assert row.verdict_code == "0"


def test_each_answer_carries_the_token_of_the_next_click(
    client: CheckedClient, token: str
) -> None:
    first = TOKEN.search(client.post(PAGE, typed(token)).content.decode())
    assert first is not None
    assert client.post(PAGE, typed(first[1])).status_code == 200


@pytest.mark.parametrize("kind", ["old", "forged", "of the other page"])
def test_token_that_does_not_hold_ends_at_a_page_of_words(
    kind: str,
    client: CheckedClient,
    rights: Practitioner,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    token = token_of(client)
    if kind == "old":
        monkeypatch.setattr(tokens, "SECONDS", -1)
    if kind == "forged":
        token = token[:-2] + "xx"
    if kind == "of the other page":
        token = tokens.issue(
            emp_no="1188", station="ZY", audience=tokens.Audience.MY_PAGE
        )
    given = typed(token, act="declare", yw_site="<b>右肝", yw_is_day="1")
    page = client.post(PAGE, given)
    assert page.status_code == 403
    assert refused() == ["PAGE_TOKEN"]
    assert SurgeryApplication.objects.count() == 0
    # Words of a form are shown once more to whom we gave it, and to nobody else.
    text = page.content.decode()
    shown = ["SS26112301", CHOLE, "&lt;b&gt;右肝", "非再次", "<td>是</td>"]
    assert [one in text for one in shown] == [kind == "old"] * len(shown)
    assert "<b>右肝" not in text


def test_form_posted_too_often_is_told_to_wait(
    client: CheckedClient, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PerHolder, "rate", "1/min")
    client.post(PAGE, typed(token))
    text = client.post(PAGE, typed(token, act="declare")).content.decode()
    assert "核对过于频繁" in text
    assert SurgeryApplication.objects.count() == 0


def test_what_was_typed_is_shown_as_text(client: CheckedClient, token: str) -> None:
    text = client.post(
        PAGE, typed(token, yw_site='"><script>alert(1)</script>')
    ).content.decode()
    assert "<script>alert" not in text
