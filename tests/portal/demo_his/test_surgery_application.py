"""手术申请单 of the inpatient station: kept, opened again, refused with what was typed."""

from __future__ import annotations

from typing import Any

import pytest

from portal.demo_his.site import Site
from tests.pages import CheckedClient

SHEET = {
    "u": "1188",
    "p": "300201",
    "number": "SS261123100000001",
    "procedure": "50.3x00",
    "procedure2": "54.9105",
    "surgeon": "1188",
    "assistant1": "1027",
    "assistant2": "",
    "planned_at": "2026-11-25T08:30",
    "anesthesia": "全身麻醉",
    "room": "手术室",
    "diagnosis": "肝左叶血管瘤",
    "incision": "Ⅱ 类",
    "duration": "120 分钟",
    "blood": "红细胞 400 ml",
    "position": "仰卧位",
}
FIELD_GROUP = {
    "yw_is_planned": "2",
    "yw_nature": "3",
    "yw_is_rescue": "0",
    "yw_reoperation": "2",
    "yw_reoperation_reason": "出血",
    "yw_verdict_code": "OK",
    "yw_declaration": "7d1f3a9e-0000-4000-8000-000000000001",
}


def kept(his: Site) -> list[dict[str, Any]]:
    """Sheets of those who lie in at the stations, not of those booked from the start."""
    return his.database.rows("SELECT * FROM 病人手术申请 WHERE 主页ID < 310000")


def test_submit_keeps_the_sheet_with_what_the_field_group_left(
    his: Site, his_client: CheckedClient
) -> None:
    answer = his_client.post(
        "/station/inpatient/save", SHEET | FIELD_GROUP | {"act": "submit"}
    )

    assert answer.status_code == 302
    [row] = kept(his)
    assert row == {
        "ID": row["ID"],
        "申请单号": "SS261123100000001",
        "主页ID": 300201,
        "申请状态": 1,
        "申请医师": "1188",
        "申请时间": "2026-11-23 10:00:00",
        "拟行手术": "50.3x00",
        "附加手术": "54.9105",
        "主刀医生": "1188",
        "第一助手": "1027",
        "第二助手": None,
        "手术时间": "2026-11-25 08:30:00",
        "麻醉方法": "全身麻醉",
        "手术科室": "手术室",
        "术前诊断": "肝左叶血管瘤",
        "切口类别": "Ⅱ 类",
        "预计时长": "120 分钟",
        "备血": "红细胞 400 ml",
        "体位": "仰卧位",
        "是否计划手术": "2",
        "手术性质": "3",
        "再次手术类型": "2",
        "判定编码": "OK",
        "申报编号": "7d1f3a9e-0000-4000-8000-000000000001",
    }


def test_kept_sheet_is_listed_and_opened_again(his_client: CheckedClient) -> None:
    his_client.post("/station/inpatient/save", SHEET | FIELD_GROUP | {"act": "submit"})

    history = his_client.get("/station/inpatient?tab=history").content.decode()
    again = his_client.get("/station/inpatient?a=SS261123100000001").content.decode()

    assert "历次申请（1）" in history
    assert "<td>50.3x00 肝叶切除术</td><td>罗景文</td><td>2026-11-25 08:30</td>" in (
        history
    )
    assert "<td>非计划</td><td>限期</td><td>非计划再次</td><td>OK</td>" in history
    assert 'data-yw-application="SS261123100000001"' in again
    assert '<option value="50.3x00" selected>' in again
    assert 'value="2026-11-25T08:30"' in again


def test_kept_again_replaces_the_sheet(his: Site, his_client: CheckedClient) -> None:
    his_client.post("/station/inpatient/save", SHEET | {"act": "keep"})
    his_client.post(
        "/station/inpatient/save",
        SHEET | {"act": "keep", "planned_at": "2026-11-26 09:00"},
    )

    [row] = kept(his)
    assert (row["手术时间"], row["申请状态"]) == ("2026-11-26 09:00:00", 0)


def test_submit_without_the_portal_works(his: Site, his_client: CheckedClient) -> None:
    his_client.post("/station/inpatient/save", SHEET | {"act": "submit"})

    [row] = kept(his)
    assert (row["申请状态"], row["申报编号"]) == (1, None)


def test_submit_with_an_unfinished_field_group_is_refused(
    his: Site, his_client: CheckedClient
) -> None:
    unfinished = SHEET | FIELD_GROUP | {"yw_declaration": "", "act": "submit"}

    answer = his_client.post("/station/inpatient/save", unfinished)

    assert answer.status_code == 400
    assert "手术申请核对还没有完成，不能提交。" in answer.content.decode()
    assert kept(his) == []
    assert (
        his_client.post(
            "/station/inpatient/save", unfinished | {"act": "keep"}
        ).status_code
        == 302
    )


def test_submit_while_the_portal_went_away_works(
    his: Site, his_client: CheckedClient
) -> None:
    left = {"yw_declaration": "", "yw_verdict_code": "9", "act": "submit"}

    his_client.post("/station/inpatient/save", SHEET | FIELD_GROUP | left)

    [row] = kept(his)
    assert (row["申请状态"], row["判定编码"], row["申报编号"]) == (1, "9", None)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"procedure": ""}, "请填写拟行手术。"),
        ({"diagnosis": ""}, "请填写术前诊断。"),
        ({"procedure": "00.0000"}, "拟行手术「00.0000」不在字典中。"),
        ({"procedure2": "50.3x00"}, "附加手术与拟行手术相同。"),
        ({"surgeon": "nobody"}, "主刀医生「nobody」不在字典中。"),
        ({"assistant1": "1188"}, "主刀医生和助手不能是同一人。"),
        ({"planned_at": "tomorrow"}, "手术时间应写作 2026-11-25 08:30"),
        ({"diagnosis": "长" * 101}, "术前诊断最长 100 字。"),
        ({"position": "倒立"}, "体位请从列表中选择。"),
        ({"yw_nature": "9", "yw_declaration": "1"}, "手术性质的取值不认识。"),
        ({"yw_declaration": "1" * 41}, "申报编号最长 40 字。"),
    ],
)
def test_bad_sheet_is_refused_and_what_was_typed_stays(
    his: Site, his_client: CheckedClient, changes: dict[str, str], words: str
) -> None:
    typed = SHEET | {"duration": "约 3 小时 <b>", "act": "submit"} | changes

    answer = his_client.post("/station/inpatient/save", typed)
    text = answer.content.decode()

    assert answer.status_code == 400
    assert words in text
    assert 'value="约 3 小时 &lt;b&gt;"' in text
    assert kept(his) == []


def test_sheet_of_another_patient_is_not_taken_over(
    his: Site, his_client: CheckedClient
) -> None:
    his_client.post("/station/inpatient/save", SHEET | {"act": "keep"})

    answer = his_client.post(
        "/station/inpatient/save", SHEET | {"act": "keep", "p": "300202"}
    )

    assert answer.status_code == 400
    assert "这个申请单号属于另一位病人。" in answer.content.decode()
    assert [row["主页ID"] for row in kept(his)] == [300201]


def test_form_from_elsewhere_is_not_taken(his: Site) -> None:
    stranger = CheckedClient(enforce_csrf_checks=True)

    answer = stranger.post("/station/inpatient/save", SHEET | {"act": "keep"})

    assert answer.status_code == 403
    assert "不是从本系统的页面发出的" in answer.content.decode()
    assert kept(his) == []
