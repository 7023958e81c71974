"""The stations: real patients, a signed way into the portal, a sheet that is kept."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from portal.demo_his.site import Site
from portal.his.contract.launch import REQUIRED, sign
from tests.pages import CheckedClient
from tests.portal.demo_his.conftest import KEY, PORTAL

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
    return his.database.rows("SELECT * FROM 病人手术申请")


def parameters(location: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(location).query, keep_blank_values=True))


# --- what is shown ------------------------------------------------------------------


def test_index_offers_those_who_practise(his_client: CheckedClient) -> None:
    answer = his_client.get("/")
    text = answer.content.decode()

    assert answer.status_code == 200
    assert "在岗医生 320 名" in text
    assert '<option value="1188" selected>1188 罗景文　肝胆胰外科</option>' in text


def test_inpatient_shows_the_patient_and_the_field_group(
    his_client: CheckedClient,
) -> None:
    text = his_client.get("/station/inpatient").content.decode()

    assert "住院医生工作站 - 肝胆胰外科 - 罗景文" in text
    assert "<b>王建平</b>　男　57 岁　住院号 <b>0026118430</b>" in text
    assert f'href="{PORTAL}/static/ui/embed.css"' in text
    assert f'<script src="{PORTAL}/static/his_plugin/field.js" defer>' in text
    for name in ("surgeon", "procedure", "procedure2", "planned_at"):
        assert f'name="{name}"' in text


def test_inpatient_of_another_department_begins_with_its_own_patient(
    his_client: CheckedClient,
) -> None:
    text = his_client.get("/station/inpatient?u=1066").content.decode()
    assert "<b>崔海燕</b>" in text


def test_inpatient_lists_all_who_lie_in(his_client: CheckedClient) -> None:
    text = his_client.get("/station/inpatient?tab=patients").content.decode()
    assert text.count("?u=1188&amp;p=3002") >= 12
    assert "冠状动脉粥样硬化性心脏病" in text


def test_outpatient_shows_the_queue_and_the_prescription(
    his_client: CheckedClient,
) -> None:
    text = his_client.get("/station/outpatient").content.decode()

    assert "门诊医生工作站 - 呼吸内科门诊 - 许知行" in text
    assert "<b>周晓梅</b>　女　34 岁　初诊" in text
    assert "合计 526.20 元" in text


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("/station/inpatient?u=9999", "没有工号为 9999 的在岗医生。"),
        ("/station/outpatient?u=%27--", "没有工号为 &#x27;-- 的在岗医生。"),
        ("/station/inpatient?p=1", "没有这位住院病人。"),
        ("/station/inpatient?a=SS1", "没有手术申请单 SS1。"),
        ("/launch?u=1188&st=XX", "没有这种工作站。"),
        ("/launch/unheard", "没有这种演示。"),
        ("/launch/replayed", "还没有打开过。"),
        ("/nothing-here", "没有这个页面。"),
        ("/static/../server.py", "没有这个页面。"),
    ],
)
def test_what_the_his_does_not_have_is_a_chinese_404(
    his_client: CheckedClient, address: str, words: str
) -> None:
    answer = his_client.get(address)

    assert answer.status_code == 404
    assert words in answer.content.decode()


def test_pages_allow_nothing_inline_and_nobody_but_the_portal(
    his_client: CheckedClient,
) -> None:
    policy = his_client.get("/station/inpatient")["Content-Security-Policy"]

    assert f"script-src 'self' {PORTAL};" in policy
    assert f"style-src 'self' {PORTAL};" in policy
    assert f"connect-src 'self' {PORTAL};" in policy
    assert f"frame-src {PORTAL};" in policy
    assert "unsafe" not in policy


# --- the way into the portal --------------------------------------------------------


def test_launch_is_signed_when_it_is_clicked(his_client: CheckedClient) -> None:
    answer = his_client.get("/launch?u=1188&st=ZY&pid=700112&vid=300201")
    location = answer["Location"]
    given = parameters(location)

    assert answer.status_code == 302
    assert location.startswith(f"{PORTAL}/sso/launch?")
    assert given.pop("sign") == sign(given, KEY)
    assert len(given.pop("nonce")) == 32
    assert given == {
        "app": "YW",
        "u": "1188",
        "n": "罗景文",
        "d": "0401",
        "pid": "700112",
        "vid": "300201",
        "st": "ZY",
        "page": "my",
        "ts": "20261123100000",
    }


@pytest.mark.parametrize(
    ("station", "code"), [("inpatient", "ZY"), ("outpatient", "MZ")]
)
def test_station_button_leads_through_our_own_address(
    his_client: CheckedClient, station: str, code: str
) -> None:
    text = his_client.get(f"/station/{station}?u=1027").content.decode()
    link = text.split('class="hot" href="')[1].split('"')[0].replace("&amp;", "&")

    given = parameters(his_client.get(link)["Location"])

    assert given["st"] == code
    assert given["u"] == "1027"
    assert set(REQUIRED) <= set(given)
    assert 'target="_blank"' in text.split('class="hot"')[1].split(">")[0]


def test_field_launch_is_signed_when_the_page_is_made(
    his_client: CheckedClient,
) -> None:
    text = his_client.get("/station/inpatient").content.decode()
    raw = text.split('data-yw-launch="')[1].split('"')[0]
    given = dict(parse_qsl(raw.replace("&amp;", "&")))

    assert given.pop("sign") == sign(given, KEY)
    assert (given["page"], given["pid"], given["vid"]) == ("field", "700112", "300201")
    number = text.split('data-yw-application="')[1].split('"')[0]
    assert f'name="number" value="{number}"' in text
    assert number.startswith("SS261123100000")


def test_faulty_launches_each_have_their_fault(
    his: Site, his_client: CheckedClient
) -> None:
    his_client.get("/launch?u=1188&st=ZY")
    first = his.last_launch

    def fault(name: str) -> dict[str, str]:
        return parameters(his_client.get(f"/launch/{name}?u=1188")["Location"])

    def is_signed(given: dict[str, str]) -> bool:
        return given["sign"] == sign(given, KEY)

    expired, tampered, foreign = (
        fault(name) for name in ("expired", "tampered", "foreign")
    )
    replayed = his_client.get("/launch/replayed")["Location"]

    assert (expired["ts"], is_signed(expired)) == ("20261123095000", True)
    assert (tampered["u"], is_signed(tampered)) == ("1027", False)
    assert is_signed(tampered | {"u": "1188"})
    assert (foreign["app"], is_signed(foreign)) == ("OTHER", False)
    assert replayed == f"{PORTAL}/sso/launch?{first}"


# --- the surgery application --------------------------------------------------------


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


def test_clock_of_the_station_is_the_hospitals(his_client: CheckedClient) -> None:
    assert datetime.now(UTC).hour == 2
    assert "<span>2026-11-23 10:00:00</span>" in his_client.get("/").content.decode()
