"""What a direct grant would do and what stands in its way, while it is typed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from permissions import services
from permissions.enums import ItemKind
from permissions.models import Grant
from permissions.outbound import Ways
from permissions.presenters.catalogue_words import needs_words
from permissions.presenters.one_line import new_row, not_told_note, span_words
from permissions.presenters.precheck import (
    Precheck,
    held_before,
    limit_notes,
    problems_of,
    ready_notes,
)
from permissions.queries.catalogue import entry_of, names
from permissions.services import Line
from permissions.services.lines import Fitting
from permissions.services.persons import must_not_be_own
from permissions.services.refusals import ActRefused
from portal.accounts.models import User
from portal.directory.models import Practitioner
from portal.parameters.days import end_of, start_of
from portal.ui.elements import Change, Diff, Element, Note, Text
from portal.ui.moments import write_moment


@dataclass(frozen=True)
class DirectPrecheck(Precheck):
    """The same for a line that is granted at once; ``to`` says where it goes."""

    to: Text = ""


def direct_precheck(
    practitioner: Practitioner | None, line: Line | None, *, by: User, now: datetime
) -> DirectPrecheck:
    """As far as the form is filled in; the act itself checks everything again."""
    if practitioner is None or line is None:
        return DirectPrecheck(to=_("保存后即送 HIS，通常几秒到达"))
    problems: list[str] = []
    if line.item_kind == ItemKind.PROCEDURE:
        problems, _item = problems_of(practitioner, line.privilege, line.item)
    fitting: Fitting | None = None
    try:
        must_not_be_own(by, practitioner.pk)
        fitting = services.grantable(practitioner, line, at=now)
    except ActRefused as refused:
        problems.append(str(refused.message))
    entry, named = entry_of(line.privilege), names()
    notes: list[Element] = [
        *(Note("bad", text) for text in dict.fromkeys(problems)),
        *ready_notes(
            practitioner,
            line.privilege,
            named,
            begins=max(start_of(line.valid_from), now),
            ends=end_of(line.valid_to),
            item=line.item or None,
        ),
        *limit_notes(line.privilege, line.valid_from),
    ]
    if needs := needs_words(entry, named):
        notes.append(Note("info", _("前提：%(words)s") % {"words": needs}))
    if fitting is None:
        return DirectPrecheck(notes, None, _("改正后才能保存"))
    return _granting(fitting, notes, now)


def _granting(fitting: Fitting, notes: list[Element], now: datetime) -> DirectPrecheck:
    line, terms = fitting.line, Grant(**fitting.values())
    before = held_before(
        fitting.practitioner, line.privilege, fitting.item.code, line.setting
    )
    name = fitting.item.name or line.privilege.name
    rows = services.consequences_of_granting(fitting, at=now).his
    changes: Sequence[Change] = [
        Change(name, before, span_words(fitting)),
        *map(new_row, rows),
    ]
    if why := Ways().why_not_told(terms):
        notes.append(not_told_note(why))
    return DirectPrecheck(
        notes,
        Diff(changes, field_title=_("权限项")),
        _goes_to(fitting, bool(rows), now),
    )


def _goes_to(fitting: Fitting, is_told: bool, now: datetime) -> Text:
    if not is_told:
        return _("保存后由本系统核对，不送 HIS")
    if fitting.span.valid_from > now:
        start = write_moment(fitting.span.valid_from)
        return _("%(start)s 自动生效，保存后即送 HIS") % {"start": start}
    return _("保存后即送 HIS，通常几秒到达")
