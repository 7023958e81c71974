"""The search of the top bar, and the numbers of the shell."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from time_machine import Traveller

from permissions.models import Application
from portal.accounts.capabilities import Role
from portal.accounts.models import User
from portal.accounts.sessions import LAST_ACTIVE
from portal.desk import views_badges
from portal.desk.presenters_his_tiles import HisState
from portal.outbox.models import Message, State
from tests.cast import chen, lin, make_practitioner, make_user, sign_in, su, wang, zhao
from tests.harness import assert_queries
from tests.pages import CheckedClient
from tests.permissions.conftest import catalogue
from tests.permissions.ledger import granted, propose

__all__ = ["catalogue", "chen", "lin", "su", "wang", "zhao"]
pytestmark = pytest.mark.usefixtures("catalogue")
SEARCH = "/search/"
BADGES = "/badges/"
LIST: dict[str, Any] = {
    "HTTP_HX_REQUEST": "true",
    "HTTP_HX_TARGET": "search-results",
}


@pytest.fixture(autouse=True)
def _no_his(settings: Any) -> None:
    """A HIS that is not there: asking it fails at once."""
    settings.HIS_DSN = "sqlite:////nowhere/his.sqlite3"
    cache.clear()


@pytest.fixture
def application(lin: User) -> Application:
    luo = make_practitioner("1055", "罗景文", initials="ljw", pinyin="luo jing wen")
    return propose(lin, luo, "SG03", item="51.2300", valid_to=date(2027, 11, 1))


def found(client: CheckedClient, text: str, **extra: Any) -> dict[str, list[str]]:
    page = client.get(SEARCH, {"q": text}, **extra).context["found"]
    return {str(group.title): [hit.text for hit in group.hits] for group in page.groups}


LUO = "罗景文 1055"
GALL = "腹腔镜下胆囊切除术 51.2300"


@pytest.mark.parametrize("text", ["罗景", "ljw", "luojing", "1055"])
def test_doctors_are_found_by_name_pinyin_and_number(
    text: str, client: CheckedClient, lin: User, application: Application
) -> None:
    sign_in(client, lin)
    assert found(client, text)["医师"] == [LUO]
    assert (
        f"#{application.pk} 罗景文 腹腔镜下胆囊切除术" in found(client, "罗景")["申请"]
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("麻醉药品", {"权限": ["麻醉药品处方权 ND01"]}),
        ("mzyp", {"权限": ["麻醉药品处方权 ND01"]}),
        ("nd01", {"权限": ["麻醉药品处方权 ND01"]}),
        ("胆囊", {"手术": [GALL]}),
        ("51.23", {"手术": [GALL]}),
        ("没有这个", {}),
        ("", {}),
        ("   ", {}),
    ],
)
def test_privileges_and_procedures_are_found_by_name_code_and_initials(
    text: str,
    expected: dict[str, list[str]],
    client: CheckedClient,
    lin: User,
    application: Application,
) -> None:
    sign_in(client, lin)
    assert found(client, text) == expected


def test_applications_are_found_by_number_and_document(
    client: CheckedClient, lin: User, application: Application
) -> None:
    sign_in(client, lin)
    line = [f"#{application.pk} 罗景文 腹腔镜下胆囊切除术"]
    assert found(client, f"#{application.pk}")["申请"] == line
    assert found(client, "59号")["申请"] == line
    assert found(client, "9" * 40) == {}


def test_every_hit_leads_to_a_page(
    client: CheckedClient, lin: User, application: Application
) -> None:
    sign_in(client, lin)
    for text in ("罗景文", "ND01", "51.23"):
        page = client.get(SEARCH, {"q": text}).context["found"]
        assert page.groups != []
        for group in page.groups:
            for url in [hit.url for hit in group.hits] + [group.more_url]:
                assert not url or client.get(url).status_code == 200, url


def test_list_while_typing_is_short_and_made_of_options(
    client: CheckedClient, lin: User
) -> None:
    for place in range(8):
        make_practitioner(f"30{place:02}", f"林{place}", initials="l")
    sign_in(client, lin)
    answer = client.get(SEARCH, {"q": "林"}, **LIST)
    html = answer.content.decode()
    assert html.count('role="option"') == 5
    assert 'id="hit-doctor-0"' in html
    assert "<html" not in html
    page = client.get(SEARCH, {"q": "林"}).context["found"]
    assert page.count == 8
    assert answer.headers["Vary"].startswith("HX-Target")


def test_nothing_found_says_so_in_both(client: CheckedClient, lin: User) -> None:
    sign_in(client, lin)
    for extra in ({}, LIST):
        html = client.get(SEARCH, {"q": "查无此人"}, **extra).content.decode()
        assert "没有找到「查无此人」" in html
    assert "输入要找的内容" in client.get(SEARCH).content.decode()


def test_what_was_typed_cannot_become_markup(client: CheckedClient, lin: User) -> None:
    sign_in(client, lin)
    html = client.get(SEARCH, {"q": "<b>x</b>"}).content.decode()
    assert "<b>x</b>" not in html
    assert "&lt;b&gt;x&lt;/b&gt;" in html


def test_administrators_find_users_and_no_rights(
    client: CheckedClient, application: Application
) -> None:
    sign_in(client, make_user("2081", "马系统", Role.SYSTEM_ADMIN))
    assert found(client, "林若") == {"用户": ["林若川 2031"]}
    assert found(client, "罗景") == {}


def test_officers_find_no_users(
    client: CheckedClient, lin: User, application: Application
) -> None:
    sign_in(client, lin)
    assert "用户" not in found(client, "林若川")


def test_who_may_see_nothing_finds_nothing(
    client: CheckedClient, wang: User, zhao: User, application: Application
) -> None:
    for user in (wang, zhao):
        sign_in(client, user)
        assert found(client, "罗景文") == {}
        html = client.get(SEARCH, {"q": "罗景文"}).content.decode()
        assert "不能搜索" in html
        assert 'id="search"' not in html  # nor is there a box in the top bar
    client.logout()
    assert client.get(SEARCH).status_code == 302


@pytest.mark.parametrize("count", [5, 50])
def test_search_asks_once_for_each_kind(
    client: CheckedClient, lin: User, count: int
) -> None:
    for place in range(count):
        doctor = make_practitioner(f"3{place:03}", f"处{place}", initials="c")
        propose(lin, doctor, "RX01")
    both = make_user("2099", "全看", Role.OFFICER, Role.AUDITOR)
    sign_in(client, both)
    client.get(SEARCH)
    for extra in ({}, LIST):
        with assert_queries(3 + 5):  # who asks, and five kinds
            client.get(SEARCH, {"q": "处"}, **extra)


# --- the numbers of the shell -------------------------------------------------------------


def badges(client: CheckedClient) -> Any:
    return client.get(BADGES, HTTP_X_YW_POLL="1").context["it"]


def test_badges_count_what_waits_for_this_user(
    client: CheckedClient, lin: User, su: User, chen: User, application: Application
) -> None:
    sign_in(client, lin)  # proposed it: another decides
    assert (badges(client).applications, badges(client).reviews) == (0, 0)
    sign_in(client, su)
    assert (badges(client).applications, badges(client).unread) == (1, 0)
    sign_in(client, chen)  # sees it, decides nothing
    assert (badges(client).applications, badges(client).his) == (0, None)


def test_badges_count_trouble_at_the_his(
    client: CheckedClient, lin: User, su: User
) -> None:
    granted(lin, su, make_practitioner("1055", "罗景文"), "RX01")
    Message.objects.update(state=State.REJECTED, due_at=None)
    sign_in(client, lin)
    answer = client.get(BADGES, HTTP_X_YW_POLL="1")
    assert answer.context["it"].his == 1
    html = answer.content.decode()
    assert '<em id="badge-his" class="hot" hx-swap-oob="true">1</em>' in html
    assert "HIS 未应答" in html


@pytest.mark.parametrize(
    ("state", "trouble", "words"),
    [
        (None, 0, ("mute", "HIS 对接")),
        (HisState(None, "x"), 3, ("bad", "HIS 未应答")),
        (HisState(4), 3, ("warn", "HIS 3 条待处理")),
        (HisState(4), 0, ("ok", "HIS 正常")),
    ],
)
def test_his_line_says_the_worst_first(
    state: HisState | None, trouble: int, words: tuple[str, str]
) -> None:
    tone, text = views_badges.his_words(state, trouble)
    assert (tone, str(text)) == words


def test_one_request_in_fifteen_seconds_asks_the_his(
    client: CheckedClient, lin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[None] = []

    def ask() -> HisState:
        asked.append(None)
        return HisState(7)

    monkeypatch.setattr(views_badges, "his_state", ask)
    sign_in(client, lin)
    lines = [badges(client).his_line for _ in range(4)]
    assert len(asked) == 1
    assert {(tone, str(text)) for tone, text in lines} == {("ok", "HIS 正常")}


def test_polling_keeps_no_session_alive(
    client: CheckedClient, lin: User, clock: Traveller
) -> None:
    sign_in(client, lin)
    client.get(SEARCH)
    before = client.session[LAST_ACTIVE]
    clock.shift(timedelta(minutes=5))
    badges(client)
    assert client.session[LAST_ACTIVE] == before
    client.get(SEARCH)
    assert client.session[LAST_ACTIVE] == before + 300


def test_badges_of_an_outsider_are_the_bell_alone(
    client: CheckedClient, zhao: User
) -> None:
    sign_in(client, zhao)
    it = badges(client)
    assert (it.numbers, it.his_line, it.unread) == ([], None, 0)
    html = client.get(BADGES).content.decode().strip()
    assert html.startswith('<a class="yw-ico" id="bell" href="/notices/"')
    assert html.count("<a ") == 1


def test_badges_ask_little(client: CheckedClient, lin: User) -> None:
    sign_in(client, lin)
    badges(client)
    with assert_queries(3 + 5):  # who asks, and five counts
        badges(client)


def test_badges_are_asked_gently(client: CheckedClient, lin: User) -> None:
    sign_in(client, lin)
    html = client.get(SEARCH).content.decode()
    poll = html[html.index(f'hx-get="{BADGES}"') :][:160]
    assert 'hx-trigger="load, every 15s"' in poll
    assert '"X-YW-Poll": "1"' in poll
