"""What templates draw of the pieces presenters hand over."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from django.http import HttpResponse
from django.template.loader import render_to_string

from portal.ui.elements import (
    Arrival,
    Badges,
    Change,
    Chip,
    Diff,
    Element,
    Grade,
    Kpi,
    Note,
    Tab,
    Tabs,
)
from portal.ui.notices import invalid, saved, with_toast
from portal.ui.templatetags.yw import draw, grade, icon
from tests.pages import page_problems

AT = datetime(2026, 11, 23, 2, 2, 5, tzinfo=UTC)  # today, 10:02:05 in Shanghai


def drawn(element: Element) -> str:
    html = draw(element).strip()
    assert page_problems(html) == []
    return html


def test_chip_has_tone_icon_and_text() -> None:
    assert drawn(Chip("warn", "player-pause", "暂停")) == (
        '<span class="chip warn"><svg class="i" aria-hidden="true">'
        '<use href="/static/ui/icons.svg#i-player-pause"/></svg>暂停</span>'
    )
    assert 'class="chip mute void"' in drawn(Chip("mute", "x", "作废", is_void=True))


def test_text_of_a_person_is_escaped() -> None:
    assert "&lt;b&gt;" in drawn(Chip("ok", "x", "<b>", title='"><b>'))
    assert "<b>" not in drawn(Note("info", "<b>"))


def test_icon_alone_has_a_name() -> None:
    assert 'role="img" aria-label="关闭"' in icon("x", label="关闭")


def test_grade_is_written_in_words() -> None:
    assert grade(3).strip() == '<span class="grade g3">三级</span>'
    assert drawn(Grade(None)) == '<span class="grade g0">未定级</span>'


@pytest.mark.parametrize(
    ("arrival", "dots", "links", "text"),
    [
        (Arrival.queued(), "fq-", (False, False), "排队中"),
        (Arrival.queued(3), "fq-", (False, False), "排队中 第 3 位"),
        (Arrival.sending(), "fq-", (False, False), "正在送达"),
        (Arrival.retrying(2), "fw-", (False, False), "重试中 第 2 次"),
        (Arrival.unknown(), "fw-", (False, False), "应答丢失，待回读"),
        (Arrival.rejected("2002"), "fe-", (False, False), "拒收 2002"),
        (Arrival.stuck(), "fe-", (False, False), "卡住"),
        (Arrival.differs(), "ffe", (True, False), "不一致"),
        (Arrival.not_due(), "---", (False, False), "未到推送时间"),
        (Arrival.not_due("12-01 推送"), "---", (False, False), "12-01 推送"),
    ],
)
def test_arrival_says_in_words_what_its_dots_show(
    arrival: Arrival, dots: str, links: tuple[bool, bool], text: str
) -> None:
    assert "".join(dot or "-" for dot in arrival.dots) == dots
    assert arrival.links == links
    assert text in drawn(arrival)


def test_arrival_at_the_his_names_the_second() -> None:
    confirmed, delivered = Arrival.confirmed(AT), Arrival.delivered(AT)

    assert (confirmed.dots, confirmed.links) == (("f", "f", "f"), (True, True))
    assert "一致 10:02:05" in drawn(confirmed)
    assert (delivered.dots, delivered.links) == (("f", "f", "q"), (True, False))
    assert "待回读 10:02:05" in drawn(delivered)


def test_diff_colors_only_what_changes() -> None:
    html = drawn(Diff([Change("状态", "生效", "暂停"), Change("开单权", "是", "是")]))

    assert '<td class="o">生效</td><td class="n">暂停</td>' in html
    assert "<td>是</td><td>不变</td>" in html


def test_tab_count_of_nothing_has_no_tone() -> None:
    html = drawn(
        Tabs(
            [
                Tab("全部", "?", count=1846, is_on=True),
                Tab("卡住", "?", tone="bad", count=0),
            ]
        )
    )

    assert "<em>1,846</em>" in html
    assert "<em>0</em>" in html
    assert html.count('aria-current="page"') == 1


def test_kpi_shows_its_unit_after_the_value() -> None:
    html = drawn(Kpi("回读一致率", "99.7", "%", "1,841 ÷ 1,846"))

    assert '<div class="v">99.7<small>%</small></div>' in html


def test_badges_write_only_into_places_the_shell_has() -> None:
    html = drawn(Badges(applications=0, unread=141, inbox_url="/notices/"))

    assert 'id="badge-applications" class="hot" hx-swap-oob="true" hidden' in html
    assert 'aria-label="未读消息 141 条"' in html
    assert '<u aria-hidden="true">99+</u>' in html
    assert "badge-his" not in html
    assert "hisline" not in html
    assert drawn(Badges()).strip() == ""


def test_nothing_is_drawn_of_nothing() -> None:
    assert draw(None) == ""


def test_toast_travels_in_a_header_that_is_ascii() -> None:
    response = with_toast(HttpResponse(), "已暂停 1 项授权", "约 5 秒送达 HIS")

    header = response.headers["HX-Trigger"]
    assert header.isascii()
    assert json.loads(header) == {
        "yw:toast": {
            "tone": "ok",
            "title": "已暂停 1 项授权",
            "detail": "约 5 秒送达 HIS",
        }
    }


def test_saved_drawer_closes_after_the_rows_are_in_place() -> None:
    response = saved("已保存", rows="<tr></tr>")

    assert response.content == b"<tr></tr>"
    assert json.loads(response.headers["HX-Trigger-After-Settle"]) == {
        "yw:close-drawer": {}
    }


def test_saved_drawer_without_rows_has_the_list_read_again() -> None:
    response = saved("已保存")

    assert json.loads(response.headers["HX-Trigger-After-Settle"]) == {
        "yw:close-drawer": {},
        "yw:changed": {},
    }


@pytest.mark.parametrize(
    ("arrival", "is_settled"),
    [
        (Arrival.confirmed(AT), True),
        (Arrival.rejected("2002"), True),
        (Arrival.differs(), True),
        (Arrival.not_due(), True),
        (Arrival.delivered(AT), False),
        (Arrival.queued(), False),
        (Arrival.retrying(2), False),
    ],
)
def test_cell_asks_again_until_the_chain_is_settled(
    arrival: Arrival, is_settled: bool
) -> None:
    html = render_to_string(
        "components/arrival_cell.html", {"arrival": arrival, "url": "/arrival/7"}
    )

    assert arrival.is_settled == is_settled
    assert ("every 5s" in html) != is_settled


def test_wrong_form_is_swapped_in_with_422() -> None:
    assert invalid(HttpResponse("…")).status_code == 422
