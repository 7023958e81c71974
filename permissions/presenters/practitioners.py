"""Rows and pages of practitioners and their rights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from permissions.models import GrantState
from permissions.presenters import words
from permissions.presenters.grants import GrantRow, grant_rows
from permissions.queries.grants import Standing, standing_of
from permissions.queries.practitioners import Holdings, holdings_of
from portal.directory.models import Practitioner
from portal.ui.elements import Chip, Grade, Kpi, Text
from portal.ui.moments import write_day

IN_FORCE = frozenset({Standing.IN_FORCE, Standing.EXPIRING})
ENDED = frozenset({Standing.EXPIRED, Standing.REVOKED, Standing.VOID})


@dataclass(frozen=True)
class PractitionerRow:
    """One practitioner as the list shows them."""

    url: str
    name: str
    emp_no: str
    department: str
    title: str
    post: str
    state: Chip
    license_valid_to: str
    in_force: int
    ceiling: Grade | None

    @property
    def ceiling_text(self) -> Text:
        return self.ceiling.text if self.ceiling else ""


def practitioner_rows(practitioners: Sequence[Practitioner]) -> list[PractitionerRow]:
    """One query for what all of them hold."""
    held = holdings_of([one.pk for one in practitioners], timezone.now())
    return [_row(one, held.get(one.pk, Holdings(0, 0))) for one in practitioners]


def _row(practitioner: Practitioner, held: Holdings) -> PractitionerRow:
    return PractitionerRow(
        url=reverse("permissions:practitioner-detail", args=[practitioner.emp_no]),
        name=practitioner.name,
        emp_no=practitioner.emp_no,
        department=practitioner.department.name,
        title=words.title_word(practitioner.title_code),
        post=practitioner.post,
        state=words.practitioner_chip(practitioner),
        license_valid_to=write_day(practitioner.license_valid_to),
        in_force=held.count,
        ceiling=Grade(held.ceiling) if held.ceiling else None,
    )


@dataclass(frozen=True)
class PractitionerPage:
    """One practitioner: master data of the HIS and all rights."""

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
    surgical: Sequence[GrantRow]
    others: Sequence[GrantRow]
    ended: Sequence[GrantRow]


def practitioner_page(
    practitioner: Practitioner, states: Sequence[GrantState], ceiling: int
) -> PractitionerPage:
    now = timezone.now()
    rows = dict(zip((state.pk for state in states), grant_rows(states), strict=True))
    standings = {state.pk: standing_of(state, now) for state in states}
    current = [state for state in states if standings[state.pk] not in ENDED]
    surgical = {state.pk for state in current if state.grant.privilege.category == "SG"}
    in_force = sum(standing in IN_FORCE for standing in standings.values())
    expiring = sum(standing is Standing.EXPIRING for standing in standings.values())
    return PractitionerPage(
        name=practitioner.name,
        emp_no=practitioner.emp_no,
        first=practitioner.name[:1],
        chip=words.practitioner_chip(practitioner),
        department=practitioner.department.name,
        title=words.title_word(practitioner.title_code),
        post=practitioner.post,
        license=_license(practitioner),
        his_number=practitioner.his_emp_id,
        changed_at=write_day(practitioner.changed_at),
        figures=_figures(ceiling, in_force, expiring, practitioner.emp_no),
        surgical=[rows[state.pk] for state in current if state.pk in surgical],
        others=[rows[state.pk] for state in current if state.pk not in surgical],
        ended=[rows[state.pk] for state in states if standings[state.pk] in ENDED],
    )


def _license(practitioner: Practitioner) -> str:
    if practitioner.license_valid_to is None:
        return practitioner.license_no or "—"
    return _("%(number)s，至 %(day)s") % {
        "number": practitioner.license_no or _("无编号"),
        "day": practitioner.license_valid_to.isoformat(),
    }


def _figures(ceiling: int, in_force: int, expiring: int, emp_no: str) -> list[Kpi]:
    rows = reverse("permissions:grant-list") + f"?q={emp_no}"
    return [
        Kpi(_("手术上限"), Grade(ceiling).text if ceiling else _("无"), "", ""),
        Kpi(_("有效授权"), str(in_force), _("项"), "", url=rows),
        Kpi(
            _("30 天内到期"),
            str(expiring),
            _("项"),
            "",
            "warn" if expiring else "",
            f"{rows}&view=expiring",
        ),
    ]


@dataclass(frozen=True)
class AsOf:
    """What held on a day, by what is known now or was known then."""

    on: str
    is_known_then: bool
    rights: Sequence[str]


def as_of(on: date, *, is_known_then: bool, rights: Sequence[str]) -> AsOf:
    return AsOf(on.isoformat(), is_known_then, rights)
