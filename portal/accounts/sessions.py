"""Opening, keeping and closing sessions, for the doors that have a request.

There are two kinds. A *portal* session begins at the login page; a user has one at a
time, the newer ends the older. A *launched* session begins in a doctor station; it has
the doctor's capabilities only, so it neither ends a portal session nor is ended by one,
and several may be open, as a doctor works at several stations. Opened in the same
browser, the later one takes the place of the earlier, whatever their kinds.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth import login, logout, update_session_auth_hash
from django.db import transaction
from django.utils import timezone

from portal.accounts.models import LoginSession, User
from portal.audit.models import EventKind
from portal.audit.services import record

BACKEND = "portal.accounts.backends.PortalBackend"
# In the session: seconds since the epoch of the last request that counts.
LAST_ACTIVE = "last_active"
# In the session: the station a launched session came from.
LAUNCHED = "launched_from"


def now_seconds() -> int:
    return int(timezone.now().timestamp())


@transaction.atomic
def open_portal_session(request: Any, user: User) -> None:
    """Log in at the login page; an earlier portal session of the user ends."""
    _begin(request, user)
    _remember(request, user)
    record(EventKind.LOGIN, by=user, subject=("user", user.pk))


def open_launched_session(request: Any, user: User, *, station: str) -> None:
    """Log in from a doctor station; the caller records the launch."""
    _begin(request, user)
    request.session[LAUNCHED] = station


@transaction.atomic
def keep_session(request: Any, user: User) -> None:
    """After a change of the password: this session goes on, all others end."""
    update_session_auth_hash(request, user)
    if LAUNCHED not in request.session:
        _remember(request, user)


@transaction.atomic
def close_session(request: Any, *, code: str) -> None:
    """End the session of this request; ``code`` says why: ASKED, IDLE, REPLACED, LOCKED."""
    user = request.user
    key = request.session.session_key
    LoginSession.objects.filter(user=user, session_key=key).update(session_key="")
    record(EventKind.LOGOUT, by=user, subject=("user", user.pk), code=code)
    logout(request)


def _begin(request: Any, user: User) -> None:
    # Nothing of an earlier session in this browser may survive, least its kind.
    request.session.flush()
    login(request, user, backend=BACKEND)
    request.session[LAST_ACTIVE] = now_seconds()


def _remember(request: Any, user: User) -> None:
    LoginSession.objects.update_or_create(
        user=user,
        defaults={
            "session_key": request.session.session_key,
            "logged_in_at": timezone.now(),
        },
    )
