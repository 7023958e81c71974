"""The group in stations of every kind: frames of other sites, hostile styles, no script."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import FrameLocator, Locator, Page, Route, expect

from portal.accounts.models import User
from portal.directory.models import Practitioner
from portal.parameters.days import day_of
from surgery.models import SurgeryApplication
from tests.browsing import BrowserContexts
from tests.his_plugin.host_page import Host, station_server
from tests.his_plugin.station import CHOLE, LIVER
from tests.his_plugin.tls import https_before, own_certificate
from tests.permissions.ledger import granted

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# A stylesheet by element and by star, as old stations have them; it says of its form
# alone that nothing in it is shown.
HOSTILE = """
body { font: 40px/90px fantasy; letter-spacing: 9px; text-transform: uppercase; color: #eee;
  text-indent: 30px; text-align: right; visibility: visible }
#sheet * { display: none !important; font-size: 60px !important; color: #fff !important;
  float: right !important }
input { position: absolute !important; left: -900px !important }
table, td, div, span { border: 9px solid red !important; width: 20px !important;
  background: #fff !important }
"""
# Without a shadow the group lives among the host's own rules: by element, not by force.
UNTIDY = """
body { font: 30px/70px fantasy; letter-spacing: 6px; text-transform: uppercase; color: #eee }
input { position: absolute; width: 300px; height: 70px } select { width: 10px; float: right }
table { margin: 40px; width: 200px } td { padding: 30px; border: 5px solid red }
div { float: right; text-indent: 50px } label { display: block; font-size: 50px }
button { display: none } span { visibility: hidden } li { margin: 50px }
"""

# The part that has the focus; a tick has no name, for it is not submitted itself.
FOCUSED = """() => {
  const host = document.activeElement, one = host.shadowRoot && host.shadowRoot.activeElement;
  if (!one) { return ""; }
  const about = one.name || one.getAttribute("aria-describedby") || "";
  return about.split(" ")[0].replace(/^yw(_|-why-)/, "");
}"""


@pytest.fixture
def rights(
    transactional_db: None, lin: User, su: User, luo: Practitioner, catalogue: None
) -> Practitioner:
    today = day_of(timezone.now())
    last = today + timedelta(days=700)
    granted(lin, su, luo, "SG03", item=CHOLE, valid_from=today, valid_to=last)
    return luo


@pytest.fixture
def tls_folder(tmp_path: Path) -> Path:
    return tmp_path


@pytest.fixture
def station(
    portal_server: str, settings: Any, rights: Practitioner, tls_folder: Path
) -> Iterator[Callable[..., Host]]:
    """``station(kind=…)``: a station of that kind, whom the portal knows."""
    with ExitStack() as stack:

        def made(
            kind: str, *, address: str = "127.0.0.1", is_secure: bool = False
        ) -> Host:
            tls = own_certificate(tls_folder, address, "127.0.0.1")
            portal = (
                stack.enter_context(https_before(portal_server, tls))
                if is_secure
                else portal_server
            )
            context = tls if is_secure else None
            host = stack.enter_context(
                station_server(portal, address=address, tls=context)
            )
            host.kind = kind
            settings.STATION_ORIGINS = settings.CORS_ALLOWED_ORIGINS = [host.url]
            planned = timezone.localtime() + timedelta(days=2)
            host.planned = planned.strftime("%Y-%m-%dT08:30")
            return host

        yield made


def choose(group: Page | FrameLocator, name: str, label: str) -> None:
    box = group.get_by_role("radiogroup", name=name)
    box.get_by_role("radio", name=label, exact=True).check()


def fill(group: Page | FrameLocator) -> None:
    choose(group, "是否计划手术", "计划")
    choose(group, "手术性质", "择期")
    choose(group, "再次手术类型", "非再次")
    expect(group.locator("[aria-busy=true]")).to_have_count(0)
    for name, text in (
        ("yw_preop_discussion", "TL-1"),
        ("yw_preop_discussed_at", "2026-11-20T10:00"),
    ):
        found = group.locator(f'input[name="{name}"]:visible')
        if found.count():
            found.fill(text)


def messages(page: Page, kind: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = page.evaluate(
        "(kind) => window.heard.filter((one) => one.type === kind)", kind
    )
    return found


def wait_for(page: Page, kind: str) -> dict[str, Any]:
    page.wait_for_function(
        "(kind) => window.heard.some((one) => one.type === kind)", arg=kind
    )
    return messages(page, kind)[-1]


@pytest.mark.parametrize(
    ("address", "is_secure"),
    [("127.0.0.1", False), ("127.0.0.2", False), ("127.0.0.2", True)],
    ids=["same site", "another site", "another site by HTTPS"],
)
def test_frame_tells_the_station_verdict_values_and_size_without_a_cookie(
    browser_contexts: BrowserContexts,
    station: Callable[..., Host],
    check_axe: Callable[[Page], None],
    address: str,
    is_secure: bool,
) -> None:
    host = station("frame", address=address, is_secure=is_secure)
    page = browser_contexts.new_page(ignore_https_errors=is_secure)
    page.goto(host.url)
    group = page.frame_locator("#yw-frame")
    expect(group.get_by_role("radiogroup", name="是否计划手术")).to_be_visible()
    page.select_option("[name=procedure]", CHOLE)
    expect(group.get_by_text("罗景文可以主刀：1 项都有权限")).to_be_visible()
    expect(group.get_by_label("主刀工号")).to_be_hidden()
    verdict = wait_for(page, "yw-verdict")
    assert (verdict["code"], verdict["letsThrough"]) == ("0", True)
    inner = "Math.ceil(document.body.getBoundingClientRect().height)"
    page.wait_for_function(
        "(height) => document.getElementById('yw-frame').height === String(height)",
        arg=page.frames[1].evaluate(inner),
    )
    check_axe(page)

    fill(group)
    page.get_by_role("button", name="提交").click()
    told = wait_for(page, "yw-declared")
    row = SurgeryApplication.objects.get()
    assert told["declaration"] == str(row.pk)
    assert told["values"]["yw_is_planned"] == "1"
    assert told["values"]["yw_verdict_code"] == "0"
    assert page.context.cookies() == []


def test_frame_tells_nothing_to_a_page_that_is_no_station(
    browser_contexts: BrowserContexts, station: Callable[..., Host], settings: Any
) -> None:
    browser_contexts.expect("frame-ancestors")
    browser_contexts.expect("ERR_BLOCKED_BY_RESPONSE")
    host = station("frame", address="127.0.0.2")
    settings.STATION_ORIGINS = ["http://his.hospital"]
    page = browser_contexts.new_page()
    with page.expect_response("**/plugin/field/**") as answered:
        page.goto(host.url)
    policy = answered.value.headers["content-security-policy"]
    assert "frame-ancestors 'self' http://his.hospital" in policy
    assert page.evaluate("window.heard") == []


OURS = {
    "font-size": "13px",
    "color": "rgb(23, 73, 138)",
    "letter-spacing": "normal",
    "text-transform": "none",
    "float": "none",
}


def is_readable(group: Locator) -> None:
    """Shown, in our own size and color, wide enough, and nothing over another."""
    title = group.locator(".yw-bar")
    expect(title).to_be_visible()
    for name, value in OURS.items():  # once our style sheet is there
        expect(title).to_have_css(name, value)
    labels = group.locator(".yw-f .k:visible")
    expect(labels.nth(2)).to_be_visible()
    boxes = [one.bounding_box() for one in labels.element_handles()]
    tops = [box["y"] for box in boxes if box]
    assert len(tops) >= 3
    assert all(box and box["width"] >= 80 and box["height"] <= 90 for box in boxes)
    assert tops == sorted(tops)
    option = group.locator(".yw-opt").first.bounding_box()
    assert option is not None
    assert option["width"] > 30
    assert 20 <= option["height"] <= 30


def test_hostile_styles_do_not_reach_into_our_element(
    browser_contexts: BrowserContexts, station: Callable[..., Host]
) -> None:
    host = station("element")
    host.css = HOSTILE
    page = browser_contexts.new_page()
    page.goto(host.url)
    element = page.locator("yw-surgery-field")
    expect(element.locator(".yw-box")).to_be_visible()
    is_readable(element)
    assert page.locator("#submit").is_hidden()


def test_hostile_styles_do_not_reach_into_the_frame(
    browser_contexts: BrowserContexts, station: Callable[..., Host]
) -> None:
    host = station("frame", address="127.0.0.2")
    host.css = HOSTILE.replace("#sheet *", "#sheet p, #sheet button")
    page = browser_contexts.new_page()
    page.goto(host.url)
    group = page.frame_locator("#yw-frame").locator("#yw-field")
    expect(group.locator(".yw-opt").first).to_be_visible()
    is_readable(group)


def test_untidy_styles_are_reset_where_there_is_no_shadow(
    browser_contexts: BrowserContexts, station: Callable[..., Host]
) -> None:
    host = station("element")
    host.css = UNTIDY
    page = browser_contexts.new_page()
    page.add_init_script(
        "delete window.customElements; delete Element.prototype.attachShadow;"
    )
    page.goto(host.url)
    element = page.locator("yw-surgery-field")
    expect(element.locator(".yw-opt").first).to_be_visible()
    assert element.evaluate("(node) => node.shadowRoot") is None
    is_readable(element)


def test_values_of_our_element_are_submitted_with_the_form_of_the_host(
    browser_contexts: BrowserContexts,
    station: Callable[..., Host],
    check_axe: Callable[[Page], None],
) -> None:
    browser_contexts.expect("embed.css")
    host = station("element")
    page = browser_contexts.new_page()
    page.goto(host.url)
    page.select_option("[name=procedure]", CHOLE)
    expect(page.get_by_text("罗景文可以主刀：1 项都有权限")).to_be_visible()
    fill(page)
    check_axe(page)
    page.get_by_role("button", name="提交").click()
    expect(page.get_by_text("已保存")).to_be_visible()
    row = SurgeryApplication.objects.get()
    [saved] = host.saved
    told = {name: saved.get(name) for name in saved if name.startswith("yw_")}
    assert (
        told
        | {
            "yw_is_planned": "1",
            "yw_nature": "1",
            "yw_reoperation": "0",
            "yw_verdict_code": "0",
            "yw_declaration": str(row.pk),
        }
        == told
    )
    assert "yw_is_rescue" not in told


def test_element_put_in_by_script_begins_by_itself(
    browser_contexts: BrowserContexts, station: Callable[..., Host]
) -> None:
    host = station("element")
    page = browser_contexts.new_page()
    page.goto(host.url)
    expect(page.get_by_role("radiogroup", name="手术性质")).to_be_visible()
    page.evaluate(
        """(launch) => {
          const old = document.querySelector("yw-surgery-field");
          const made = document.createElement("yw-surgery-field");
          for (const one of old.attributes) made.setAttribute(one.name, one.value);
          made.setAttribute("data-yw-launch", launch);
          old.replaceWith(made);
        }""",
        host.another_launch(),
    )
    expect(page.get_by_role("radiogroup", name="手术性质")).to_be_visible()
    expect(page.get_by_text("选好手术、主刀和手术时间后自动核对")).to_be_visible()


def test_whole_group_is_filled_in_by_keys_alone(
    browser_contexts: BrowserContexts, station: Callable[..., Host]
) -> None:
    host = station("element")
    page = browser_contexts.new_page()
    page.goto(host.url)
    page.select_option("[name=procedure]", CHOLE)
    expect(page.get_by_text("罗景文可以主刀：1 项都有权限")).to_be_visible()
    page.locator("[name=planned_at]").focus()
    keys = page.keyboard
    keys.press("Tab")
    keys.press("ArrowRight")  # 非计划
    keys.press("Tab")
    keys.press("ArrowLeft")  # round to the last: 急诊
    rescue = page.get_by_role("checkbox", name="抢救生命")
    expect(rescue).to_be_enabled()
    keys.press("Tab")
    expect(rescue).to_be_focused()
    keys.press("Space")
    expect(rescue).to_be_checked()
    keys.press("Tab")
    keys.press("ArrowLeft")  # 非计划再次
    cause = page.locator("select[name=yw_reoperation_cause]")
    expect(cause).to_be_visible()
    keys.press("Tab")
    expect(cause).to_be_focused()
    keys.press("ArrowDown")
    keys.press("Tab")
    keys.insert_text("术后第二天出血")
    expect(page.locator("input[type=text][name=yw_reoperation_reason]")).to_have_value(
        "术后第二天出血"
    )
    assert page.locator("[name=yw_is_planned][type=hidden]").input_value() == "2"
    assert page.locator("[name=yw_reoperation][type=hidden]").input_value() == "2"
    expect(page.locator("yw-surgery-field [aria-busy=true]")).to_have_count(0)
    reached: list[str] = []
    while len(reached) < 30:
        keys.press("Tab")
        name = page.evaluate(FOCUSED)
        if not name:
            break
        reached.append(name)
    parts = ("first_operation", "is_mini", "side", "site", "technique")
    rest = ("preop_discussion", "preop_discussed_at", "mdt")
    assert list(dict.fromkeys(reached)) == [*parts, *rest]


def answering_more(route: Route) -> None:
    """What the portal answers, with a colleague, somebody else and demands beside it."""
    answer = route.fetch()
    said = answer.json()
    result = {name: said["procedures"][0][name] for name in ("code", "label", "tone")}
    colleague = {
        "emp_no": "1027",
        "name": "陈景行",
        "role": "ASSIST",
        "role_label": "助手",
        "lets_through": False,
        "icon": "ban",
        "reasons": ["陈景行没有手术权"],
        "procedures": [],
    }
    said["team"] = [colleague | result]
    other = {"emp_no": "1031", "name": "方若谷", "department": "肝胆胰外科"}
    said["procedures"][0]["others"] = [other | {"load": 3, "words": "3 台"}]
    said["demands"] = {part: {"need": "no", "why": ""} for part in HIDDEN} | {
        "mdt": {"need": "must", "why": "四级手术须先完成多学科讨论"},
        "side": {"need": "must", "why": "成对器官须写明侧别"},
        "technique": {"need": "may", "why": ""},
        "is_mini": {"need": "may", "why": ""},
    }
    route.fulfill(response=answer, json=said)


HIDDEN = ("is_day", "site", "preop_discussion", "preop_discussed_at")


def test_group_shows_what_is_demanded_the_team_and_who_may_instead(
    browser_contexts: BrowserContexts,
    station: Callable[..., Host],
    check_axe: Callable[[Page], None],
) -> None:
    browser_contexts.expect("embed.css")
    host = station("element")
    host.assistant = "1027 陈景行"
    page = browser_contexts.new_page()
    page.route("**/plugin/v1/check", answering_more)
    page.goto(host.url)
    expect(page.get_by_role("radiogroup", name="手术性质")).to_be_visible()
    expect(page.locator("input[type=text][name=yw_mdt]")).to_be_hidden()
    with page.expect_request("**/plugin/v1/check") as asked:
        page.select_option("[name=procedure]", LIVER)
    body: Any = asked.value.post_data_json
    assert body["team"] == [{"emp_no": "1027", "role": "ASSIST"}]

    expect(page.get_by_text("四级手术须先完成多学科讨论")).to_be_visible()
    expect(page.get_by_role("radiogroup", name="侧别")).to_be_visible()
    expect(page.get_by_role("checkbox", name="微创")).to_be_visible()
    expect(page.get_by_role("checkbox", name="日间手术")).to_be_hidden()
    expect(page.locator("input[type=text][name=yw_site]")).to_be_hidden()
    expect(page.get_by_text("需要四级，现有三级")).to_be_visible()
    expect(page.get_by_role("row", name="陈景行 1027")).to_contain_text(
        "陈景行没有手术权"
    )
    expect(page.get_by_text("当天已排 3 台")).to_be_visible()
    choose(page, "技术类别", "新技术")
    expect(page.locator("input[type=text][name=yw_technique_text]")).to_be_visible()
    check_axe(page)
    page.get_by_role("button", name="改由方若谷主刀").click()
    assert page.evaluate("window.chosen") == {"emp_no": "1031", "name": "方若谷"}

    fill(page)
    page.get_by_role("button", name="提交").click()
    expect(page.get_by_role("radio", name="左")).to_be_focused()
    assert host.saved == []
    assert SurgeryApplication.objects.count() == 0


@pytest.mark.parametrize("kind", ["element", "frame"])
def test_nothing_scrolls_sideways_at_one_and_a_half_times(
    browser_contexts: BrowserContexts, station: Callable[..., Host], kind: str
) -> None:
    host = station(kind)
    host.css += "iframe{width:100%;border:0}"
    # What 150 % makes of a window of 1366 by 768.
    page = browser_contexts.new_page(
        viewport={"width": 911, "height": 512}, device_scale_factor=1.5
    )
    page.goto(host.url)
    group = page if kind == "element" else page.frame_locator("#yw-frame")
    page.select_option("[name=procedure]", LIVER)
    expect(group.get_by_text("50.2205 需要四级逐项主刀权")).to_be_visible()
    choose(group, "再次手术类型", "非计划再次")
    expect(
        group.locator("input[type=text][name=yw_reoperation_reason]")
    ).to_be_visible()
    for frame in page.frames:
        width, seen = frame.evaluate(
            "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
        )
        assert width <= seen


def test_station_whose_script_is_blocked_leads_to_the_posted_page(
    browser_contexts: BrowserContexts, station: Callable[..., Host]
) -> None:
    browser_contexts.expect("ERR_FAILED")
    host = station("element")
    page = browser_contexts.new_page()
    page.route("**/his_plugin/field.js", lambda route: route.abort())
    page.goto(host.url)
    way = page.get_by_role("link", name="打开手术申请核对页")
    with page.context.expect_page() as opened:
        way.click()
    expect(opened.value.get_by_label("申请单号")).to_have_value("SS26112301")


def test_internet_explorer_is_led_to_the_posted_page(
    browser_contexts: BrowserContexts, station: Callable[..., Host]
) -> None:
    host = station("div")
    page = browser_contexts.new_page()
    page.context.add_init_script("document.documentMode = 11")
    page.goto(host.url)
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="打开手术申请核对页").click()
    form = opened.value
    expect(form.get_by_label("申请单号")).to_have_value("SS26112301")
    # There the page of the portal keeps to its plain form as well.
    expect(form.get_by_role("button", name="核对")).to_be_visible()


def test_posted_page_works_with_no_script_at_all(
    browser_contexts: BrowserContexts,
    station: Callable[..., Host],
    check_axe: Callable[[Page], None],
) -> None:
    host = station("div")
    page = browser_contexts.new_page(java_script_enabled=False)
    page.goto(host.page_address())
    page.get_by_label("手术编码").first.fill(f"{CHOLE} 腹腔镜下胆囊切除术")
    page.get_by_label("主刀工号").fill("1188")
    page.get_by_label("手术时间").fill(host.planned)
    page.get_by_role("button", name="核对").click()
    expect(page.get_by_text("请选择手术性质。")).to_be_visible()
    expect(page.get_by_label("手术编码").first).to_have_value(
        f"{CHOLE} 腹腔镜下胆囊切除术"
    )
    fill(page)
    page.get_by_role("button", name="核对").click()
    expect(page.get_by_text("罗景文可以主刀：1 项都有权限")).to_be_visible()
    fill(page)
    page.get_by_role("button", name="申报").click()
    row = SurgeryApplication.objects.get()
    expect(page.get_by_text(f"已申报，编号 {row.pk}")).to_be_visible()
    expect(page.locator("[name=yw_nature][value='1']")).to_be_checked()
