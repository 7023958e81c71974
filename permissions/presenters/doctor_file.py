"""一人一档: who they are by the HIS, what they hold on a day, and what happened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.urls import reverse
from django.utils.translation import gettext as _

from permissions.enums import TITLE_WORDS, Category, SurgicalRole
from permissions.models import GrantEvent
from permissions.models.attributes import Certificate
from permissions.presenters import words
from permissions.presenters.grants import event_moment
from permissions.presenters.lines import LineRow
from permissions.queries.grants import EXPIRING_DAYS, Standing
from permissions.queries.ledger import Difference
from permissions.queries.lines import ENDED, IN_FORCE
from permissions.queries.practitioners import Qualifications
from portal.directory.models import Practitioner, PractitionerEvent
from portal.his.contract.codes.clinical import DEPARTMENT_ROLES
from portal.outbox.models import Message
from portal.ui.elements import Chip, Grade, Kpi, Moment, Text, Timeline
from portal.ui.moments import write_day, write_moment
from portal.ui.phrases import said, spanning

ALONE = str(SurgicalRole.OPERATE.label)


@dataclass(frozen=True)
class Group:
    """Rights of one category."""

    title: Text
    rows: Sequence[LineRow]


@dataclass(frozen=True)
class Reach:
    """How far the right to operate alone goes at one grade: 全部, or so many items."""

    grade: Grade
    text: Text


@dataclass(frozen=True)
class Papers:
    """One line of 证照与资格."""

    name: Text
    detail: str
    chip: Chip


@dataclass(frozen=True)
class DoctorFile:
    """The page. ``ended`` is what is over or never was."""

    name: str
    emp_no: str
    first: str
    chip: Chip
    department: str
    title: str
    post: str
    license: str
    his_number: str
    changed_at: str
    figures: Sequence[Kpi]
    reach: Sequence[Reach]
    surgical: Sequence[LineRow]
    others: Sequence[Group]
    ended: Sequence[LineRow]
    in_force: int
    papers: Sequence[Papers]


def doctor_file(
    practitioner: Practitioner,
    lines: Sequence[LineRow],
    ceiling: int,
    qualifications: Qualifications,
    on: date,
) -> DoctorFile:
    """``lines`` as they stand on ``on``, ``ceiling`` as of now."""
    current = [line for line in lines if line.state not in ENDED]
    force = [line for line in current if line.state in IN_FORCE]
    return DoctorFile(
        name=practitioner.name,
        emp_no=practitioner.emp_no,
        first=practitioner.name[:1],
        chip=words.practitioner_chip(practitioner),
        department=practitioner.department.name,
        title=words.title_word(practitioner.title_code),
        post=practitioner.post,
        license=practitioner.license_no or _("无编号"),
        his_number=practitioner.his_emp_id,
        changed_at=write_day(practitioner.changed_at),
        figures=_figures(ceiling, force, practitioner.emp_no),
        reach=_reach(force),
        surgical=sorted((one for one in current if is_surgical(one)), key=_by_grade),
        others=_by_category([one for one in current if not is_surgical(one)]),
        ended=[line for line in lines if line.state in ENDED],
        in_force=len(force),
        papers=papers(practitioner, qualifications, on),
    )


def is_surgical(line: LineRow) -> bool:
    return line.category == Category.SG


def _by_grade(line: LineRow) -> tuple[int, str]:
    return -(line.grade.number or 0) if line.grade else 0, line.codes


def _by_category(lines: Sequence[LineRow]) -> list[Group]:
    groups = [
        Group(category.label, [one for one in lines if one.category == category])
        for category in Category
    ]
    return [group for group in groups if group.rows]


def _figures(ceiling: int, force: Sequence[LineRow], emp_no: str) -> list[Kpi]:
    rows = reverse("permissions:grant-list") + f"?q={emp_no}"
    expiring = sum(line.state is Standing.EXPIRING for line in force)
    return [
        Kpi(_("手术上限"), Grade(ceiling).text if ceiling else _("无"), "", ""),
        Kpi(_("有效授权"), str(len(force)), _("项"), "", url=rows),
        Kpi(
            _("30 天内到期"),
            str(expiring),
            _("项"),
            "",
            "warn" if expiring else "",
            f"{rows}&view=expiring",
        ),
    ]


def _reach(force: Sequence[LineRow]) -> list[Reach]:
    """一级 全部, 三级 27 项: classes below, items from grade 3 on."""
    found = []
    for number in (1, 2, 3, 4):
        own = [
            line
            for line in force
            if is_surgical(line) and line.grade and line.grade.number == number
        ]
        alone = [line for line in own if number < 3 or str(line.role) == ALONE]
        if alone:
            text = _("全部") if number < 3 else _("%(n)s 项") % {"n": len(alone)}
            found.append(Reach(Grade(number), text))
    return found


# --- papers ---------------------------------------------------------------------------


def papers(
    practitioner: Practitioner, qualifications: Qualifications, on: date
) -> list[Papers]:
    """Licence, scopes, departments and title, as the HIS has them."""
    until = practitioner.license_valid_to
    number = practitioner.license_no or _("无编号")
    found = [Papers(_("医师执业证书"), _until(number, until), _validity(until, on))]
    for scope in qualifications.scopes:
        name = scope.scope_name or scope.scope_code
        detail = _until(scope.prac_org, scope.valid_to)
        found.append(Papers(name, detail, _validity(scope.valid_to, on)))
    title = words.title_word(practitioner.title_code) or _("无职称")
    appointed = next(
        (one for one in qualifications.events if one.kind == KIND.TITLE), None
    )
    since = _("自 %(day)s 起") % {"day": write_day(appointed.at)} if appointed else ""
    known = Chip("mute", "user-check", _("来自 HIS"))
    found.append(Papers(title, since or _("聘任日期未提供"), known))
    found += [
        Papers(name, DEPARTMENT_ROLES.get(place.dept_role, place.dept_role), known)
        for place, name in qualifications.departments
    ]
    return found


KIND = PractitionerEvent.Kind


def _until(what: str, until: date | None) -> str:
    if until is None:
        return what
    return _("%(number)s，至 %(day)s") % {"number": what, "day": until.isoformat()}


def _validity(until: date | None, on: date) -> Chip:
    if until is None:
        return Chip("mute", "help-circle", _("未写有效期"))
    if until < on:
        return Chip("bad", "calendar-off", _("已到期"))
    days = (until - on).days
    if until <= on + timedelta(days=EXPIRING_DAYS):
        return Chip("warn", "calendar-due", _("%(n)s 天") % {"n": days})
    return Chip("ok", "circle-check", _("有效"))


# --- what happened --------------------------------------------------------------------


def whole_timeline(
    events: Sequence[GrantEvent],
    arrivals: dict[str, Message],
    changes: Sequence[PractitionerEvent],
    *,
    limit: int | None,
) -> Timeline:
    """Grants and what the HIS changed of the person, the newest first."""
    found: list[tuple[datetime, Moment]] = [
        (
            event.recorded_at,
            event_moment(
                event, words.what_in_one(event.grant), arrivals.get(event.subject)
            ),
        )
        for event in events
    ]
    found += [(change.at, _change(change)) for change in changes]
    found.sort(key=lambda one: one[0], reverse=True)
    return Timeline([moment for _at, moment in found[:limit]])


def _change(change: PractitionerEvent) -> Moment:
    before, after = change.before, change.after
    if change.kind == KIND.TITLE:
        before, after = (str(TITLE_WORDS.get(one, one)) for one in (before, after))
    text = f"{before or '—'} → {after or '—'}" if before or after else ""
    label = KIND(change.kind).label
    if change.kind == KIND.CERTIFICATE:
        kind, _sign, until = change.after.partition(" ")
        ended = _until(str(Certificate(kind).label), date.fromisoformat(until))
        return Moment(write_moment(change.at), label, ended, "mute")
    return Moment(write_moment(change.at), label, said("HIS", text or "—"), "mute")


# --- as of a day ----------------------------------------------------------------------


@dataclass(frozen=True)
class AsOf:
    """What the bar says: as known when, and what is different since."""

    is_known_then: bool
    words: str
    compare_url: str


def as_of_bar(
    emp_no: str, first: date, second: date, found: Difference, *, is_known_then: bool
) -> AsOf:
    """``found`` between the two days; the link opens it in two columns."""
    page = reverse("permissions:differences")
    values = {
        "days": spanning(first.isoformat(), second.isoformat()),
        "gained": len(found.gained),
        "lost": len(found.lost),
    }
    return AsOf(
        is_known_then=is_known_then,
        words=_("%(days)s：新增 %(gained)s 项，失去 %(lost)s 项") % values,
        compare_url=f"{page}?subject=E:{emp_no}&from={first}&to={second}",
    )
