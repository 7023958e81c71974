"""Proposing a right and deciding on it; approving writes the ledger line."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db import transaction

from permissions.enums import Setting
from permissions.ledger import Span
from permissions.models import Application, Grant, Privilege, Terms
from permissions.services import lines, rules
from permissions.services.ledger import dated, locked_practitioner, open_line
from permissions.services.lines import Line
from permissions.services.readiness import must_be_ready
from permissions.services.refusals import (
    AlreadyDecided,
    EndedMeanwhile,
    NotTheProposer,
    OpenApplicationExists,
    OwnProposal,
    OwnRight,
    ProposerMissing,
    StoodForAlready,
)
from portal.accounts.models import User
from portal.accounts.services.system import system_account
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
    role: str = "",
    campus: str = "",
    side: str = "",
    conditions: str = "",
    evidence: str = "",
) -> Application:
    """Ask for a right; ``item`` is a procedure code, ``valid_to`` the last day."""
    text = rules.clear_reason(reason)
    locked = locked_practitioner(practitioner.pk)
    line = Line(
        privilege=privilege,
        valid_from=valid_from,
        valid_to=valid_to,
        item=item,
        role=role,
        setting=setting,
        campus=campus,
        side=side,
        conditions=conditions,
        evidence=evidence,
        doc_no=doc_no,
    )
    found = lines.fitting(locked, line, at=at, earliest=day_of(at))
    values = found.values() | {"valid_from": start_of(valid_from)}
    application = Application(reason=text, proposed_by=by, proposed_at=at, **values)
    _must_be_the_only_open(application)
    lines.must_not_overlap(application.key, found.span)
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
    if current.proposed_by.is_system:
        raise ProposerMissing
    lines.must_fit(current.practitioner, lines.of_terms(current), at=at)
    if current.valid_to is not None and current.valid_to <= at:
        raise EndedMeanwhile(last_day_of(current.valid_to) or day_of(at))
    # A right never begins before the moment it was approved.
    span = Span(max(current.valid_from, at), current.valid_to)
    must_be_ready(
        current.practitioner,
        current.privilege,
        begins=span.valid_from,
        ends=span.valid_to,
    )
    lines.must_not_overlap(current.key, span)
    with acting(by=by, reason=text):
        _decide(current, Decision.APPROVE, by=by, at=at, reason=text)
        return open_line(
            _values(current) | {"valid_from": span.valid_from},
            by=by,
            at=at,
            reason=text,
            application=current,
        )


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


@transaction.atomic
def stand_for(
    *, application: Application, by: User, at: datetime, reason: str
) -> Application:
    """确认提出: what the system proposed gets a person for its proposer; another decides."""
    text = rules.clear_reason(reason)
    current = _locked(application)
    _must_be_open(current, Decision.APPROVE)
    if not current.proposed_by.is_system:
        raise StoodForAlready
    current.proposed_by, current.reason = by, text
    dated(current, at)
    with acting(by=by, reason=text):
        current.save()
    return current


@transaction.atomic
def give_back(*, application: Application, at: datetime, reason: str) -> Application:
    """The system returns what cannot be decided as it stands any more."""
    text = rules.clear_reason(reason)
    current = _locked(application)
    _must_be_open(current, Decision.RETURN)
    by = system_account()
    with acting(by=by, reason=text):
        _decide(current, Decision.RETURN, by=by, at=at, reason=text)
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
    current = Application.objects.select_related(
        "privilege", "proposed_by", "decided_by"
    ).get(pk=application.pk)
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


def _must_be_the_only_open(application: Application) -> None:
    if Application.objects.filter(
        practitioner=application.practitioner,
        privilege=application.privilege,
        item_code=application.item_code,
        role=application.role,
        setting=application.setting,
        campus=application.campus,
        side=application.side,
        visit_no=application.visit_no,
        state=ProposalState.SUBMITTED,
    ).exists():
        raise OpenApplicationExists


def _values(application: Application) -> dict[str, Any]:
    """The fields of ``Terms`` as they stand in the proposal."""
    return {
        field.name: getattr(application, field.name) for field in Terms._meta.fields
    }


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
