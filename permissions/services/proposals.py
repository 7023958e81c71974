"""Proposing a right and deciding on it; approving writes the ledger line."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from permissions.enums import EventKind, Setting
from permissions.models import Application, Grant, GrantEvent, GrantState, Privilege
from permissions.services import rules
from permissions.services.ledger import dated, locked_practitioner, write
from permissions.services.refusals import (
    AlreadyDecided,
    EndedMeanwhile,
    NotTheProposer,
    OpenApplicationExists,
    OwnProposal,
    OwnRight,
)
from portal.accounts.models import User
from portal.approvals.workflow import (
    Decision,
    ProposalState,
    TransitionRefused,
    next_state,
)
from portal.audit.acting import acting
from portal.directory.models import Practitioner
from portal.parameters.days import day_of, last_day_of, start_of
from portal.ui.moments import write_moment
from surgery.models import Procedure


@transaction.atomic
def propose(
    *,
    practitioner: Practitioner,
    privilege: Privilege,
    item: str,
    setting: Setting,
    valid_from: date,
    valid_to: date | None,
    reason: str,
    doc_no: str,
    by: User,
    at: datetime,
) -> Application:
    """Ask for a right; ``item`` is a procedure code, ``valid_to`` the last day."""
    text = rules.clear_reason(reason)
    locked = locked_practitioner(practitioner.pk)
    procedure = _must_be_possible(locked, privilege, item, setting)
    start, end = rules.span_of(privilege, valid_from, valid_to, today=day_of(at))
    application = Application(
        practitioner=locked,
        privilege=privilege,
        item_code=procedure.code if procedure else "",
        item_name=procedure.name if procedure else "",
        item_grade=procedure.grade if procedure else None,
        setting=setting,
        valid_from=start,
        valid_to=end,
        doc_no=doc_no.strip(),
        reason=text,
        proposed_by=by,
        proposed_at=at,
    )
    _must_be_the_only_open(application)
    rules.must_not_overlap(_wanted(application, start))
    dated(application, at)
    with acting(by=by, reason=text):
        application.save()
    return application


@transaction.atomic
def approve(*, application: Application, by: User, at: datetime, reason: str) -> Grant:
    """Grant what was proposed and promise to tell the HIS."""
    text = rules.clear_reason(reason)
    current = _locked(application)
    _must_be_open(current, Decision.APPROVE)
    _must_be_another(current, by)
    _must_be_possible(
        current.practitioner, current.privilege, current.item_code, current.setting
    )
    if current.valid_to is not None and current.valid_to <= at:
        raise EndedMeanwhile(last_day_of(current.valid_to) or day_of(at))
    # A right never begins before the day it was approved.
    start = max(current.valid_from, start_of(day_of(at)))
    rules.must_not_overlap(_wanted(current, start))
    with acting(by=by, reason=text):
        _decide(current, Decision.APPROVE, by=by, at=at, reason=text)
        return _grant(current, start, by=by, at=at, reason=text)


@transaction.atomic
def return_(
    *, application: Application, by: User, at: datetime, reason: str
) -> Application:
    """退回: the proposer may mend it and propose again."""
    return _decline(application, Decision.RETURN, by=by, at=at, reason=reason)


@transaction.atomic
def reject(
    *, application: Application, by: User, at: datetime, reason: str
) -> Application:
    """不同意: the matter is closed."""
    return _decline(application, Decision.REJECT, by=by, at=at, reason=reason)


@transaction.atomic
def withdraw(
    *, application: Application, by: User, at: datetime, reason: str
) -> Application:
    """撤回: the proposer takes back what nobody has decided yet."""
    text = rules.clear_reason(reason)
    current = _locked(application)
    _must_be_open(current, Decision.WITHDRAW)
    if current.proposed_by_id != by.pk:
        raise NotTheProposer
    with acting(by=by, reason=text):
        _decide(current, Decision.WITHDRAW, by=by, at=at, reason=text)
    return current


def _decline(
    application: Application,
    decision: Decision,
    *,
    by: User,
    at: datetime,
    reason: str,
) -> Application:
    text = rules.clear_reason(reason)
    current = _locked(application)
    _must_be_open(current, decision)
    _must_be_another(current, by)
    with acting(by=by, reason=text):
        _decide(current, decision, by=by, at=at, reason=text)
    return current


def _locked(application: Application) -> Application:
    """The application as it stands now, its practitioner locked."""
    practitioner = locked_practitioner(application.practitioner_id)
    current = Application.objects.select_related("privilege", "decided_by").get(
        pk=application.pk
    )
    current.practitioner = practitioner
    return current


def _must_be_open(application: Application, decision: Decision) -> None:
    try:
        next_state(ProposalState(application.state), decision)
    except TransitionRefused as refused:
        decider = application.decided_by
        raise AlreadyDecided(
            application.get_state_display(),
            decider.name if decider else "",
            write_moment(application.decided_at),
        ) from refused


def _must_be_another(application: Application, by: User) -> None:
    """Who asked does not decide, and nobody decides on a right of their own."""
    if application.proposed_by_id == by.pk:
        raise OwnProposal
    if by.practitioner_id == application.practitioner_id:
        raise OwnRight


def _must_be_possible(
    practitioner: Practitioner, privilege: Privilege, item: str, setting: str
) -> Procedure | None:
    rules.must_practise(practitioner)
    rules.must_be_enabled(privilege)
    rules.must_fit_setting(privilege, setting)
    rules.must_have_title(practitioner, privilege)
    return rules.item_for(privilege, item)


def _must_be_the_only_open(application: Application) -> None:
    if Application.objects.filter(
        practitioner=application.practitioner,
        privilege=application.privilege,
        item_code=application.item_code,
        setting=application.setting,
        state=ProposalState.SUBMITTED,
    ).exists():
        raise OpenApplicationExists


def _wanted(application: Application, start: datetime) -> rules.Wanted:
    return rules.Wanted(
        practitioner=application.practitioner,
        privilege=application.privilege,
        item_code=application.item_code,
        setting=application.setting,
        valid_from=start,
        valid_to=application.valid_to,
    )


def _decide(
    application: Application,
    decision: Decision,
    *,
    by: User,
    at: datetime,
    reason: str,
) -> None:
    application.state = next_state(ProposalState(application.state), decision)
    application.decided_by = by
    application.decided_at = at
    application.decision_reason = reason
    dated(application, at)
    application.save()


def _grant(
    application: Application, start: datetime, *, by: User, at: datetime, reason: str
) -> Grant:
    """The ledger line with names as they are today, its first event and its state."""
    practitioner = application.practitioner
    grant = Grant(
        practitioner=practitioner,
        privilege=application.privilege,
        item_code=application.item_code,
        item_name=application.item_name,
        item_grade=application.item_grade,
        setting=application.setting,
        valid_from=start,
        valid_to=application.valid_to,
        doc_no=application.doc_no,
        application=application,
        practitioner_name=practitioner.name,
        title_code=practitioner.title_code,
        department_name=practitioner.department.name,
        recorded_at=at,
    )
    grant.save()
    event = GrantEvent(
        grant=grant,
        kind=EventKind.GRANT,
        effective_at=max(start, at),
        recorded_at=at,
        by=by,
        reason=reason,
    )
    state = GrantState(
        grant=grant,
        practitioner=practitioner,
        privilege=application.privilege,
        item_code=grant.item_code,
        setting=grant.setting,
        valid_from=start,
        valid_to=grant.valid_to,
    )
    write(event, state, by=by)
    return grant
