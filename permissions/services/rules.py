"""What must be true of a right before it is proposed and before it is granted.

Each rule raises the refusal that names it. They run inside the act's transaction, with
the practitioner's row locked, so two acts about one person follow one another.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.utils.translation import gettext as _

from permissions.enums import (
    TITLE_WORDS,
    Setting,
    TitleRule,
    ValueKind,
)
from permissions.models import Privilege
from permissions.services.ground import ASKED, Ground
from permissions.services.refusals import (
    EndsBeforeStart,
    ItemDisabled,
    ItemMissing,
    ItemNotAsked,
    ItemNotRestricted,
    ItemOfOtherGrade,
    ItemUnknown,
    LastsTooLong,
    PractitionerNotPractising,
    PrivilegeDisabled,
    SettingNotAllowed,
    StartsInPast,
    TitleTooLow,
)
from portal.audit.refusing import clear_reason as clear_reason
from portal.directory.models import Practitioner
from portal.his.contract.codes import TITLE_RANK
from portal.parameters.days import day_of, end_of, last_day_of, start_of
from portal.parameters.days import months_after as months_after
from surgery.enums import Grade
from surgery.models import Procedure
from surgery.queries.grading import grade_of

# Grades 3 and 4 are granted procedure by procedure (GR06), restricted techniques by a
# line of their own (GR09).
GRADE_OF_ITEMS = {"SG03": Grade.THREE, "SG04": Grade.FOUR}
RESTRICTED = "RT01"
RANK_WORDS = {TITLE_RANK[code]: word for code, word in TITLE_WORDS.items()}


def must_practise(practitioner: Practitioner) -> None:
    if not practitioner.is_practising:
        status = practitioner.get_status_display()
        if practitioner.missing_since is not None:
            status = _("已不在医生字典")
        raise PractitionerNotPractising(practitioner.name, status)


def must_be_enabled(privilege: Privilege) -> None:
    if not privilege.is_enabled:
        raise PrivilegeDisabled(privilege.name)


def must_fit_setting(privilege: Privilege, setting: str) -> None:
    if privilege.setting not in {Setting.ALL, setting}:
        raise SettingNotAllowed(privilege.name, privilege.get_setting_display())


def title_is_enough(practitioner: Practitioner, privilege: Privilege) -> bool:
    return TITLE_RANK.get(practitioner.title_code, 0) >= privilege.min_title_rank


def must_have_title(practitioner: Practitioner, privilege: Privilege) -> None:
    """Only a hard rule refuses; a warning is shown to who decides."""
    if privilege.title_rule != TitleRule.HARD:
        return
    if not title_is_enough(practitioner, privilege):
        raise TitleTooLow(*title_words(practitioner, privilege))


def title_words(
    practitioner: Practitioner, privilege: Privilege
) -> tuple[str, str, str]:
    """Privilege, needed title and held title in words."""
    needed = RANK_WORDS.get(privilege.min_title_rank, "")
    held = TITLE_WORDS.get(practitioner.title_code, "")
    return privilege.name, str(needed), str(held or _("无职称"))


def item_for(
    privilege: Privilege, item: str, ground: Ground = ASKED, on: date | None = None
) -> Procedure | None:
    """The procedure an item privilege is about; None for the others.

    ``on`` is the day the right begins: by then the procedure may be regraded.
    """
    code = item.strip()
    if privilege.value_kind != ValueKind.ITEM:
        if code:
            raise ItemNotAsked
        return None
    if not code:
        raise ItemMissing
    procedure = ground.procedure(code)
    if procedure is None:
        raise ItemUnknown(code)
    must_be_grantable(privilege, procedure, on)
    return procedure


def must_be_grantable(
    privilege: Privilege, procedure: Procedure, on: date | None = None
) -> None:
    # One that will be suspended is granted to nobody any more.
    if not procedure.is_enabled or procedure.effective_to is not None:
        raise ItemDisabled(procedure.code)
    grade = GRADE_OF_ITEMS.get(privilege.code)
    is_other = grade is not None and procedure.grade != grade
    if grade is not None and is_other and not (on and grade_of(procedure, on) == grade):
        held = Grade(procedure.grade).label
        raise ItemOfOtherGrade(procedure.code, held, grade.label)
    if privilege.code == RESTRICTED and not procedure.is_restricted:
        raise ItemNotRestricted(procedure.code)


def last_day_after(first_day: date, months: int) -> date:
    """The last day of so many whole months."""
    return months_after(first_day, months) - timedelta(days=1)


def whole_months(first_day: date, last_day: date | None) -> int | None:
    """How many whole months a span of days has, at least one; None without end."""
    if last_day is None:
        return None
    after = last_day + timedelta(days=1)
    months = (after.year - first_day.year) * 12 + after.month - first_day.month
    return max(1, months - (after.day < first_day.day))


def latest_last_day(privilege: Privilege, first_day: date) -> date | None:
    """The last day a right beginning on ``first_day`` may have; None is any."""
    if privilege.validity_months is None:
        return None
    return last_day_after(first_day, privilege.validity_months)


def what_is_limited(privilege: Privilege) -> str:
    """「四级手术」 for item privileges of a grade, else the privilege's name."""
    grade = GRADE_OF_ITEMS.get(privilege.code)
    if grade is None:
        return _("「%(name)s」") % {"name": privilege.name}
    return _("%(grade)s手术") % {"grade": grade.label}


def span_of(
    privilege: Privilege, first_day: date, last_day: date | None, *, earliest: date
) -> tuple[datetime, datetime | None]:
    """The days asked for as instants, within what the privilege allows."""
    if first_day < earliest:
        raise StartsInPast(earliest)
    if last_day is not None and last_day < first_day:
        raise EndsBeforeStart
    latest = latest_last_day(privilege, first_day)
    if latest is not None and (last_day is None or last_day > latest):
        months = privilege.validity_months or 0
        raise LastsTooLong(what_is_limited(privilege), months, latest)
    return start_of(first_day), end_of(last_day)


def span_words(valid_from: datetime, valid_to: datetime | None) -> str:
    first, last = day_of(valid_from).isoformat(), last_day_of(valid_to)
    if last is None:
        return _("%(first)s 起长期") % {"first": first}
    return _("%(first)s 至 %(last)s") % {"first": first, "last": last.isoformat()}
