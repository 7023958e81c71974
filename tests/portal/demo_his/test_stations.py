"""The stations: real patients, and a signed way into the portal."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlsplit

import pytest

from portal.demo_his.site import Site
from portal.his.contract.launch import REQUIRED, sign
from tests.pages import CheckedClient
from tests.portal.demo_his.conftest import KEY, PORTAL
from tests.services import free_port


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
        ("/launch/by/unheard", "没有这种进入方式。"),
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


def test_form_and_frame_are_signed_when_they_are_opened(
    his_client: CheckedClient,
) -> None:
    form = his_client.get("/launch/by/form?u=1188")
    posted = dict(form.context["posted"])
    assert form.context["address"] == f"{PORTAL}/sso/launch"
    assert posted.pop("sign") == sign(posted, KEY)

    frame = his_client.get("/launch/by/frame?u=1188")
    given = parameters(frame.context["address"])
    assert given.pop("sign") == sign(given, KEY)
    assert given["frame"] == "1"


def test_ticket_of_a_portal_that_is_gone_is_told(
    his: Site, his_client: CheckedClient
) -> None:
    his.portal_url = f"http://127.0.0.1:{free_port()}"
    page = his_client.get("/launch/by/ticket?u=1188")
    assert page.status_code == 404
    assert "门户没有应答" in page.content.decode()


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


def test_clock_of_the_station_is_the_hospitals(his_client: CheckedClient) -> None:
    assert datetime.now(UTC).hour == 2
    assert "<span>2026-11-23 10:00:00</span>" in his_client.get("/").content.decode()
