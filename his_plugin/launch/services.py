"""The act of letting a doctor in, once per launch, whichever way it came.

A refused launch leaves one line in the event log and nothing else: no user, no nonce,
no session. Log lines carry codes and numbers; the patient is kept as a keyed digest, so
that launches for one patient can be told to be so without naming anybody.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.crypto import salted_hmac

from his_plugin.launch.parameters import MY_PAGE, Launch
from his_plugin.launch.refusals import LaunchRefused, Refusal
from his_plugin.models import LaunchNonce
from portal.accounts import refusals as accounts
from portal.accounts.models import User
from portal.accounts.services import user_for_launch
from portal.audit.models import EventKind
from portal.audit.services import record
from portal.directory.models import Practitioner
from portal.directory.queries import practitioner_by_emp_no

NONCE_KEPT = timedelta(hours=24)
TICKET_SECONDS = 60
PATIENT_SALT = "his_plugin.launch.patient"
REFUSED_BY_ACCOUNTS: dict[type[accounts.AccountRefusal], Refusal] = {
    accounts.PractitionerNotPractising: Refusal.NOT_PRACTISING,
    accounts.UserInactive: Refusal.USER_INACTIVE,
    accounts.LaunchRoleEnded: Refusal.ROLE_ENDED,
}


@dataclass(frozen=True)
class Accepted:
    """Who comes in, and the one-time ticket that opens the page ("" without one)."""

    user: User
    practitioner: Practitioner
    launch: Launch
    ticket: str


@dataclass
class Trace:
    """What is known so far of who knocks; it is what a refusal leaves in the log."""

    method: str
    page: str = MY_PAGE
    station: str = ""
    app: str = ""  # only of somebody we know


@contextmanager
def traced(trace: Trace) -> Iterator[Trace]:
    """A refusal inside leaves its line in the event log."""
    try:
        yield trace
    except LaunchRefused as refused:
        _record_refused(refused, trace)
        raise


@transaction.atomic
def let_in(launch: Launch, *, at: datetime, with_ticket: bool) -> Accepted:
    """Use up the nonce, know or make the user. LaunchRefused leaves nothing."""
    practitioner = _person(launch)
    user = _user(practitioner)
    ticket = str(uuid.uuid4()) if with_ticket else ""
    _use_up(launch, user, ticket, at)
    record(
        EventKind.LAUNCH,
        by=user,
        subject=("practitioner", practitioner.pk),
        code="OK",
        app=launch.app,
        method=launch.method,
        station=launch.station,
        page=launch.page,
        **_patient_digest(launch.patient),
    )
    return Accepted(user, practitioner, launch, ticket)


def _person(launch: Launch) -> Practitioner:
    """The practitioner of a link that was not used before."""
    # Told first: whoever sends an old link again learns nothing else from it.
    if is_used(launch.app, launch.nonce):
        raise LaunchRefused(Refusal.REPLAYED)
    return person_of(launch.emp_no, launch.department)


def is_used(app: str, nonce: str) -> bool:
    """Whether this nonce of the app was let in within the last day."""
    return LaunchNonce.objects.filter(app=app, nonce=nonce).exists()


def person_of(emp_no: str, department: str) -> Practitioner:
    """The practitioner with exactly this number, of this department where it is said."""
    practitioner = practitioner_by_emp_no(emp_no)
    if practitioner is None:
        raise LaunchRefused(Refusal.UNKNOWN_PERSON)
    if department and practitioner.department.code != department:
        raise LaunchRefused(Refusal.DEPARTMENT, about=practitioner.pk)
    return practitioner


def _user(practitioner: Practitioner) -> User:
    try:
        user = user_for_launch(practitioner=practitioner)
    except tuple(REFUSED_BY_ACCOUNTS) as refused:
        refusal = REFUSED_BY_ACCOUNTS[type(refused)]
        raise LaunchRefused(refusal, about=practitioner.pk) from None
    # The staff number has an account that is somebody else's in the HIS.
    if user.practitioner_id != practitioner.pk:
        raise LaunchRefused(Refusal.USER_INACTIVE, about=practitioner.pk)
    return user


def _use_up(launch: Launch, user: User, ticket: str, at: datetime) -> None:
    """The database decides which of two that come at once was the first."""
    LaunchNonce.objects.filter(used_at__lt=at - NONCE_KEPT).delete()
    try:
        with transaction.atomic():
            LaunchNonce.objects.create(
                app=launch.app,
                nonce=launch.nonce,
                used_at=at,
                user=user,
                station=launch.station,
                is_framed=launch.is_framed,
                ticket_hash=_hash(ticket) if ticket else "",
                patient=dict(launch.patient) if ticket else {},
            )
    except IntegrityError:
        raise LaunchRefused(Refusal.REPLAYED) from None


@dataclass(frozen=True)
class Entry:
    """What a ticket was worth."""

    user: User
    station: str
    patient: Mapping[str, str]
    is_framed: bool


def redeem(ticket: str, *, at: datetime) -> Entry:
    """Use a ticket up; LaunchRefused when it is unknown, old or used."""
    with traced(Trace("ENTER")):
        return _redeem(ticket, at)


@transaction.atomic
def _redeem(ticket: str, at: datetime) -> Entry:
    row = (
        LaunchNonce.objects.select_related("user")
        .filter(
            ticket_hash=_hash(ticket),
            used_at__gte=at - timedelta(seconds=TICKET_SECONDS),
            user__is_active=True,
        )
        .first()
    )
    if row is None:
        raise LaunchRefused(Refusal.TICKET)
    # Of two at once one gets the row.
    mine = LaunchNonce.objects.filter(pk=row.pk, ticket_hash=row.ticket_hash)
    if mine.update(ticket_hash="", patient={}) != 1:
        raise LaunchRefused(Refusal.TICKET)
    return Entry(row.user, row.station, row.patient, row.is_framed)


def _hash(ticket: str) -> str:
    return hashlib.sha256(ticket.encode()).hexdigest()


def _record_refused(refused: LaunchRefused, trace: Trace) -> None:
    """Who is said to have come is written down only when the sender proved it."""
    record(
        EventKind.LAUNCH_REFUSED,
        subject=("practitioner", refused.about) if refused.about else ("", ""),
        is_ok=False,
        code=refused.refusal.value,
        method=trace.method,
        station=trace.station,
        page=trace.page,
        **({"app": trace.app} if trace.app else {}),
    )


def _patient_digest(patient: Mapping[str, str]) -> dict[str, Any]:
    if not patient:
        return {}
    text = "|".join(f"{name}={value}" for name, value in sorted(patient.items()))
    return {"patient": salted_hmac(PATIENT_SALT, text).hexdigest()[:16]}
