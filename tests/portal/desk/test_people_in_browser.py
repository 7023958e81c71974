"""A user is made, given a role by two people, and comes in; parameters are changed."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from portal.accounts.capabilities import Role
from portal.accounts.models import RoleAssignment, User
from portal.parameters.models import ParameterValue
from tests.browsing import BrowserContexts
from tests.cast import PASSWORD, make_department, make_user
from tests.portal.parameters.fresh import parameters_read_anew

__all__ = ["parameters_read_anew"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Check = Callable[[Page], None]
FIRST = "Ward-round@0730"
OWN = "Own-choice@0900"
LONG_DEPARTMENT = "创伤骨科与关节外科、运动医学科联合病区"


@pytest.fixture
def administrators(db: None) -> tuple[User, User]:
    """秦 asks, 安 approves."""
    return (
        make_user("9001", "秦牧", Role.SYSTEM_ADMIN, office="信息网络中心"),
        make_user("9002", "安宁", Role.SECURITY_ADMIN, office="信息网络中心"),
    )


@pytest.fixture
def log_in(
    browser_contexts: BrowserContexts, portal_server: str
) -> Callable[[str, str, str], Page]:
    """``log_in("9001", PASSWORD, "/users/")``: a person before a page, by the login."""
    browser_contexts.base_url = portal_server

    def open_page(staff_no: str, password: str, onward: str) -> Page:
        page = browser_contexts.new_page()
        page.goto(f"/accounts/login?next={onward}")
        page.get_by_label("工号").fill(staff_no)
        page.get_by_label("密码", exact=True).fill(password)
        page.get_by_role("button", name="登录", exact=True).click()
        # Loaded, with its scripts: keys pressed earlier would be lost.
        page.wait_for_url(lambda url: "/accounts/login" not in url)
        return page

    return open_page


LogIn = Callable[[str, str, str], Page]


def make_zhou(page: Page, check_axe: Check) -> None:
    """秦 makes the account of 周 in the drawer, first with a weak password."""
    page.get_by_role("button", name="新增用户").click()
    drawer = page.get_by_role("dialog", name="新增用户")
    drawer.get_by_label("工号").fill("2040")
    drawer.get_by_label("姓名").fill("周新")
    drawer.get_by_label("部门").fill("医务科")
    drawer.get_by_label("初始密码").fill("12345678")
    drawer.get_by_label("原因").fill("入职")
    check_axe(page)
    drawer.get_by_role("button", name="新增用户").click()
    expect(drawer.get_by_text("密码至少 10 位，现有 8 位。")).to_be_visible()
    expect(drawer.get_by_label("初始密码")).to_be_focused()
    expect(drawer.get_by_label("姓名")).to_have_value("周新")
    drawer.get_by_label("初始密码").fill(FIRST)
    drawer.get_by_role("button", name="新增用户").click()
    page.wait_for_url(re.compile(r"/users/\d+/$"))
    expect(page.get_by_text("已新增用户")).to_be_visible()


def test_new_user_gets_a_role_by_two_people_and_comes_in(
    administrators: tuple[User, User],
    log_in: LogIn,
    check_axe: Check,
    browser_contexts: BrowserContexts,
) -> None:
    browser_contexts.expect("422")
    page = log_in("9001", PASSWORD, "/users/")
    check_axe(page)
    make_zhou(page, check_axe)
    check_axe(page)

    page.get_by_role("button", name="申请角色").click()
    drawer = page.get_by_role("dialog", name="申请角色")
    drawer.get_by_label("角色").select_option("医务科干事")
    drawer.get_by_label("原因").fill("医务科调入")
    drawer.get_by_role("button", name="提交申请").click()
    expect(drawer).to_be_hidden()
    row = page.locator("tr", has_text="医务科干事")
    expect(row).to_contain_text("待批准")
    expect(row).to_contain_text("不能批准自己申请的角色，由另一人办理")
    expect(page.get_by_role("button", name="申请角色")).to_be_focused()
    check_axe(page)

    decide = log_in("9002", PASSWORD, "/users/requests/")
    check_axe(decide)
    decide.get_by_role("button", name="同意", exact=True).click()
    drawer = decide.get_by_role("dialog", name="同意角色")
    check_axe(decide)
    drawer.get_by_label("原因").fill("科室已核实")
    drawer.get_by_role("button", name="确认同意 1 个角色").click()
    expect(drawer).to_be_hidden()
    expect(decide.locator("tr", has_text="周新")).to_contain_text("生效")
    assert RoleAssignment.objects.get(user__staff_no="2040").state == "ACTIVE"

    own = log_in("2040", FIRST, "/his/")
    own.wait_for_url("**/accounts/password")
    expect(own.get_by_text("改过之后才能继续使用")).to_be_visible()
    check_axe(own)
    own.get_by_label("现在的密码").fill(FIRST)
    own.get_by_label("新密码", exact=True).fill(OWN)
    own.get_by_label("再输一次新密码").fill(OWN)
    own.get_by_role("button", name="修改密码").click()
    own.wait_for_url(re.compile(r"//[^/]+/$"))
    own.goto("/accounts/profile")
    expect(own.get_by_text("医务科干事")).to_be_visible()
    check_axe(own)


def test_user_is_shut_out_by_keys_only(
    administrators: tuple[User, User], log_in: LogIn
) -> None:
    lin = make_user("2031", "林若川", Role.OFFICER)
    page = log_in("9001", PASSWORD, "/users/?q=2031")
    expect(page.locator("tbody tr")).to_have_count(1)

    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/users/{lin.pk}/")
    page.locator("#act-deactivate").focus()
    page.keyboard.press("Enter")
    drawer = page.get_by_role("dialog", name="停用账户")
    expect(drawer.get_by_label("原因")).to_be_focused()
    page.keyboard.type("离职")
    page.keyboard.press("Alt+s")

    expect(drawer).to_be_hidden()
    expect(page.locator("#act-activate")).to_be_visible()
    expect(page.get_by_text("停用", exact=True)).to_be_visible()
    lin.refresh_from_db()
    assert not lin.is_active


def test_parameter_is_changed_with_a_preview_by_keys_only(
    administrators: tuple[User, User],
    log_in: LogIn,
    check_axe: Check,
    browser_contexts: BrowserContexts,
) -> None:
    browser_contexts.expect("422")
    page = log_in("9002", PASSWORD, "/parameters/")
    check_axe(page)
    page.locator("#change-LOGIN_TRIES").focus()
    page.keyboard.press("Enter")
    drawer = page.get_by_role("dialog", name="修改参数")
    expect(drawer.get_by_label("新值")).to_be_focused()
    check_axe(page)

    page.keyboard.press("Control+a")
    page.keyboard.type("11")
    expect(drawer.get_by_text("填入允许范围内的整数后显示。")).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.type("检查要求")
    page.keyboard.press("Alt+s")
    expect(drawer.get_by_text("须在 3 至 10 次之间，现填 11。")).to_be_visible()
    expect(drawer.get_by_label("新值")).to_be_focused()
    assert not ParameterValue.objects.exists()

    page.keyboard.press("Control+a")
    page.keyboard.type("3")
    expect(drawer.locator("td.n")).to_have_text("3 次")
    expect(drawer.locator("td.o")).to_have_text("5 次")
    page.keyboard.press("Alt+s")
    expect(drawer).to_be_hidden()
    row = page.locator("#parameter-LOGIN_TRIES")
    expect(row).to_contain_text("3 次")
    expect(row).to_contain_text("安宁 9002")
    expect(page.locator("#change-LOGIN_TRIES")).to_be_focused()

    page.locator("#history-LOGIN_TRIES").click()
    history = page.get_by_role("dialog", name="参数历史")
    expect(history).to_contain_text("5 次 改为 3 次")
    check_axe(page)


def test_roles_are_explained_and_nothing_runs_out_of_the_pages(
    administrators: tuple[User, User], log_in: LogIn, check_axe: Check
) -> None:
    make_user(
        "40012345678901234567", "阿卜杜热合曼·买买提明江", *Role, office="部" * 50
    )
    page = log_in("9002", PASSWORD, "/users/roles/")
    check_axe(page)
    for path in ("/users/", "/users/requests/", "/users/roles/", "/parameters/"):
        page.goto(path)
        overflow = page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert overflow == 0, path


def take(page: Page, box: Locator, typed: str) -> None:
    """Type into a searched choice of many and take the line."""
    box.focus()
    box.press_sequentially(typed)
    expect(page.get_by_role("option", name=typed).first).to_be_visible()
    page.keyboard.press("Enter")


def test_head_is_given_departments_in_the_drawer_of_roles(
    administrators: tuple[User, User],
    log_in: LogIn,
    check_axe: Check,
    browser_contexts: BrowserContexts,
) -> None:
    """所管科室: long names, refused for other roles with what was chosen kept."""
    browser_contexts.expect("422")
    make_department("0405", LONG_DEPARTMENT)
    make_department("0301", "肝胆外科")
    chen = make_user("1027", "陈景行", office="肝胆外科")
    page = log_in("9001", PASSWORD, f"/users/{chen.pk}/")
    page.get_by_role("button", name="申请角色").focus()
    page.keyboard.press("Enter")
    drawer = page.get_by_role("dialog", name="申请角色")
    box = drawer.get_by_role("combobox", name="所管科室")
    expect(box).to_be_visible()
    expect(drawer.get_by_text("只用于科主任")).to_be_visible()
    check_axe(page)
    drawer.get_by_label("角色").select_option("医务科干事")
    take(page, box, "肝胆外科")
    drawer.get_by_label("原因").fill("科主任任命文件已核对")
    page.keyboard.press("Alt+s")
    expect(drawer.locator(".err, [aria-invalid=true]").first).to_be_visible()
    expect(drawer.locator(".item", has_text="肝胆外科")).to_be_visible()
    check_axe(page)
    drawer.get_by_label("角色").select_option("科主任")
    take(page, drawer.get_by_role("combobox", name="所管科室"), LONG_DEPARTMENT)
    page.keyboard.press("Alt+s")
    row = page.locator("tr", has_text="科主任")
    expect(row).to_contain_text("待批准")
    check_axe(page)
    asked = RoleAssignment.objects.get(user=chen)
    assert sorted(asked.departments) == ["0301", "0405"]
