"""What a proposal would change and what stands in its way, while it is typed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from permissions.enums import Setting, ValueKind
from permissions.models import GrantState, Privilege
from permissions.models.entries import Entry
from permissions.outbound import his_value_of
from permissions.presenters import words
from permissions.presenters.catalogue_words import needs_words
from permissions.presenters.reasons import finding_note
from permissions.queries.catalogue import Names, entry_of, names
from permissions.queries.grants import standing_of
from permissions.services import rules
from permissions.services.ground import ASKED, Ground
from permissions.services.lines import must_not_be_barred
from permissions.services.readiness import readiness
from permissions.services.refusals import ActRefused, ItemDisabled, ItemUnknown
from portal.directory.models import Practitioner
from portal.directory.queries import practitioner_by_emp_no
from portal.parameters.days import day_of, end_of, start_of
from portal.ui.elements import Change, Diff, Element, Note
from portal.ui.filters import day_or_none
from portal.ui.moments import write_last_day
from surgery.models import Procedure


@dataclass(frozen=True)
class Precheck:
    """Notes and preview; both empty until doctor and privilege are chosen."""

    notes: Sequence[Element] = ()
    preview: Diff | None = None


def precheck(given: Mapping[str, str]) -> Precheck:
    """As far as the form is filled in; the act itself checks everything again."""
    practitioner = practitioner_by_emp_no(given.get("practitioner", ""))
    privilege = Privilege.objects.filter(code=given.get("privilege", "")).first()
    if practitioner is None or privilege is None:
        return Precheck()
    begins = day_or_none(given.get("valid_from", ""))
    problems, procedure = problems_of(
        practitioner, privilege, given.get("item", ""), on=begins
    )
    entry, named = entry_of(privilege), names()
    last_day = day_or_none(given.get("valid_to", ""))
    first_day = begins or day_of(timezone.now())
    notes: list[Element] = [
        *ready_notes(
            practitioner,
            privilege,
            named,
            entry,
            begins=max(start_of(first_day), timezone.now()),
            ends=end_of(last_day),
            item=given.get("item", "").strip() or None,
        ),
        *(Note("bad", text) for text in problems),
        *limit_notes(privilege, first_day),
    ]
    if needs := needs_words(entry, named):
        notes.append(Note("info", _("前提：%(words)s") % {"words": needs}))
    item_code = procedure.code if procedure else ""
    setting = given.get("setting", "")
    before = held_before(practitioner, privilege, item_code, setting)
    return Precheck(
        notes, _preview(privilege, procedure, setting, first_day, last_day, before)
    )


def ready_notes(
    practitioner: Practitioner,
    privilege: Privilege,
    named: Names,
    entry: Entry,
    *,
    begins: datetime,
    ends: datetime | None,
    item: str | None,
) -> list[Element]:
    """What the rules of the check say before a right is given, what forbids first."""
    if privilege.value_kind != ValueKind.ITEM:
        item = None
    found = readiness(
        practitioner, privilege, begins=begins, ends=ends, item=item, entry=entry
    )
    return [finding_note(one, named, who=practitioner.name) for one in found]


def problems_of(
    practitioner: Practitioner,
    privilege: Privilege,
    item: str,
    ground: Ground = ASKED,
    on: date | None = None,
) -> tuple[list[str], Procedure | None]:
    """What beside the rules of the check would be refused, not only the first of it."""
    found = []
    procedure = None
    try:
        procedure = rules.item_for(privilege, item, ground, on)
    except (ItemUnknown, ItemDisabled):
        pass  # S01 and S03 say so
    except ActRefused as refused:
        found.append(str(refused))
    try:
        must_not_be_barred(practitioner, privilege, timezone.now(), ground)
    except ActRefused as refused:
        found.append(str(refused))
    return found, procedure


def limit_notes(privilege: Privilege, first_day: date) -> list[Element]:
    latest = rules.latest_last_day(privilege, first_day)
    if latest is None:
        return []
    text = _("%(what)s最长 %(months)s 个月，最晚 %(latest)s。") % {
        "what": rules.what_is_limited(privilege),
        "months": privilege.validity_months,
        "latest": latest.isoformat(),
    }
    return [Note("info", text)]


def held_before(
    practitioner: Practitioner, privilege: Privilege, item_code: str, setting: str
) -> str:
    """What the doctor has of the same kind now."""
    state = (
        GrantState.objects.filter(
            practitioner=practitioner,
            privilege=privilege,
            item_code=item_code,
            setting=setting,
        )
        .order_by("-last_event_id")
        .first()
    )
    if state is None:
        return _("无")
    standing = words.STANDING_CHIPS[standing_of(state, timezone.now())].text
    return _("%(state)s，至 %(day)s") % {
        "state": standing,
        "day": write_last_day(state.valid_to),
    }


def _preview(
    privilege: Privilege,
    procedure: Procedure | None,
    setting: str,
    first_day: date,
    last_day: date | None,
    before: str,
) -> Diff:
    name = procedure.name if procedure else privilege.name
    days = _("%(first)s 至 %(last)s") % {
        "first": first_day.isoformat(),
        "last": last_day.isoformat() if last_day else _("长期"),
    }
    label = Setting(setting).label if setting in Setting.values else "—"
    key = f"{privilege.code} {procedure.code}" if procedure else privilege.code
    return Diff(
        (
            Change(name, before, days),
            Change(_("场合"), "—", label),
            Change(_("HIS 权限行"), "—", key),
            Change(_("HIS 取值"), "—", his_value_of(privilege)),
        ),
        field_title=_("权限项"),
    )
