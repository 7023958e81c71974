"""What one try leaves behind: the transitions of a message, as a pure table."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import Value
from django.db.models.functions import Coalesce

from portal.outbox.backoff import (
    POLL_SECONDS,
    seconds_until_next,
    seconds_until_reread,
)
from portal.outbox.comparison import Difference
from portal.outbox.models import Attempt, State

Outcome = Attempt.Outcome
# The HIS has taken the change, whatever it shows.
ACCEPTED = frozenset(
    {
        Outcome.CONFIRMED,
        Outcome.ACCEPTED,
        Outcome.DELIVERED,
        Outcome.PENDING,
        Outcome.MISMATCH,
    }
)
# It has answered to the request, be it by saying no.
ANSWERED = ACCEPTED | {Outcome.REJECTED}


class Tried(NamedTuple):
    """One try, in which nothing was written yet."""

    outcome: Outcome
    started_at: datetime
    duration_ms: int
    code: str = ""
    text: str = ""
    his_row_id: str = ""
    differences: tuple[Difference, ...] = ()
    # The answer was lost and the read-back did not tell either: a person must.
    is_unclear: bool = False
    # The answer was lost, and the read-back told that nothing was done.
    is_absent: bool = False
    # The HIS showed it already: nothing went under its present request id.
    is_unsent: bool = False


class Before(NamedTuple):
    """What the message was when it was claimed."""

    state: str
    tries: int
    rereads: int


def changes_after(before: Before, tried: Tried, at: datetime) -> dict[str, Any]:
    """The fields of the message after this try; the claim ends in any case."""
    changes = _CHANGES[tried.outcome](before, tried, at)
    if tried.outcome in ACCEPTED and before.state != State.DELIVERED:
        # What stood there already was delivered before, if that is known.
        known = Coalesce("delivered_at", Value(at))
        changes["delivered_at"] = known if tried.is_unsent else at
    if tried.outcome in ANSWERED:
        changes["reads_first"] = False
    return {
        "claim": None,
        "lease_until": None,
        "tries": before.tries + 1,
        "last_code": tried.code,
        "last_text": tried.text,
        **changes,
    }


def _confirmed(_before: Before, _tried: Tried, at: datetime) -> dict[str, Any]:
    return {
        "state": State.CONFIRMED,
        "confirmed_at": at,
        "due_at": None,
        "mismatch": None,
    }


def _delivered(before: Before, _tried: Tried, at: datetime) -> dict[str, Any]:
    """Accepted, but the read-back did not come: read again, as often as it takes."""
    wait = seconds_until_next(before.tries + 1)
    return {"state": State.DELIVERED, "due_at": at + timedelta(seconds=wait)}


def _pending(_before: Before, _tried: Tried, at: datetime) -> dict[str, Any]:
    """In its table, and nothing is wrong: no try that failed, and no hurry."""
    due_at = at + timedelta(seconds=POLL_SECONDS)
    return {"state": State.DELIVERED, "tries": 0, "due_at": due_at, "mismatch": None}


def _mismatch(before: Before, tried: Tried, at: datetime) -> dict[str, Any]:
    wait = seconds_until_reread(before.rereads)
    return {
        "state": State.DELIVERED,
        "mismatch": [item.as_json() for item in tried.differences],
        "rereads": before.rereads + 1,
        "due_at": None if wait is None else at + timedelta(seconds=wait),
    }


def _rejected(_before: Before, _tried: Tried, _at: datetime) -> dict[str, Any]:
    return {"state": State.REJECTED, "due_at": None}


def _unavailable(before: Before, _tried: Tried, at: datetime) -> dict[str, Any]:
    """Not sent, or not read: the same again later, in the state it had."""
    state = State.WAITING if before.state == State.SENDING else before.state
    wait = seconds_until_next(before.tries + 1)
    return {"state": state, "due_at": at + timedelta(seconds=wait)}


def _answer_lost(before: Before, tried: Tried, at: datetime) -> dict[str, Any]:
    """Read back at once; when that did not tell, a person must.

    What is known not to be there waits for its turn, as if it had not been sent.
    """
    if tried.is_absent:
        return {"state": State.WAITING, "due_at": at, "mismatch": None}
    wait = seconds_until_next(before.tries) if before.tries else 0
    return {
        "state": State.UNKNOWN,
        "due_at": None if tried.is_unclear else at + timedelta(seconds=wait),
        "mismatch": [item.as_json() for item in tried.differences] or None,
    }


_CHANGES = {
    Outcome.CONFIRMED: _confirmed,
    Outcome.ACCEPTED: _confirmed,
    Outcome.DELIVERED: _delivered,
    Outcome.PENDING: _pending,
    Outcome.MISMATCH: _mismatch,
    Outcome.REJECTED: _rejected,
    Outcome.UNAVAILABLE: _unavailable,
    Outcome.MISCONFIGURED: _unavailable,
    Outcome.ANSWER_LOST: _answer_lost,
}


def stopped(text: str) -> dict[str, Any]:
    """The fields of a message nobody will send any more."""
    return {
        "state": State.STOPPED,
        "due_at": None,
        "claim": None,
        "lease_until": None,
        "last_text": text,
    }
