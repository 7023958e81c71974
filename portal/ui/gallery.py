"""Every component in every state on one page, to be looked at and tested.

Not in the navigation. All persons and numbers are invented.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from portal.accounts.guards import AuthenticatedRequest, signed_in
from portal.ui.elements import (
    Arrival,
    Change,
    Chip,
    Diff,
    Emptiness,
    Grade,
    Kpi,
    Moment,
    Note,
    Skeleton,
    Tab,
    Tabs,
    Timeline,
)
from portal.ui.filters import Control, Option
from portal.ui.lists import ListPage
from portal.ui.pages import Head, Pager

AT = datetime(2026, 11, 23, 2, 2, 5, tzinfo=UTC)


@dataclass(frozen=True)
class SampleRow:
    """A row as a presenter would hand it over."""

    number: int
    name: str
    staff_no: str
    procedure: str
    code: str
    grade: Grade
    state: Chip
    arrival: Arrival


class SampleForm(forms.Form):
    """All kinds of fields, two of them wrong."""

    practitioner = forms.ChoiceField(
        label=_("医师"),
        choices=[("", ""), ("1027", "陈景行 1027"), ("1043", "林若川 1043")],
        widget=forms.Select(attrs={"data-search": True}),
        help_text=_("姓名、工号或拼音首字母"),
    )
    reason = forms.ChoiceField(
        label=_("原因代码"),
        choices=[("08", _("08 评估超期")), ("17", _("17 本人申请"))],
    )
    explanation = forms.CharField(
        label=_("说明"),
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("写入变更日志，本人和科主任可见"),
    )
    starts_on = forms.DateField(
        label=_("生效日期"), widget=forms.DateInput(attrs={"type": "date"})
    )
    his_number = forms.CharField(
        label=_("HIS 人员编号"), disabled=True, help_text=_("来自 HIS，不能修改")
    )
    setting = forms.ChoiceField(
        label=_("权种"),
        widget=forms.RadioSelect,
        choices=[("1", _("主刀")), ("2", _("一助"))],
    )
    is_told = forms.BooleanField(label=_("通知本人"), required=False)


def sample_form(auto_id: str) -> SampleForm:
    form = SampleForm(
        {"explanation": "超期", "starts_on": "2026-11-20", "setting": "1"},
        initial={"his_number": "10047"},
        auto_id=auto_id,
    )
    form.errors.clear()
    form.add_error(
        "explanation", _("至少 10 个字，现有 2 个。写明评估名称和应完成日期。")
    )
    form.add_error("starts_on", _("不能早于今天 2026-11-23。"))
    return form


IN_FORCE = Chip("ok", "circle-check", _("生效"))
GRANT_STATES = (
    IN_FORCE,
    Chip("info", "clock", _("待生效")),
    Chip("info", "progress", _("审批中")),
    Chip("warn", "calendar-due", _("即将到期")),
    Chip("warn", "player-pause", _("暂停")),
    Chip("mute", "calendar-off", _("已到期")),
    Chip("bad", "ban", _("取消")),
    Chip("mute", "trending-down", _("降级")),
    Chip("mute", "x", _("作废"), is_void=True),
    Chip("mute", "pencil", _("草稿")),
    Chip("bad", "arrow-back-up", _("已驳回")),
)
VERDICTS = (
    Chip("ok", "circle-check", _("可主刀")),
    Chip("info", "user-check", _("带教下主刀")),
    Chip("info", "users", _("仅助手")),
    Chip("warn", "alert-triangle", _("越级需审批")),
    Chip("vio", "urgent", _("急诊越级登记")),
    Chip("bad", "ban", _("无权限")),
    Chip("mute", "help-circle", _("暂时无法核对")),
)
ARRIVALS = (
    (Arrival.confirmed(AT), _("三步都完成")),
    (Arrival.delivered(AT), _("HIS 已收，等待回读")),
    (Arrival.queued(3), _("在发件队列中")),
    (Arrival.sending(), _("正在送达")),
    (Arrival.retrying(2), _("HIS 未应答")),
    (Arrival.unknown(), _("先回读，再决定")),
    (Arrival.rejected("2002"), _("HIS 拒收，显示错误码")),
    (Arrival.stuck(), _("需要处理")),
    (Arrival.differs(), _("回读值与我方不同")),
    (Arrival.not_due(), _("生效日未到")),
)
NOTES = (
    Note("info", _("三级、四级手术逐项授权；一级、二级可按级别一次授予。")),
    Note("warn", _("这一项已经暂停，本次跳过，不会重复推送。")),
    Note("bad", _("HIS 拒收 2002，这项授权在 HIS 还没有生效。"), "#", _("查看队列")),
    Note("ok", _("回读一致。")),
    Note("mute", _("数据时间 2026-11-23 10:15。")),
)
KPIS = (
    Kpi(_("有效授权"), "1,846", _("项"), _("三级、四级 1,204")),
    Kpi(_("30 天内到期"), "37", _("项"), _("已发起续期 12"), "warn"),
    Kpi(_("HIS 未一致"), "5", _("项"), _("最久 2 小时"), "bad", "#"),
    Kpi(_("回读一致率"), "99.7", "%", _("1,841 ÷ 1,846")),
)
CHANGES = Diff(
    (
        Change(_("授权状态"), _("生效"), _("暂停（08 评估超期）")),
        Change(_("停止时间"), "2026-12-09", "2026-11-23 10:18"),
        Change(_("HIS 开单权"), "17.3300", "17.3300"),
    )
)
MOMENTS = Timeline(
    (
        Moment("11-23 10:02", _("同意"), _("医务科"), "ok"),
        Moment("11-23 09:40", _("提出申请"), _("依据〔2026〕59号")),
        Moment("11-20 16:11", _("退回"), _("缺少例数证明"), "bad"),
    )
)
ROWS = (
    SampleRow(
        1,
        "陈景行",
        "1027",
        "腹腔镜下肝部分切除术",
        "50.2205",
        Grade(4),
        IN_FORCE,
        ARRIVALS[0][0],
    ),
    SampleRow(
        2,
        "林若川",
        "1043",
        "腹腔镜右半结肠切除术",
        "17.3300",
        Grade(4),
        GRANT_STATES[3],
        ARRIVALS[1][0],
    ),
    SampleRow(
        3,
        "季云舒",
        "1206",
        "腹腔镜下胆囊切除术",
        "51.2300",
        Grade(3),
        GRANT_STATES[1],
        ARRIVALS[9][0],
    ),
)


def sample_list(path: str) -> ListPage[SampleRow]:
    """A list as ``portal.ui.lists`` would make it, without a table behind."""
    choice = (Option("S", _("暂停"), is_on=False), Option("A", _("生效"), is_on=False))
    return ListPage(
        key="sample",
        rows=ROWS,
        row_template="ui/_sample_row.html",
        heads=(
            Head(_("医师"), "", "name", ""),
            Head(_("手术"), "", "", ""),
            Head(_("级别"), "", "-grade", "ascending"),
            Head(_("状态"), "", "", ""),
            Head(_("HIS 到达"), "", "", ""),
        ),
        controls=(
            Control("choice", "state", _("状态"), options=choice),
            Control("dates", "on", _("生效日期")),
        ),
        search=Control("text", "q", _("医师、工号或手术编码")),
        tabs=Tabs(
            (
                Tab(_("全部"), "#", is_on=True, count=1846),
                Tab(_("30 天内到期"), "#", count=37),
                Tab(_("HIS 未一致"), "#", count=5, tone="bad"),
                Tab(_("四级评估超期"), "#", count=2, tone="warn"),
            )
        ),
        view="",
        sort="",
        pager=Pager(1, 93, 1846, 20),
        emptiness=Emptiness(_("没有符合条件的授权")),
        is_selectable=True,
        batch_template="ui/_sample_batch.html",
        path=path,
    )


@signed_in
def components(request: AuthenticatedRequest) -> HttpResponse:
    """The page, or one of its drawers for ``?drawer=1``."""
    context: dict[str, Any] = {"diff": CHANGES, "notes": NOTES}
    if "drawer" in request.GET:
        drawer = context | {"form": sample_form("drawer_%s")}
        return render(request, "ui/_sample_drawer.html", drawer)
    page = context | {
        "form": sample_form("id_%s"),
        "list": sample_list(request.path),
        "grades": (1, 2, 3, 4, None),
        "grant_states": GRANT_STATES,
        "verdicts": VERDICTS,
        "arrivals": ARRIVALS,
        "kpis": KPIS,
        "timeline": MOMENTS,
        "skeleton": Skeleton(3),
        "nothing": Emptiness(
            _("没有符合条件的授权"),
            _("已按「心胸外科、暂停」筛选。"),
            link_url="#",
            link_text=_("清除筛选"),
        ),
        "unread": Emptiness.unread("E-3002", "#"),
        "no_right": Emptiness.forbidden(
            _("您只能查看本科室"), _("需要全院范围，请联系医务科 8021。")
        ),
    }
    return render(request, "ui/components.html", page)
