"""权限差异: rows, the drawer, counts and the trend of drift."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from permissions.enums import DriftAct, DriftKind, DriftState, DriftTarget
from permissions.models import Drift, DriftDecision, Reconciliation
from permissions.outbound.table import NO_DAY
from portal.his.contract.codes import LINE_STATUS
from portal.his.contract.codes.clinical import RIGHT_KINDS
from portal.outbox.presenters import LiveArrival, live_arrival
from portal.outbox.queries import arrival_of
from portal.ui.elements import Change, Chip, Diff, Kpi, Moment, Note, Text, Timeline
from portal.ui.moments import write_moment, write_short
from portal.ui.phrases import said

KIND_CHIPS: Mapping[str, Chip] = {
    DriftKind.MISSING: Chip("warn", "help-circle", DriftKind.MISSING.label),
    DriftKind.EXTRA: Chip("bad", "plus", DriftKind.EXTRA.label),
    DriftKind.DIFFERENT: Chip("info", "git-compare", DriftKind.DIFFERENT.label),
}
STATE_CHIPS: Mapping[str, Chip] = {
    DriftState.OPEN: Chip("warn", "hourglass", DriftState.OPEN.label),
    DriftState.REPAIRING: Chip("info", "progress", DriftState.REPAIRING.label),
    DriftState.REPAIRED: Chip("ok", "circle-check", DriftState.REPAIRED.label),
    DriftState.ADOPTED: Chip("info", "clipboard-check", DriftState.ADOPTED.label),
    DriftState.IGNORED: Chip("mute", "ban", DriftState.IGNORED.label),
    DriftState.GONE: Chip("mute", "circle-check", DriftState.GONE.label),
}
ROW, STATUS, LAST, VALUE = (
    gettext_lazy("记录"),
    gettext_lazy("状态"),
    gettext_lazy("到期日"),
    gettext_lazy("取值"),
)
NOTHING = gettext_lazy("无")


@dataclass(frozen=True)
class DriftRow:
    """``ours`` and ``theirs`` say what differs, field by field, in one line each."""

    id: int
    url: str
    name: str
    emp_no: str
    practitioner_url: str
    department: str
    what: str
    codes: str
    kind: Chip
    ours: str
    theirs: str
    since: str
    since_in_full: str
    last_seen: str
    hand: str
    state: Chip
    closed: str
    arrival: LiveArrival | None
    way_url: str  # of the proposal or the review it became
    way: str


def drift_rows(drifts: Sequence[Drift]) -> list[DriftRow]:
    """As ``queries.drifts.drifts`` gives them; one query for the ways to the HIS."""
    told = arrival_of({one.told_as for one in drifts if one.told_as})
    return [_row(one, told) for one in drifts]


def _row(drift: Drift, told: Mapping[str, Any]) -> DriftRow:
    person = drift.practitioner
    changes = changes_of(drift)
    message = told.get(drift.told_as)
    way_url, way = _way(drift)
    return DriftRow(
        id=drift.pk,
        url=reverse("permissions:drift-detail", args=[drift.pk]),
        name=person.name if person else _("不在本院医师档案"),
        emp_no=drift.emp_no,
        practitioner_url=reverse(
            "permissions:practitioner-detail", args=[person.emp_no]
        )
        if person
        else "",
        department=person.department.name if person else "—",
        what=drift.name or drift.item or drift.code,
        codes=codes_of(drift),
        kind=KIND_CHIPS[drift.kind],
        ours=_in_one(changes, "before"),
        theirs=_in_one(changes, "after"),
        since=write_short(drift.first_seen),
        since_in_full=write_moment(drift.first_seen),
        last_seen=write_moment(drift.last_seen),
        hand=hand_of(drift),
        state=STATE_CHIPS[drift.state],
        closed=write_short(drift.closed_at) if drift.closed_at else "",
        arrival=live_arrival(message) if message is not None else None,
        way_url=way_url,
        way=way,
    )


def codes_of(drift: Drift) -> str:
    """What the HIS calls it: code, kind of right, setting and first day."""
    words = [drift.item, drift.code]
    if drift.target == DriftTarget.OPERATION:
        words[1] = RIGHT_KINDS.get(drift.code, drift.code)
    words.append(str(drift.get_setting_display()))
    if drift.valid_from != NO_DAY:
        words.append(_("自 %(day)s") % {"day": drift.valid_from})
    return " · ".join(word for word in words if word)


def hand_of(drift: Drift) -> str:
    """Who changed it, as far as the HIS tells."""
    if not drift.hand and drift.hand_at is None:
        return "—"
    by = drift.hand or _("未记操作人")
    at = write_moment(drift.hand_at) if drift.hand_at else ""
    return f"{by} {at}".strip()


def changes_of(drift: Drift) -> list[Change]:
    """Ours and theirs of every field that differs; a row that is not there is one."""
    if not drift.ours_status or not drift.theirs_status:
        sides = [
            _words_of_row(status, last, value) if status else str(NOTHING)
            for status, last, value in (_ours(drift), _theirs(drift))
        ]
        return [Change(ROW, *sides)]
    pairs = zip((STATUS, LAST, VALUE), _ours(drift), _theirs(drift), strict=True)
    words = [
        Change(title, _word(title, mine), _word(title, other))
        for title, mine, other in pairs
    ]
    return [one for one in words if one.is_changed]


def _ours(drift: Drift) -> tuple[str, date | None, str]:
    return drift.ours_status, drift.ours_last, drift.ours_value


def _theirs(drift: Drift) -> tuple[str, date | None, str]:
    return drift.theirs_status, drift.theirs_last, drift.theirs_value


def _words_of_row(status: str, last: date | None, value: str) -> str:
    words = [_word(STATUS, status), _("至 %(day)s") % {"day": _word(LAST, last)}]
    if value:
        words.append(_("取值 %(value)s") % {"value": value})
    return " ".join(words)


def _word(title: Text, value: Any) -> str:
    if title is STATUS:
        return _(LINE_STATUS.get(value, value))
    if title is LAST:
        return value.isoformat() if value else _("长期")
    return str(value) or str(NOTHING)


def _in_one(changes: Sequence[Change], side: str) -> str:
    if len(changes) == 1 and changes[0].field is ROW:
        return str(getattr(changes[0], side))
    return _("；").join(f"{one.field} {getattr(one, side)}" for one in changes)


def _way(drift: Drift) -> tuple[str, str]:
    if drift.application_id:
        url = reverse("permissions:application-detail", args=[drift.application_id])
        return url, _("申请 %(id)s") % {"id": drift.application_id}
    if drift.review_id:
        url = reverse("permissions:review-list")
        return f"{url}?view=all&review={drift.review_id}", _("复核 %(id)s") % {
            "id": drift.review_id
        }
    return "", ""


# --- the drawer -----------------------------------------------------------------------


@dataclass(frozen=True)
class DriftPage:
    row: DriftRow
    diff: Diff
    hand_source: str
    history: Timeline


def drift_page(drift: Drift, decisions: Sequence[DriftDecision]) -> DriftPage:
    moments = [_decided(one) for one in decisions]
    first = Moment(write_moment(drift.first_seen), _("比对发现"), "", "bad")
    if drift.closed_at:
        chip = STATE_CHIPS[drift.state]
        moments.insert(0, Moment(write_moment(drift.closed_at), chip.text, "", "ok"))
    source = ""
    if drift.hand or drift.hand_at:
        source = _("HIS 维护日志") if drift.is_from_log else _("HIS 该行的最后修改")
    return DriftPage(
        drift_rows([drift])[0],
        Diff(changes_of(drift)),
        source,
        Timeline([*moments, first]),
    )


def _decided(one: DriftDecision) -> Moment:
    label = str(DriftAct(one.act).label)
    return Moment(write_moment(one.recorded_at), label, said(one.by.name, one.note))


# --- around the list ------------------------------------------------------------------


def tiles(last: Reconciliation | None, counts: Mapping[str, int]) -> list[Kpi]:
    """How many drifts ask for somebody, of each kind, and the last look."""

    def kpi(kind: DriftKind, note: str, tone: Any) -> Kpi:
        count = counts.get(kind, 0)
        url = f"?view={kind.value.lower()}"
        return Kpi(kind.label, f"{count:,}", _("项"), note, tone if count else "", url)

    return [
        kpi(DriftKind.EXTRA, _("HIS 有权，本院未授"), "bad"),
        kpi(DriftKind.MISSING, _("本院已授，HIS 无权"), "warn"),
        kpi(DriftKind.DIFFERENT, _("状态、到期日或取值不同"), "warn"),
        _last(last),
    ]


def _last(last: Reconciliation | None) -> Kpi:
    if last is None:
        return Kpi(_("上次比对"), "—", note=_("尚未比对"))
    note = _("%(n)s 行，%(s)s 秒；在途 %(way)s 项未比") % {
        "n": f"{last.theirs:,}",
        "s": f"{last.seconds:.1f}",
        "way": f"{last.on_the_way:,}",
    }
    return Kpi(_("上次比对"), write_short(last.ended_at), note=note)


@dataclass(frozen=True)
class LookRow:
    """One look that is over."""

    at: str
    by: str
    result: Chip
    numbers: Sequence[str]


def look_rows(found: Sequence[Reconciliation]) -> list[LookRow]:
    return [_look(one) for one in found]


def _look(one: Reconciliation) -> LookRow:
    counts = (
        *(one.ours, one.theirs, one.on_the_way, one.beside, one.extra),
        *(one.missing, one.different, one.found, one.gone, one.repaired),
    )
    numbers = ["—" if one.problem else f"{n:,}" for n in counts]
    return LookRow(
        at=write_moment(one.ended_at),
        by=f"{one.by.name} {one.by.staff_no}" if one.by else _("每夜自动"),
        result=_result(one),
        numbers=[*numbers, f"{one.seconds:.1f}"],
    )


def _result(one: Reconciliation) -> Chip:
    if one.problem:
        return Chip("warn", "alert-triangle", _("未能比对"), title=_(one.problem))
    if one.is_braked:
        return Chip("bad", "hand-stop", _("已停止自动处置"))
    if one.total:
        words = _("%(count)s 项差异") % {"count": f"{one.total:,}"}
        return Chip("bad", "git-compare", words)
    return Chip("ok", "circle-check", _("两边一致"))


def notes(last: Sequence[Reconciliation]) -> list[Note]:
    """What somebody must know before they trust the list."""
    if not last:
        return []
    one, found = last[0], []
    if one.problem:
        words = _("最近一次比对没有完成：%(why)s。下面仍是上一次的结果。")
        found.append(Note("warn", words % {"why": _(one.problem)}))
    if one.is_braked:
        words = _(
            "差异 %(n)s 项，超过医院参数的限额，没有自动处置。"
            "HIS 可能恢复了旧备份或视图有误，请先与信息科核对。"
        )
        found.append(Note("bad", words % {"n": f"{one.total:,}"}))
    if one.unreadable:
        words = _("HIS 有 %(n)s 行日期无法识别，没有比对。")
        found.append(Note("warn", words % {"n": f"{one.unreadable:,}"}))
    return found


def his_note(last: Any) -> Note:
    """For the page of the HIS; ``last`` is ``latest_reconciliation()``."""
    url, link = reverse("permissions:drift-list"), _("查看权限差异")
    if last is None:
        return Note("mute", _("权限还没有与 HIS 比对过。"), url, link)
    at = {"at": write_short(last.ended_at), "count": f"{last.open_count:,}"}
    if last.problem:
        words = _("权限 %(at)s 未能比对，此前发现 %(count)s 项差异。") % at
        return Note("warn", words, url, link)
    if last.open_count:
        words = _("权限与 HIS 有 %(count)s 项差异（%(at)s 比对）。") % at
        return Note("warn", words, url, link)
    return Note("ok", _("权限与 HIS 一致（%(at)s 比对）。") % at, url, link)


def doctor_chip(count: int) -> Chip | None:
    """For 一人一档."""
    if not count:
        return None
    return Chip("bad", "git-compare", _("HIS 差异 %(n)s 项") % {"n": count})


# --- the trend ------------------------------------------------------------------------

HEIGHT, STEP, WIDTH = 64, 12, 9


@dataclass(frozen=True)
class Bar:
    x: int
    y: int
    height: int
    css: str
    title: str


@dataclass(frozen=True)
class Trend:
    """Drift of each day as a stacked bar; drawn on the server."""

    template: ClassVar[str] = "permissions/_drift_trend.html"
    bars: Sequence[Bar]
    width: int
    label: str
    first: str
    last: str
    highest: int
    height: int = HEIGHT
    bar_width: int = WIDTH


def trend_of(days: Sequence[tuple[date, Reconciliation]]) -> Trend | None:
    if not days:
        return None
    highest = max(one.total for _day, one in days)
    bars: list[Bar] = []
    for place, (day, one) in enumerate(days):
        title = _("%(day)s：多出 %(extra)s，缺少 %(missing)s，不一致 %(different)s") % {
            "day": day,
            "extra": one.extra,
            "missing": one.missing,
            "different": one.different,
        }
        bottom = HEIGHT
        counts = (("x", one.extra), ("m", one.missing), ("d", one.different))
        for css, count in counts:
            high = round(count * (HEIGHT - 4) / highest) if highest else 0
            high = max(high, 2) if count else 0
            bottom -= high
            if high:
                bars.append(Bar(place * STEP, bottom, high, css, title))
        if not one.total:
            bars.append(Bar(place * STEP, HEIGHT - 2, 2, "z", title))
    first, last = days[0][0].isoformat(), days[-1][0].isoformat()
    label = _("%(first)s 至 %(last)s 每日差异，最多 %(n)s 项") % {
        "first": first,
        "last": last,
        "n": highest,
    }
    return Trend(bars, max(len(days), 30) * STEP, label, first, last, highest)
