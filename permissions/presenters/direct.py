"""What a direct grant would do and what stands in its way, while it is typed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from permissions import services
from permissions.enums import ItemKind
from permissions.models import Grant, Privilege
from permissions.outbound import Ways
from permissions.presenters.catalogue_words import needs_words
from permissions.presenters.one_line import new_row, not_told_note, span_words
from permissions.presenters.precheck import (
    Precheck,
    held_before,
    limit_notes,
    problems_of,
)
from permissions.presenters.reasons import finding_note
from permissions.queries.catalogue import entry_of, names
from permissions.services import Line
from permissions.services.ground import Asked
from permissions.services.lines import Fitting
from permissions.services.persons import must_not_be_own
from permissions.services.readiness import Bar, readiness, refuse_unready
from permissions.services.refusals import (
    ActRefused,
    ItemDisabled,
    ItemUnknown,
    PractitionerNotPractising,
    TitleTooLow,
)
from permissions.services.refusals_of_readiness import NotReady
from portal.accounts.models import User
from portal.directory.models import Practitioner
from portal.parameters.days import end_of, start_of
from portal.ui.elements import Change, Diff, Element, Note, Text
from portal.ui.moments import write_moment
from surgery.models import Procedure


@dataclass(frozen=True)
class DirectPrecheck(Precheck):
    """The same for a line that is granted at once; ``to`` says where it goes."""

    to: Text = ""


# The rule of the check that says the same, with the next step and the source.
RULE_OF: Mapping[type[ActRefused], str] = {
    PractitionerNotPractising: "P01",
    TitleTooLow: "G01",
    ItemUnknown: "S01",
    ItemDisabled: "S03",
}


class Looked(Asked):
    """What stands about one line, looked up once: for the notes and for the rules of
    the act."""

    def __init__(self, practitioner: Practitioner, line: Line, now: datetime) -> None:
        self.bar, self.entry = Bar(), entry_of(line.privilege)
        is_procedure = line.item_kind == ItemKind.PROCEDURE
        self.findings = readiness(
            practitioner,
            line.privilege,
            begins=max(start_of(line.valid_from), now),
            ends=end_of(line.valid_to),
            item=line.item if is_procedure and line.item else None,
            bar=self.bar,
            entry=self.entry,
        )
        self._procedures: dict[str, Procedure | None] = {}

    def says(self, refused: ActRefused) -> bool:
        """A finding tells of this refusal already."""
        rule = RULE_OF.get(type(refused))
        if isinstance(refused, NotReady):
            rule = refused.rule
        return any(one.blocks and one.rule.id == rule for one in self.findings)

    def procedure(self, code: str) -> Procedure | None:
        if code not in self._procedures:
            self._procedures[code] = super().procedure(code)
        return self._procedures[code]

    def must_be_ready(
        self, practitioner: Practitioner, privilege: Privilege, **given: Any
    ) -> None:
        refuse_unready(self.findings, practitioner, privilege, self.bar)


def direct_precheck(
    practitioner: Practitioner | None, line: Line | None, *, by: User, now: datetime
) -> DirectPrecheck:
    """As far as the form is filled in; the act itself checks everything again."""
    if practitioner is None or line is None:
        return DirectPrecheck(to=_("保存后即送 HIS，通常几秒到达"))
    looked = Looked(practitioner, line, now)
    problems: list[str] = []
    if line.item_kind == ItemKind.PROCEDURE:
        problems, _item = problems_of(
            practitioner, line.privilege, line.item, looked, line.valid_from
        )
    fitting: Fitting | None = None
    try:
        must_not_be_own(by, practitioner.pk)
        fitting = services.grantable(practitioner, line, at=now, ground=looked)
    except ActRefused as refused:
        if not looked.says(refused):
            problems.append(str(refused.message))
    named = names()
    notes: list[Element] = [
        *(Note("bad", text) for text in dict.fromkeys(problems)),
        *(finding_note(one, named, who=practitioner.name) for one in looked.findings),
        *limit_notes(line.privilege, line.valid_from),
    ]
    if needs := needs_words(looked.entry, named):
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
    if not rows and (why := Ways().why_not_told(terms)):
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
