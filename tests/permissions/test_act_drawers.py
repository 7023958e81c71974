"""The drawers for one line: what each shows before, does, and refuses without a trace."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from permissions import services
from permissions.enums import EventKind
from permissions.models import GrantEvent, GrantState
from permissions.services import Line
from portal.accounts.capabilities import Role
from portal.accounts.models import User
from portal.directory.models import HisProcedure, Practitioner
from portal.parameters.days import end_of
from surgery.enums import Grade
from tests.cast import make_practitioner, make_user, sign_in
from tests.harness import assert_queries
from tests.pages import CheckedClient
from tests.permissions.act_pages import (
    HTMX,
    LIST,
    WHY,
    book,
    confirmed,
    drawer_url,
    opened,
    previewed,
    told,
)
from tests.permissions.ledger import (
    REASON,
    TODAY,
    granted,
    nothing_written,
    privilege,
)

pytestmark = pytest.mark.usefixtures("catalogue")
DAY = timedelta(days=1)
ENDS = date(2027, 6, 30)


@pytest.fixture
def surgeon(db: None) -> Practitioner:
    return make_practitioner("1027", "陈景行", title_code="231")


@pytest.fixture
def state(lin: User, su: User, surgeon: Practitioner) -> GrantState:
    return granted(lin, su, surgeon, "SG03", item="51.2300", valid_to=ENDS)


@pytest.fixture
def lin_in(client: CheckedClient, lin: User) -> CheckedClient:
    sign_in(client, lin)
    return client


def changes(answer: Any) -> list[tuple[str, str, str]]:
    return [
        (str(one.field), str(one.before), str(one.after))
        for one in answer.context["preview"].diff.changes
    ]


def menu(client: CheckedClient) -> list[str]:
    row = client.get(LIST).context["list"].rows[0]
    return [str(act.label) for act in row.acts]


# --- renew ----------------------------------------------------------------------------


def test_renew_proposes_the_longest_and_previews_the_day_typed(
    lin_in: CheckedClient, state: GrantState
) -> None:
    drawer = opened(lin_in, state, "renew")
    assert 'value="2029-06-30"' in drawer.content.decode()
    assert changes(drawer) == [
        ("授权状态", "生效", "生效"),
        ("到期日期", "2027-06-30", "2029-06-30"),
        ("HIS 主刀状态", "有效", "有效"),
        ("HIS 主刀到期日期", "2027-06-30", "2029-06-30"),
        ("HIS 开单状态", "有效", "有效"),
        ("HIS 开单到期日期", "2027-06-30", "2029-06-30"),
    ]
    with nothing_written():
        again = previewed(lin_in, state, "renew", last_day="2027-12-31")
    assert changes(again)[1] == ("到期日期", "2027-06-30", "2027-12-31")
    text = again.content.decode()
    assert "<form" not in text
    assert 'id="act-confirm"' in text
    assert "确认续期 1 项" in text


def test_value_in_the_his_is_shown_of_rows_that_have_one(
    lin_in: CheckedClient, lin: User, su: User, surgeon: Practitioner
) -> None:
    level = granted(lin, su, surgeon, "SG02", valid_to=ENDS)
    assert changes(opened(lin_in, level, "suspend"))[2:] == [
        ("HIS 状态", "有效", "暂停"),
        ("HIS 到期日期", "2027-06-30", "2027-06-30"),
        ("HIS 取值", "2", "2"),
    ]


def test_items_of_one_procedure_that_change_alike_are_told_once(
    lin_in: CheckedClient, lin: User, su: User, surgeon: Practitioner
) -> None:
    for item in ("8001", "8002"):
        HisProcedure.objects.create(
            his_item_id=item, code_clinical="51.2300", is_enabled=True
        )
    state = granted(lin, su, surgeon, "SG03", item="51.2300", valid_to=ENDS)
    drawer = opened(lin_in, state, "suspend")
    assert drawer.context["preview"].his_rows == 4
    assert [field for field, _before, _after in changes(drawer)][2:] == [
        *("HIS 主刀状态", "HIS 主刀到期日期"),
        *("HIS 开单状态", "HIS 开单到期日期"),
    ]


def test_renewal_is_done_and_one_too_long_is_refused(
    lin_in: CheckedClient, state: GrantState
) -> None:
    with nothing_written():
        answer = confirmed(lin_in, state, "renew", last_day="2029-07-01")
    assert answer.status_code == 422
    assert answer.context["form"].errors == {
        "__all__": ["三级手术最长 24 个月，最晚 2029-06-30。"]
    }
    answer = confirmed(lin_in, state, "renew", last_day="2028-01-31")
    assert "已续期 1 项授权" in told(answer)
    state.refresh_from_db()
    assert state.valid_to == end_of(date(2028, 1, 31))
    assert state.last_event.reason == WHY


def test_preview_says_why_a_day_cannot_be(
    lin_in: CheckedClient, state: GrantState
) -> None:
    late = previewed(lin_in, state, "renew", last_day="2031-01-01")
    assert late.context["preview"].refused[0].why == (
        "三级手术最长 24 个月，最晚 2029-06-30。"
    )
    assert "disabled" in late.content.decode()
    nonsense = previewed(lin_in, state, "renew", last_day="3026-13-77")
    assert nonsense.context["preview"].why_not == "输入一个有效的日期。"


# --- suspend and restore --------------------------------------------------------------


def test_suspension_to_a_day_previews_its_end_and_the_operations_before_it(
    lin_in: CheckedClient, lin: User, state: GrantState, surgeon: Practitioner
) -> None:
    book(lin, surgeon, "51.2300", Grade.THREE, 2)
    book(lin, surgeon, "51.2300", Grade.THREE, 12)
    drawer = opened(lin_in, state, "suspend")
    assert drawer.context["preview"].operations == 2
    short = previewed(
        lin_in, state, "suspend", last_day=str(TODAY + 6 * DAY), reason_code="06"
    )
    assert changes(short)[:3] == [
        ("授权状态", "生效", "暂停（06 长期病假、进修、产假）"),
        ("停止时间", "2027-06-30", "2026-11-23 10:00"),
        ("自动恢复", "—", "2026-11-30"),
    ]
    [hit] = short.context["preview"].booked
    assert (hit.planned_at, hit.code, hit.application_no) == (
        "11-25 10:00",
        "51.2300",
        "SQ1027002",
    )
    assert "列入「受影响手术」" in short.content.decode()


def test_timed_suspension_is_done_and_ends_in_the_menu_by_itself(
    lin_in: CheckedClient,
    lin: User,
    state: GrantState,
    clock: time_machine.Traveller,
) -> None:
    confirmed(lin_in, state, "suspend", last_day=str(TODAY))
    state.refresh_from_db()
    assert state.suspended_until == end_of(TODAY)
    assert menu(lin_in) == ["续期", "恢复", "降级", "撤销", "取消", "作废"]
    clock.shift(timedelta(hours=15))
    lin_in.cookies.clear()
    sign_in(lin_in, lin)
    assert menu(lin_in) == ["续期", "暂停", "降级", "取消", "作废"]


def test_suspension_through_a_day_that_is_over_is_refused(
    lin_in: CheckedClient, state: GrantState
) -> None:
    with nothing_written():
        answer = confirmed(lin_in, state, "suspend", last_day=str(TODAY - DAY))
    assert answer.context["form"].errors == {
        "last_day": ["须晚于 2026-11-22。核对后重新填写。"]
    }


def test_restoration_previews_and_gives_back_the_dates(
    lin_in: CheckedClient, state: GrantState
) -> None:
    confirmed(lin_in, state, "suspend")
    state.refresh_from_db()
    assert changes(opened(lin_in, state, "restore"))[:3] == [
        ("授权状态", "暂停", "生效"),
        ("停止时间", "2026-11-23 10:00", "2027-06-30"),
        ("HIS 主刀状态", "暂停", "有效"),
    ]
    assert "已恢复 1 项授权" in told(confirmed(lin_in, state, "restore"))
    state.refresh_from_db()
    assert state.status == "ACTIVE"


def test_own_right_is_not_restored(client: CheckedClient, lin: User, su: User) -> None:
    doctor = make_practitioner("1066", "顾明舟")
    both = make_user("1066", "顾明舟", Role.OFFICER, practitioner=doctor)
    state = granted(lin, su, doctor)
    services.suspend(
        state=state, by=lin, at=timezone.now(), reason_code="08", reason=WHY
    )
    state.refresh_from_db()
    sign_in(client, both)
    with nothing_written():
        answer = confirmed(client, state, "restore")
    assert answer.status_code == 422
    assert "不能审批、恢复本人的权限，请由另一人办理。" in answer.content.decode()


# --- downgrade ------------------------------------------------------------------------


def test_downgrade_offers_what_is_lower_and_opens_what_is_chosen(
    lin_in: CheckedClient, lin: User, state: GrantState, surgeon: Practitioner
) -> None:
    book(lin, surgeon, "51.2300", Grade.THREE, 2)
    drawer = opened(lin_in, state, "downgrade")
    offered = dict(drawer.context["form"].fields["to"].choices)
    assert list(offered) == [
        "SG03:OPERATE_SUPERVISED",
        "SG03:ASSIST",
        "SG03:ORDER",
        "SG02:OPERATE",
        "SG01:OPERATE",
    ]
    assert offered["SG03:ASSIST"] == "SG03 三级手术权限（逐项） 助手"
    assert drawer.context["preview"].operations == 1
    chosen = {"to": ["SG03:OPERATE_SUPERVISED", "SG02:OPERATE"]}
    with nothing_written():
        preview = previewed(lin_in, state, "downgrade", **chosen)
    assert preview.context["preview"].operations == 0
    assert changes(preview) == [
        ("授权状态", "生效", "取消"),
        ("停止时间", "2027-06-30", "2026-11-23 10:00"),
        ("腹腔镜下胆囊切除术 带教下主刀", "无", "2026-11-23 至 2027-06-30"),
        ("二级手术权限 主刀", "无", "2026-11-23 至 2027-06-30"),
        ("HIS 主刀状态", "有效", "取消"),
        ("HIS 主刀到期日期", "2027-06-30", "2026-11-23"),
        ("HIS 开单状态", "有效", "取消"),
        ("HIS 开单到期日期", "2027-06-30", "2026-11-23"),
        ("HIS SG02", "无", "有效，至 2027-06-30"),
    ]
    answer = confirmed(lin_in, state, "downgrade", **chosen)
    assert "已降级 1 项授权" in told(answer)
    assert "yw:changed" in answer.headers["HX-Trigger-After-Settle"]
    lower = GrantState.objects.exclude(pk=state.pk).order_by("pk")
    assert [(one.privilege.code, one.role, one.kind) for one in lower] == [
        ("SG03", "OPERATE_SUPERVISED", "DOWNGRADE"),
        ("SG02", "OPERATE", "DOWNGRADE"),
    ]


def test_downgrade_to_nothing_or_to_what_is_held_already_is_refused(
    lin_in: CheckedClient, lin: User, su: User, state: GrantState, surgeon: Practitioner
) -> None:
    with nothing_written():
        answer = confirmed(lin_in, state, "downgrade")
    assert answer.context["form"].errors == {"to": ["该字段是必填项。"]}
    granted(lin, su, surgeon, "SG02", valid_to=ENDS)
    with nothing_written():
        answer = confirmed(
            lin_in, state, "downgrade", to=["SG03:ASSIST", "SG02:OPERATE"]
        )
    assert answer.status_code == 422
    assert "已有授权，2026-11-23 至 2027-06-30，日期重叠" in answer.content.decode()
    with nothing_written():
        answer = confirmed(lin_in, state, "downgrade", to=["SG04:OPERATE"])
    assert "to" in answer.context["form"].errors


# --- undo -----------------------------------------------------------------------------


def test_undo_of_a_revocation_shows_and_grants_the_right_anew(
    lin_in: CheckedClient, state: GrantState
) -> None:
    confirmed(lin_in, state, "revoke", reason_code="05")
    state.refresh_from_db()
    assert menu(lin_in) == ["撤销"]
    assert changes(opened(lin_in, state, "undo")) == [
        ("腹腔镜下胆囊切除术 主刀", "无", "2026-11-23 至 2027-06-30"),
        ("HIS 主刀状态", "取消", "有效"),
        ("HIS 主刀到期日期", "2026-11-23", "2027-06-30"),
        ("HIS 开单状态", "取消", "有效"),
        ("HIS 开单到期日期", "2026-11-23", "2027-06-30"),
    ]
    assert "已撤销 1 项变更" in told(confirmed(lin_in, state, "undo"))
    anew = GrantState.objects.exclude(pk=state.pk).get()
    assert anew.last_event.undoes == state.last_event
    assert anew.status == "ACTIVE"
    rows = lin_in.get(LIST).context["list"].rows
    acts = {row.id: [str(act.label) for act in row.acts] for row in rows}
    assert acts[state.pk] == []
    assert "撤销" in acts[anew.pk]


def test_undo_of_a_renewal_shows_and_gives_the_former_last_day(
    lin_in: CheckedClient, state: GrantState
) -> None:
    confirmed(lin_in, state, "renew", last_day="2028-01-31")
    state.refresh_from_db()
    assert menu(lin_in) == ["续期", "暂停", "降级", "撤销", "取消", "作废"]
    assert changes(opened(lin_in, state, "undo")) == [
        ("授权状态", "生效", "生效"),
        ("到期日期", "2028-01-31", "2027-06-30"),
        ("HIS 主刀状态", "有效", "有效"),
        ("HIS 主刀到期日期", "2028-01-31", "2027-06-30"),
        ("HIS 开单状态", "有效", "有效"),
        ("HIS 开单到期日期", "2028-01-31", "2027-06-30"),
    ]
    assert "已撤销 1 项变更" in told(confirmed(lin_in, state, "undo"))
    state.refresh_from_db()
    assert state.valid_to == end_of(date(2027, 6, 30))
    assert menu(lin_in) == ["续期", "暂停", "降级", "取消", "作废"]


def test_undo_is_offered_for_a_day_and_refused_later(
    lin_in: CheckedClient,
    lin: User,
    state: GrantState,
    clock: time_machine.Traveller,
) -> None:
    confirmed(lin_in, state, "suspend")
    state.refresh_from_db()
    clock.shift(timedelta(hours=25))
    lin_in.cookies.clear()
    sign_in(lin_in, lin)
    assert "撤销" not in menu(lin_in)
    with nothing_written():
        answer = confirmed(lin_in, state, "undo")
    assert answer.status_code == 422
    assert "只能在 24 小时内撤销。现在请按正常变更办理。" in answer.content.decode()
    preview = answer.context["preview"]
    assert (preview.why_not, preview.diff) == ("不能办理，原因见上", None)


def test_undo_of_an_event_seen_before_another_is_refused(
    lin_in: CheckedClient, su: User, state: GrantState
) -> None:
    confirmed(lin_in, state, "suspend")
    seen = GrantEvent.objects.latest("pk")
    services.restore(state=state, by=su, at=timezone.now(), reason=REASON)
    with nothing_written():
        answer = confirmed(lin_in, state, "undo", seen=seen.pk)
    assert "打开表单之后这项授权已被苏晓岚改动" in answer.content.decode()
    with nothing_written():
        assert confirmed(lin_in, state, "undo", seen=99999).status_code == 404


# --- what all of them share -----------------------------------------------------------


def test_line_the_his_has_no_word_for_says_so(
    lin_in: CheckedClient, lin: User, surgeon: Practitioner
) -> None:
    line = Line(
        privilege=privilege("SG03"),
        valid_from=TODAY,
        valid_to=ENDS,
        item="51.2300",
        role="ASSIST",
    )
    services.grant(
        practitioner=surgeon, line=line, by=lin, at=timezone.now(), reason=REASON
    )
    drawer = opened(lin_in, GrantState.objects.get(), "suspend").content.decode()
    assert "HIS 没有「助手」这种权限，不推送；由本系统核对。" in drawer
    assert "保存后由本系统核对；HIS 的行不变" in drawer


def test_acts_that_do_not_fit_are_refused_whatever_the_menu_shows(
    lin_in: CheckedClient, lin: User, su: User, surgeon: Practitioner
) -> None:
    endless = granted(lin, su, surgeon, "RX01")
    assert menu(lin_in) == ["暂停", "取消", "作废"]
    for act, why in (
        ("renew", "这项授权长期有效，不用续期。"),
        ("restore", "这项授权现为「生效」，不能恢复。"),
        ("undo", "「审批授权」不能撤销。录错的请作废，其余请取消。"),
    ):
        drawer = opened(lin_in, endless, act)
        assert drawer.context["preview"].refused[0].why == why, act
        with nothing_written():
            answer = confirmed(lin_in, endless, act)
        assert answer.status_code == 422
        assert why in answer.content.decode()


def test_future_line_is_not_lowered(
    lin_in: CheckedClient, lin: User, su: User, surgeon: Practitioner
) -> None:
    granted(lin, su, surgeon, "SG02", valid_from=TODAY + 9 * DAY, valid_to=ENDS)
    assert menu(lin_in) == ["续期", "暂停", "取消", "作废"]


@pytest.mark.parametrize(
    "act", ["renew", "suspend", "restore", "downgrade", "undo", "revoke", "void"]
)
def test_who_may_not_change_grants_meets_a_shut_door(
    act: str, client: CheckedClient, chen: User, state: GrantState
) -> None:
    sign_in(client, chen)
    with nothing_written():
        assert opened(client, state, act).status_code == 403
        assert previewed(client, state, act).status_code == 403
        assert confirmed(client, state, act).status_code == 403


def test_preview_is_asked_for_by_post_alone_and_unknown_acts_are_not_found(
    lin_in: CheckedClient, state: GrantState
) -> None:
    url = drawer_url(state, "suspend")
    assert lin_in.get(f"{url}preview/", **HTMX).status_code == 405
    assert opened(lin_in, state, "erase").status_code == 404
    assert previewed(lin_in, state, "erase").status_code == 404


def test_drawer_and_preview_take_few_queries(
    lin_in: CheckedClient, lin: User, state: GrantState, surgeon: Practitioner
) -> None:
    for days in range(2, 30):
        book(lin, surgeon, "51.2300", Grade.THREE, days)
    opened(lin_in, state, "suspend")
    with assert_queries(14):
        drawer = opened(lin_in, state, "suspend")
    preview = drawer.context["preview"]
    assert (preview.operations, len(preview.booked)) == (28, 20)
    assert "另有 8 台未列出" in drawer.content.decode()
    with assert_queries(14):
        previewed(lin_in, state, "suspend", last_day="2026-12-01")


def test_act_from_the_doctors_page_has_the_page_read_itself_again(
    lin_in: CheckedClient, state: GrantState
) -> None:
    page = lin_in.get("/doctors/1027/").content.decode()
    assert drawer_url(state, "renew") in page
    asked = {"seen": state.last_event_id, "reason": WHY, "reason_code": "08"}
    answer = lin_in.post(
        drawer_url(state, "suspend"),
        asked,
        HTTP_HX_CURRENT_URL="http://testserver/doctors/1027/",
        **HTMX,
    )
    assert (answer.status_code, answer.content) == (200, b"")
    assert "yw:changed" in answer.headers["HX-Trigger-After-Settle"]


def test_event_kinds_of_all_acts_were_written(
    lin_in: CheckedClient, state: GrantState
) -> None:
    """Renewed, suspended, restored, undone, voided: five acts, five more events."""
    for act, given in (
        ("renew", {"last_day": "2028-06-30"}),
        ("suspend", {}),
        ("restore", {}),
        ("undo", {}),
        ("void", {}),
    ):
        state.refresh_from_db()
        assert confirmed(lin_in, state, act, **given).status_code == 200, act
    kinds = GrantEvent.objects.order_by("pk").values_list("kind", flat=True)
    assert list(kinds) == [
        EventKind.GRANT,
        EventKind.RENEW,
        EventKind.SUSPEND,
        EventKind.RESTORE,
        EventKind.SUSPEND,
        EventKind.VOID,
    ]
