"""What 我的权限 shows: own rights only, in words a doctor needs at the station."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from permissions.checks.facts import OPERATING_PRIVILEGES
from permissions.enums import ValueKind
from permissions.models import Application, GrantState
from permissions.presenters import words
from permissions.presenters.grants import GrantRow, grant_rows
from permissions.queries.grants import EXPIRING_DAYS, Standing, standing_of
from permissions.queries.lines import ENDED, IN_FORCE
from portal.directory.models import Practitioner
from portal.ui.elements import Emptiness, Grade, Tab, Text
from portal.ui.moments import write_day, write_last_day, write_moment, write_second

SURGICAL = frozenset({"SG", "DS", "AN", "RT"})
MEDICINES = frozenset({"RX", "AB", "ND", "ON", "SD", "TC", "BL"})
# The stations of the contract, as one says where a page was opened from.
STATIONS: Mapping[str, str | Promise] = {
    "MZ": gettext_lazy("门诊医生站"),
    "ZY": gettext_lazy("住院医生站"),
}
# In a note as many names as one reads at a glance.
NAMED = 3
TABS: Mapping[str, str | Promise] = {
    "surgery": gettext_lazy("手术与操作"),
    "drugs": gettext_lazy("处方与药物"),
    "others": gettext_lazy("其他"),
    "ended": gettext_lazy("已失效"),
}
NOTHING: Mapping[str, str | Promise] = {
    "surgery": gettext_lazy("没有手术与操作权限"),
    "drugs": gettext_lazy("没有处方与药物权限"),
    "others": gettext_lazy("没有其他权限"),
    "ended": gettext_lazy("没有已失效的权限"),
}


@dataclass(frozen=True)
class Figure:
    """One of the four numbers on top."""

    name: str
    value: Text
    note: str
    tone: str = ""


@dataclass(frozen=True)
class Task:
    """Something that needs the doctor, or waits for others."""

    tone: str
    title: str
    detail: str


@dataclass(frozen=True)
class Context:
    """Where the page was opened from; the patient is shown, never believed."""

    station: str
    patient: str


@dataclass(frozen=True)
class MyPage:
    name: str
    first: str
    emp_no: str
    about: str
    context: Context | None
    read_at: str
    figures: Sequence[Figure]
    tasks: Sequence[Task]
    tabs: Sequence[Tab]
    tab_title: Text
    rows: Sequence[GrantRow]
    emptiness: Emptiness


def my_page(
    practitioner: Practitioner,
    states: Sequence[GrantState],
    pending: Sequence[Application],
    *,
    tab: str,
    context: Context | None,
    now: datetime,
) -> MyPage:
    standings = {state.pk: standing_of(state, now) for state in states}
    by_tab = _by_tab(states, standings)
    chosen = tab if tab in TABS else "surgery"
    return MyPage(
        name=practitioner.name,
        first=practitioner.name[:1],
        emp_no=practitioner.emp_no,
        about=_about(practitioner),
        context=context,
        read_at=write_second(now),
        figures=_figures(states, standings, len(pending)),
        tasks=[*_expiring(states, standings), *(_waiting(one) for one in pending)],
        tabs=[
            Tab(label, f"?tab={key}", key == chosen, len(by_tab[key]))
            for key, label in TABS.items()
        ],
        tab_title=TABS[chosen],
        rows=grant_rows(by_tab[chosen]),
        emptiness=Emptiness(
            NOTHING[chosen], _("需要新的权限，请向科室提出，由医务科审批后生效。")
        ),
    )


def context_of(station: str, patient: Mapping[str, str]) -> Context | None:
    """由住院医生站打开, and for which patient; None from the login page."""
    if station not in STATIONS:
        return None
    labels = {"pid": _("病人ID"), "vid": _("就诊ID")}
    numbers = [f"{label} {patient[k]}" for k, label in labels.items() if k in patient]
    return Context(str(STATIONS[station]), " ".join(numbers))


def _about(practitioner: Practitioner) -> str:
    parts = [practitioner.department.name, words.title_word(practitioner.title_code)]
    if practitioner.post:
        parts.append(practitioner.post)
    if practitioner.license_valid_to is not None:
        day = write_day(practitioner.license_valid_to)
        parts.append(_("执业注册至 %(day)s") % {"day": day})
    return " · ".join(part for part in parts if part)


def _by_tab(
    states: Sequence[GrantState], standings: Mapping[int, Standing]
) -> dict[str, list[GrantState]]:
    found: dict[str, list[GrantState]] = {key: [] for key in TABS}
    for state in states:
        # What was entered in error never was the doctor's.
        if standings[state.pk] is not Standing.VOID:
            found[_tab_of(state, standings[state.pk])].append(state)
    return found


def _tab_of(state: GrantState, standing: Standing) -> str:
    if standing in ENDED:
        return "ended"
    category = state.grant.privilege.category
    if category in SURGICAL:
        return "surgery"
    return "drugs" if category in MEDICINES else "others"


def _figures(
    states: Sequence[GrantState],
    standings: Mapping[int, Standing],
    waiting: int,
) -> list[Figure]:
    in_force = [state for state in states if standings[state.pk] in IN_FORCE]
    reaches = [
        OPERATING_PRIVILEGES.get(state.grant.privilege.code, 0) for state in in_force
    ]
    ceiling = max(reaches, default=0)
    items = sum(
        state.grant.privilege.value_kind == ValueKind.ITEM for state in in_force
    )
    soon = sum(standing is Standing.EXPIRING for standing in standings.values())
    return [
        Figure(
            _("手术上限"),
            Grade(ceiling).text if ceiling else _("无"),
            _("逐项 %(count)s 项") % {"count": items} if items else "",
        ),
        Figure(_("有效权限"), str(len(in_force)), _("项")),
        Figure(
            _("%(days)s 天内到期") % {"days": EXPIRING_DAYS},
            str(soon),
            _("项"),
            "warn" if soon else "",
        ),
        Figure(_("审批中"), str(waiting), _("项，医务科审核") if waiting else _("项")),
    ]


def _expiring(
    states: Sequence[GrantState], standings: Mapping[int, Standing]
) -> list[Task]:
    soon = [state for state in states if standings[state.pk] is Standing.EXPIRING]
    if not soon:
        return []
    soon.sort(key=lambda state: (state.valid_to is None, state.valid_to, state.pk))
    named = [
        _("%(what)s %(day)s 到期")
        % {"what": words.what(state.grant)[0], "day": write_last_day(state.valid_to)}
        for state in soon[:NAMED]
    ]
    if len(soon) > NAMED:
        named.append(_("其余 %(count)s 项见下表") % {"count": len(soon) - NAMED})
    title = _("%(count)s 项权限将在 %(days)s 天内到期") % {
        "count": len(soon),
        "days": EXPIRING_DAYS,
    }
    detail = _("%(rights)s。需要续期请联系科室或医务科。") % {
        "rights": _("；").join(named)
    }
    return [Task("warn", title, detail)]


def _waiting(application: Application) -> Task:
    title = _("%(what)s：申请已到医务科，等待审批") % {
        "what": words.what_in_one(application)
    }
    detail = _("%(at)s 提出，自 %(first)s 起，至 %(last)s") % {
        "at": write_moment(application.proposed_at),
        "first": write_day(application.valid_from),
        "last": write_last_day(application.valid_to),
    }
    return Task("info", title, detail)
