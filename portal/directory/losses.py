"""Too many rows of a view gone at once: asking a person, and what they said.

One question is open for a view at most. Asked again about the same rows, the answer
given before stands; asked about others, the old question is over.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Case, F, Value, When
from django.utils.translation import gettext_noop as _

from portal.audit.models import EventKind
from portal.audit.services import record
from portal.directory.models import Loss

State = Loss.State
REASON_LENGTH = 200


class AlreadyDecided(Exception):
    """Another person was quicker, or the rows are back."""


def accepted_keys(view: str) -> Collection[str]:
    """The rows whose loss a person has confirmed and no pull has taken yet."""
    loss = Loss.objects.filter(view=view, is_current=True, state=State.ACCEPTED).first()
    return frozenset(loss.keys) if loss is not None else frozenset()


@transaction.atomic
def ask(view: str, keys: Collection[str], known: int, *, at: datetime) -> Loss:
    """The question about these rows: a new one, unless it was asked before."""
    last = Loss.objects.filter(view=view, is_current=True).first()
    if last is not None and set(last.keys) == set(keys):
        return last
    close(view)
    return Loss.objects.create(view=view, found_at=at, known=known, keys=sorted(keys))


def close(view: str) -> None:
    """The view shows something else or was taken: no question and no answer stands."""
    Loss.objects.filter(view=view, is_current=True).update(
        is_current=False,
        state=Case(When(state=State.OPEN, then=Value(State.OVER)), default=F("state")),
    )


def accept(*, loss: Loss, by: Any, at: datetime, reason: str) -> None:
    """It is true: the next pull takes the loss of exactly these rows over."""
    _decide(loss, State.ACCEPTED, EventKind.LOSS_ACCEPTED, by, at, reason)


def dismiss(*, loss: Loss, by: Any, at: datetime, reason: str) -> None:
    """It is not true: our copy stays until the view shows something else."""
    _decide(loss, State.DISMISSED, EventKind.LOSS_DISMISSED, by, at, reason)


@transaction.atomic
def _decide(
    loss: Loss, state: State, kind: EventKind, by: Any, at: datetime, reason: str
) -> None:
    is_ours = Loss.objects.filter(pk=loss.pk, state=State.OPEN).update(
        state=state, decided_by=by, decided_at=at, reason=reason
    )
    if not is_ours:
        raise AlreadyDecided(_("这次消失已有人处理，或 HIS 已恢复。"))
    record(
        kind,
        by=by,
        subject=("directory.loss", loss.pk),
        reason=reason,
        view=loss.view,
        rows=len(loss.keys),
    )
