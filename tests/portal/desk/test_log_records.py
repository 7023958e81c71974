"""Rules, trainings, templates and reviews stand in the log with before and after."""

from __future__ import annotations

import pytest
import time_machine

from permissions.checks.rules import RULES
from permissions.models import PostTemplate, Review, RuleSetting, TrainingRecord
from permissions.models.dictionaries import Training
from portal.accounts.models import User
from portal.audit.acting import acting
from portal.directory.models import Practitioner
from tests.cast import lin, make_practitioner, sign_in, su
from tests.pages import CheckedClient
from tests.permissions.conftest import catalogue

__all__ = ["catalogue", "lin", "su"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogue")]


@pytest.fixture
def surgeon(db: None) -> Practitioner:
    return make_practitioner("1027", "陈景行")


def rows(client: CheckedClient, query: str) -> list[tuple[str, ...]]:
    found = client.get(f"/log/?{query}").context["list"].rows
    return [(row.who, row.what, str(row.chip.text), row.change) for row in found]


def test_rule_and_template_stand_beside_the_catalogue(
    client: CheckedClient, lin: User, su: User, clock: time_machine.Traveller
) -> None:
    with acting(by=su, reason="院务会决定"):
        setting = RuleSetting(rule="P03", mode="SUGGEST")
        setting.save()
    clock.shift(60)
    with acting(by=su, reason="院务会决定"):
        setting.mode = "MUST"
        setting.save()
        PostTemplate(name="肝胆外科住院医师").save()
    sign_in(client, lin)

    assert rows(client, "view=catalogue&kind=RULE_CHANGED") == [
        (RULES["P03"].text, "P03", "修改核对规则", "严格程度：提醒 → 必须"),
        (RULES["P03"].text, "P03", "修改核对规则", "无 → 新增"),
    ]
    assert rows(client, "view=catalogue&kind=TEMPLATE_CHANGED") == [
        ("肝胆外科住院医师", "岗位模板", "修改岗位模板", "无 → 新增")
    ]


def test_training_and_its_end_are_told_by_doctor(
    client: CheckedClient,
    lin: User,
    su: User,
    surgeon: Practitioner,
    clock: time_machine.Traveller,
) -> None:
    with acting(by=su, reason="年度考核"):
        record = TrainingRecord(
            practitioner=surgeon,
            training=Training.objects.order_by("sort").first(),
            passed_on="2026-05-01",
            score=86,
        )
        record.save()
    clock.shift(60)
    with acting(by=su, reason="录错"):
        record.is_void = True
        record.save()
    sign_in(client, lin)

    assert [row[3] for row in rows(client, "view=reviews&doctor=1027")] == [
        "作废：否 → 是",
        "无 → 新增",
    ]
    [_void, first] = client.get("/log/?view=reviews").context["list"].rows
    entry = client.get(first.url).context["entry"]
    told = {str(one.field): str(one.after) for one in entry.diff.changes}
    assert (told["完成日期"], told["考核成绩"]) == ("2026-05-01", "86")
    assert [link.url for link in entry.links] == ["/doctors/1027/"]


def test_review_and_its_conclusion_are_told(
    client: CheckedClient, lin: User, su: User, surgeon: Practitioner
) -> None:
    with acting(by=su, reason="调科复核"):
        Review(
            practitioner=surgeon,
            trigger="TRANSFER",
            why="由肝胆外科调至普通外科",
            opened_at="2026-11-23T02:00:00Z",
            due_on="2026-12-07",
        ).save()
    sign_in(client, lin)

    assert rows(client, "view=reviews&q=陈景行") == [
        ("陈景行", "调换科室", "授权复核", "无 → 新增")
    ]
