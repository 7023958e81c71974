"""HIS 差异: rows and the drawer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from permissions.enums import DriftAct, DriftKind, DriftState, DriftTarget
from permissions.models import Drift, DriftDecision
from permissions.outbound.table import NO_DAY
from portal.his.contract.codes import LINE_STATUS
from portal.his.contract.codes.clinical import RIGHT_KINDS
from portal.outbox.presenters import LiveArrival, live_arrival
from portal.outbox.queries import arrival_of
from portal.ui.elements import Change, Chip, Diff, Moment, Text, Timeline
from portal.ui.moments import write_moment, write_short
from portal.ui.phrases import said
from surgery.enums import Grade
from surgery.queries.grade_differences import Field

KIND_CHIPS: Mapping[str, Chip] = {
    DriftKind.MISSING: Chip("warn", "help-circle", DriftKind.MISSING.label),
    DriftKind.EXTRA: Chip("bad", "plus", DriftKind.EXTRA.label),
    DriftKind.DIFFERENT: Chip("warn", "git-compare", DriftKind.DIFFERENT.label),
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
PRACTITIONER, PROCEDURE = gettext_lazy("医师"), gettext_lazy("手术")
FIELDS: Mapping[str, Text] = {
    Field.GRADE: gettext_lazy("手术级别"),
    Field.EFFECTIVE_FROM: gettext_lazy("生效日期"),
}


@dataclass(frozen=True)
class DriftRow:
    """``ours`` and ``theirs`` say what differs, field by field, in one line each; ``name``
    and ``number`` whose row it is, a doctor's or a procedure's."""

    id: int
    url: str
    name: str
    number: str
    owner: Text
    owner_url: str
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
    hand_by: str
    hand_at: str
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
    is_grade = drift.target == DriftTarget.GRADE
    return DriftRow(
        id=drift.pk,
        url=reverse("permissions:drift-detail", args=[drift.pk]),
        name=name_of(drift),
        number=drift.item if is_grade else drift.emp_no,
        owner=PROCEDURE if is_grade else PRACTITIONER,
        owner_url=_owner_url(drift),
        department=person.department.name if person else "—",
        what=what_of(drift),
        codes="" if is_grade else codes_of(drift),
        kind=KIND_CHIPS[drift.kind],
        ours=_in_one(changes, "before"),
        theirs=_in_one(changes, "after"),
        since=write_short(drift.first_seen),
        since_in_full=write_moment(drift.first_seen),
        last_seen=write_moment(drift.last_seen),
        hand=hand_of(drift),
        hand_by=by_of(drift) or "—",
        hand_at=write_short(drift.hand_at) if drift.hand_at else "",
        state=STATE_CHIPS[drift.state],
        closed=write_short(drift.closed_at) if drift.closed_at else "",
        arrival=live_arrival(message) if message is not None else None,
        way_url=way_url,
        way=way,
    )


def name_of(drift: Drift) -> str:
    """The doctor, or the procedure."""
    if drift.target == DriftTarget.GRADE:
        return drift.name or _("不在本院目录")
    person = drift.practitioner
    return person.name if person else _("不在本院医师档案")


def _owner_url(drift: Drift) -> str:
    if drift.procedure_id is not None:
        return f"{reverse('surgery:procedure-list')}?q={drift.item}"
    if drift.practitioner is None:
        return ""
    return reverse("permissions:practitioner-detail", args=[drift.emp_no])


def what_of(drift: Drift) -> str:
    """The right, or which field of a grade."""
    if drift.target == DriftTarget.GRADE:
        return str(FIELDS[drift.code])
    return drift.name or drift.item or drift.code


def codes_of(drift: Drift) -> str:
    """What the HIS calls it: code, kind of right, setting and first day."""
    if drift.target == DriftTarget.GRADE:
        return f"{drift.item} · {FIELDS[drift.code]}"
    words = [drift.item, drift.code]
    if drift.target == DriftTarget.OPERATION:
        words[1] = RIGHT_KINDS.get(drift.code, drift.code)
    words.append(str(drift.get_setting_display()))
    if drift.valid_from != NO_DAY:
        words.append(_("自 %(day)s") % {"day": drift.valid_from})
    return " · ".join(word for word in words if word)


def hand_of(drift: Drift) -> str:
    """Who changed it, as far as the HIS tells."""
    at = write_moment(drift.hand_at) if drift.hand_at else ""
    return f"{by_of(drift)} {at}".strip() or "—"


def by_of(drift: Drift) -> str:
    """Empty where the HIS tells nothing at all."""
    is_known = drift.hand or drift.hand_at is not None
    return (drift.hand or _("未记操作人")) if is_known else ""


def changes_of(drift: Drift) -> list[Change]:
    """Ours and theirs of every field that differs; a row that is not there is one."""
    if drift.target == DriftTarget.GRADE:
        sides = [_word_of_grade(drift, side) for side in ("ours", "theirs")]
        return [Change(FIELDS[drift.code], *sides)]
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


def _word_of_grade(drift: Drift, side: str) -> str:
    value: str = getattr(drift, f"{side}_value")
    if not value:
        return _("无此手术")
    return str(Grade(int(value)).label) if drift.code == Field.GRADE else value


def _ours(drift: Drift) -> tuple[str, date | None, str]:
    return drift.ours_status, drift.ours_last, drift.ours_value


def _theirs(drift: Drift) -> tuple[str, date | None, str]:
    return drift.theirs_status, drift.theirs_last, drift.theirs_value


def _words_of_row(status: str, last: date | None, value: str) -> str:
    until = _("至 %(day)s") % {"day": last.isoformat()} if last else _("长期")
    words = [_word(STATUS, status), until]
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
    if len(changes) == 1 and (
        changes[0].field is ROW or changes[0].field in FIELDS.values()
    ):
        return str(getattr(changes[0], side))
    return _("；").join(f"{one.field} {getattr(one, side)}" for one in changes)


def _way(drift: Drift) -> tuple[str, str]:
    if drift.application_id:
        url = reverse("permissions:application-detail", args=[drift.application_id])
        return url, _("申请 %(id)s") % {"id": drift.application_id}
    if drift.grade_proposal_id:
        url = reverse(
            "permissions:grade-proposal-detail", args=[drift.grade_proposal_id]
        )
        return url, _("定级申请 %(id)s") % {"id": drift.grade_proposal_id}
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


def doctor_chip(count: int) -> Chip | None:
    """For 一人一档."""
    if not count:
        return None
    return Chip("bad", "git-compare", _("HIS 差异 %(n)s 项") % {"n": count})
