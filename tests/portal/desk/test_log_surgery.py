"""Changes of the surgery room stand in the log beside those of rights."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from portal.accounts.models import User
from portal.audit.acting import acting
from surgery.enums import Nature
from surgery.importers import load_seed_procedures
from surgery.models import Procedure
from tests.cast import chen, lin, sign_in, su, wang
from tests.harness import assert_queries
from tests.pages import CheckedClient
from tests.surgery.test_declaration_list import LIVER, declared

__all__ = ["chen", "lin", "su", "wang"]
pytestmark = pytest.mark.django_db
QUERIES = 14


def rows(client: CheckedClient, query: str = "") -> list[tuple[str, ...]]:
    found = client.get(f"/log/?{query}").context["list"].rows
    return [
        (row.actor, row.who, row.what, str(row.chip.text), row.change, row.reason)
        for row in found
    ]


@pytest.fixture
def catalogue(su: User, clock: time_machine.Traveller) -> Procedure:
    """The catalogue as installed; then one grade and a whole specialty were changed."""
    load_seed_procedures()
    procedure = Procedure.objects.get(code="51.2300")
    procedure.grade, procedure.is_mini_invasive = 4, not procedure.is_mini_invasive
    with acting(by=su, reason="并发症高于同级"):
        procedure.save()
    clock.shift(60)
    with acting(by=su, reason="科室更名"):
        Procedure.objects.filter(code__in=["51.2300", "47.0100"]).update(
            specialty="肝胆胰外科"
        )
    return procedure


def test_what_was_installed_is_not_in_the_log_and_what_was_changed_is(
    client: CheckedClient, lin: User, catalogue: Procedure
) -> None:
    sign_in(client, lin)
    found = rows(client, "view=surgery&kind=PROCEDURE_CHANGED")

    assert len(found) == 3
    assert {row[2] for row in found[:2]} == {"51.2300", "47.0100"}
    assert {row[5] for row in found[:2]} == {"科室更名"}
    actor, who, what, kind, change, reason = found[2]
    assert (actor, who, what, kind) == (
        "苏晓岚",
        catalogue.name,
        "51.2300",
        "修改手术目录",
    )
    assert change == "本院级别：三级 → 四级，另 1 项"
    assert reason == "并发症高于同级"


def test_entry_of_a_procedure_tells_every_field(
    client: CheckedClient, lin: User, catalogue: Procedure
) -> None:
    sign_in(client, lin)
    [row] = [
        one
        for one in client.get("/log/?view=surgery&kind=PROCEDURE_CHANGED")
        .context["list"]
        .rows
        if one.reason == "并发症高于同级"
    ]
    entry = client.get(row.url).context["entry"]

    before, after = ("否", "是") if catalogue.is_mini_invasive else ("是", "否")
    assert [
        (str(one.field), str(one.before), str(one.after)) for one in entry.diff.changes
    ] == [("本院级别", "三级", "四级"), ("国考微创手术", before, after)]
    [link] = entry.links
    assert (link.url, link.is_drawer) == (f"/procedures/{catalogue.pk}/", True)


def test_declaration_and_its_change_are_told_and_lead_to_the_declaration(
    client: CheckedClient,
    lin: User,
    wang: User,
    clock: time_machine.Traveller,
) -> None:
    application = declared(wang, "SS1", LIVER, code="1G")
    clock.shift(timedelta(minutes=30))
    declared(wang, "SS1", LIVER, code="1G", nature=Nature.DEADLINE)
    sign_in(client, lin)

    assert rows(client, "view=surgery&kind=SURGERY_DECLARED") == [
        ("王若谷", "王若谷", "SS1", "手术申报", "手术性质：择期 → 限期", "医生站申报"),
        ("王若谷", "王若谷", "SS1", "手术申报", "无 → 新增", "医生站申报"),
    ]
    [first] = [
        one
        for one in client.get("/log/?view=surgery&kind=SURGERY_DECLARED")
        .context["list"]
        .rows
        if str(one.after) == "新增"
    ]
    entry = client.get(first.url).context["entry"]
    told = {str(one.field): str(one.after) for one in entry.diff.changes}
    assert told["主刀"] == "王若谷 1188"
    assert told["判定"] == "越级需审批"
    [link] = entry.links
    assert (link.url, link.is_drawer) == (
        f"/declarations/{application.pk}/history/",
        True,
    )


def test_log_is_narrowed_by_kind_text_and_doctor(
    client: CheckedClient, lin: User, wang: User, catalogue: Procedure
) -> None:
    declared(wang, "SS1", LIVER)
    sign_in(client, lin)

    def found(query: str) -> list[str]:
        return sorted(row[2] for row in rows(client, query))

    assert found("kind=SURGERY_DECLARED") == ["SS1"]
    assert found("kind=PROCEDURE_CHANGED&q=47.01") == ["47.0100"]
    assert found("q=SS1") == ["SS1"]
    assert found("doctor=1188") == ["SS1"]
    assert found("view=surgery&kind=PROCEDURE_CHANGED&doctor=1188") == []


def test_log_of_both_rooms_takes_as_many_queries_whatever_its_length(
    client: CheckedClient, lin: User, wang: User, catalogue: Procedure
) -> None:
    for number in range(3):
        declared(wang, f"SS{number}", LIVER)
    sign_in(client, lin)
    client.get("/log/")
    with assert_queries(QUERIES):
        client.get("/log/")
    for number in range(15):
        declared(wang, f"ST{number}", LIVER)
    with assert_queries(QUERIES):
        client.get("/log/")
