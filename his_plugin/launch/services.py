"""The act of letting a doctor in, once per signed link.

A refused launch leaves one line in the event log and nothing else: no user, no nonce,
no session. Log lines carry codes and numbers; the patient is kept as a keyed digest, so
that launches for one patient can be told to be so without naming anybody.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.crypto import salted_hmac

from his_plugin.launch.parameters import Launch, prove, read
from his_plugin.launch.refusals import LaunchRefused, Refusal
from his_plugin.models import LaunchNonce
from portal.accounts import refusals as accounts
from portal.accounts.models import User
from portal.accounts.services import user_for_launch
from portal.audit.models import EventKind
from portal.audit.services import record
from portal.directory.models import Practitioner
from portal.directory.queries import practitioner_by_emp_no
from portal.parameters.queries import value_of
from portal.parameters.registry import LAUNCH_WINDOW_SECONDS

NONCE_KEPT = timedelta(hours=24)
TICKET_SECONDS = 60
PATIENT_SALT = "his_plugin.launch.patient"
REFUSED_BY_ACCOUNTS: dict[type[accounts.AccountRefusal], Refusal] = {
    accounts.PractitionerNotPractising: Refusal.NOT_PRACTISING,
    accounts.UserInactive: Refusal.USER_INACTIVE,
    accounts.LaunchRoleEnded: Refusal.ROLE_ENDED,
}
Given = Iterable[tuple[str, list[str]]]


@dataclass(frozen=True)
class Accepted:
    """Who comes in, and the one-time ticket that opens the session."""

    user: User
    practitioner: Practitioner
    launch: Launch
    ticket: str


def accept(given: Given, *, page: str, at: datetime) -> Accepted:
    """Check a signed link, use up its nonce, know or make the user. LaunchRefused."""
    station = ""
    try:
        parameters = read(given, page=page)
        station = parameters["st"]
        launch = prove(
            parameters,
            keys=settings.LAUNCH_KEYS,
            at=at,
            window=value_of(LAUNCH_WINDOW_SECONDS),
        )
        return _let_in(launch, at)
    except LaunchRefused as refused:
        _record_refused(refused, station=station, page=page)
        raise


@transaction.atomic
def _let_in(launch: Launch, at: datetime) -> Accepted:
    practitioner = _person(launch)
    user = _user(practitioner)
    ticket = secrets.token_urlsafe(32)
    _use_up(launch, user, ticket, at)
    record(
        EventKind.LAUNCH,
        by=user,
        subject=("practitioner", practitioner.pk),
        code="OK",
        app=launch.app,
        station=launch.station,
        page=launch.page,
        **_patient_digest(launch.patient),
    )
    return Accepted(user, practitioner, launch, ticket)


def _person(launch: Launch) -> Practitioner:
    """The practitioner of a link that was not used before."""
    # Told first: whoever sends an old link again learns nothing else from it.
    if LaunchNonce.objects.filter(app=launch.app, nonce=launch.nonce).exists():
        raise LaunchRefused(Refusal.REPLAYED)
    practitioner = practitioner_by_emp_no(launch.emp_no)
    if practitioner is None:
        raise LaunchRefused(Refusal.UNKNOWN_PERSON)
    if practitioner.department.code != launch.department:
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
                ticket_hash=_hash(ticket) if launch.page == "my" else "",
                patient=dict(launch.patient) if launch.page == "my" else {},
            )
    except IntegrityError:
        raise LaunchRefused(Refusal.REPLAYED) from None


@dataclass(frozen=True)
class Entry:
    """What a ticket was worth."""

    user: User
    station: str
    patient: Mapping[str, str]


def redeem(ticket: str, *, at: datetime) -> Entry:
    """Use a ticket up; LaunchRefused when it is unknown, old or used."""
    try:
        return _redeem(ticket, at)
    except LaunchRefused as refused:
        _record_refused(refused, station="", page="my")
        raise


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
    return Entry(row.user, row.station, row.patient)


def _hash(ticket: str) -> str:
    return hashlib.sha256(ticket.encode()).hexdigest()


def _record_refused(refused: LaunchRefused, *, station: str, page: str) -> None:
    """Who is said to have come is written down only when the signature proved it."""
    record(
        EventKind.LAUNCH_REFUSED,
        subject=("practitioner", refused.about) if refused.about else ("", ""),
        is_ok=False,
        code=refused.refusal.value,
        station=station,
        page=page,
    )


def _patient_digest(patient: Mapping[str, str]) -> dict[str, Any]:
    if not patient:
        return {}
    text = "|".join(f"{name}={value}" for name, value in sorted(patient.items()))
    return {"patient": salted_hmac(PATIENT_SALT, text).hexdigest()[:16]}
