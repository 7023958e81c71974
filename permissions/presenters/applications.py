"""Rows and pages of proposals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from permissions.models import Application
from permissions.models.entries import Entry
from permissions.presenters import words
from permissions.presenters.catalogue_words import needs_words
from permissions.presenters.precheck import ready_notes
from permissions.queries.catalogue import Names, entry_of, names
from portal.approvals.workflow import ProposalState
from portal.outbox.models import Message
from portal.outbox.presenters import long_arrival
from portal.parameters.days import day_of
from portal.ui.elements import Chip, Element, Grade, Note, Text
from portal.ui.moments import write_moment, write_short
from portal.ui.phrases import noted


@dataclass(frozen=True)
class ApplicationRow:
    """One proposal as lists show it."""

    id: int
    url: str
    name: str
    emp_no: str
    department: str
    title: str
    what: str
    codes: str
    grade: Grade | None
    setting: Text
    starts_on: str
    ends_on: str
    proposed_by: str
    proposed_at: str
    state: Chip
    decided_by: str
    decided_at: str

    @property
    def what_and_codes(self) -> str:
        return noted(self.what, self.codes)


def application_rows(applications: Sequence[Application]) -> list[ApplicationRow]:
    return [application_row(application) for application in applications]


def application_row(application: Application) -> ApplicationRow:
    practitioner = application.practitioner
    what, codes = words.what(application)
    starts_on, ends_on = words.span(application.valid_from, application.valid_to)
    decider = application.decided_by
    return ApplicationRow(
        id=application.pk,
        url=reverse("permissions:application-detail", args=[application.pk]),
        name=practitioner.name,
        emp_no=practitioner.emp_no,
        department=practitioner.department.name,
        title=words.title_word(practitioner.title_code),
        what=what,
        codes=codes,
        grade=words.grade_of(application.privilege, application.item_grade),
        setting=words.setting_word(application.setting),
        starts_on=starts_on,
        ends_on=ends_on,
        proposed_by=application.proposed_by.name,
        proposed_at=write_short(application.proposed_at),
        state=_state(application),
        decided_by=decider.name if decider else "",
        decided_at=write_short(application.decided_at) if decider else "",
    )


def _state(application: Application) -> Chip:
    is_open = application.state == ProposalState.SUBMITTED
    if is_open and application.proposed_by.is_system:
        return words.UNCLAIMED
    return words.STATE_CHIPS[application.state]


@dataclass(frozen=True)
class ApplicationPage:
    """One proposal with its terms, checks and what became of it."""

    row: ApplicationRow
    doc_no: str
    reason: str
    proposed: str
    requirements: str
    status: Chip
    notes: Sequence[Element]
    decided: str
    decision_reason: str
    arrival: str
    is_open: bool
    lacks_proposer: bool  # open, and nobody stands for it


def application_page(
    application: Application, message: Message | None
) -> ApplicationPage:
    proposer, decider = application.proposed_by, application.decided_by
    is_open = application.state == ProposalState.SUBMITTED
    arrived = ""
    entry, named = entry_of(application.privilege), names()
    if message is not None and application.decided_at is not None:
        arrived = long_arrival(message, application.decided_at)
    return ApplicationPage(
        row=application_row(application),
        doc_no=application.doc_no,
        reason=application.reason,
        proposed=(
            f"{proposer.name} {proposer.staff_no} {write_moment(application.proposed_at)}"
        ),
        requirements=needs_words(entry, named),
        status=words.practitioner_chip(application.practitioner),
        notes=_notes(application, entry, named) if is_open else [],
        decided=(
            f"{decider.name} {decider.staff_no} {write_moment(application.decided_at)}"
            if decider
            else ""
        ),
        decision_reason=application.decision_reason,
        arrival=arrived,
        is_open=is_open,
        lacks_proposer=is_open and proposer.is_system,
    )


def _notes(application: Application, entry: Entry, named: Names) -> list[Element]:
    """What who decides must see first."""
    now = timezone.now()
    found: list[Element] = []
    if application.proposed_by.is_system:
        found.append(words.unclaimed_note())
    found += ready_notes(
        application.practitioner,
        application.privilege,
        named,
        entry,
        begins=max(application.valid_from, now),
        ends=application.valid_to,
        item=application.item_code or None,
    )
    today = day_of(now)
    if day_of(application.valid_from) < today:
        text = _("申请的生效日期已过，同意后自 %(today)s 起生效。") % {
            "today": today.isoformat()
        }
        found.append(Note("info", text))
    return found
