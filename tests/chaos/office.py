"""The medical-affairs office of a chaos run, as a program: promises, and acts on faults.

It promises the changes of the plan while there is room, and does with what is left to
people what people would: has the refused and the undecided delivered again, stops what
was overtaken. It ends when all is promised and nothing is open any more.

``python -m tests.chaos.office <site as JSON> <changes> <seed> <room> <pace>``
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from typing import TypeVar

import django

django.setup()

from django.db import DatabaseError, InterfaceError, connection, transaction  # noqa: E402
from django.db.models import Q  # noqa: E402
from django.utils import timezone  # noqa: E402

from portal.accounts.capabilities import Role  # noqa: E402
from portal.accounts.models import User  # noqa: E402
from portal.outbox.models import OPEN, Message, State  # noqa: E402
from portal.outbox.services import (  # noqa: E402
    NotPossible,
    Promise,
    enqueue_all,
    retry,
    stop,
)
from tests.cast import make_user  # noqa: E402
from tests.chaos.plan import Change, Site, plan  # noqa: E402

T = TypeVar("T")
LOOK_SECONDS = 0.5
FOR_PEOPLE = Q(state=State.REJECTED) | Q(
    state__in=(State.UNKNOWN, State.DELIVERED), due_at__isnull=True
)


def main(site: Site, changes: int, seed: int, room: int, pace: int) -> None:
    """At most ``pace`` changes are promised with every look, while ``room`` are open."""
    officer = persistently(lambda: make_user("2031", "苏晓岚", Role.OFFICER))
    todo = plan(site, changes, seed)
    is_promised = False
    while True:
        persistently(lambda: clear_up(officer))
        count = persistently(Message.objects.filter(state__in=OPEN).count)
        if not is_promised and count < room:
            chunk = list(islice(todo, pace))
            is_promised = len(chunk) < pace
            count += persistently(partial(promise, chunk))
        if is_promised and not count:
            return
        time.sleep(LOOK_SECONDS)


def promise(changes: list[Change]) -> int:
    """In one transaction; not again when its commit was done but not heard of."""
    subjects = [f"chaos:{change.number}" for change in changes]
    if not Message.objects.filter(subject__in=subjects).exists():
        with transaction.atomic():
            enqueue_all(promises(changes), at=timezone.now())
    return len(changes)


def promises(changes: list[Change]) -> Iterator[Promise]:
    for change in changes:
        yield Promise(change.call, f"chaos:{change.number}")


def clear_up(officer: User) -> None:
    waiting = Message.objects.filter(FOR_PEOPLE).defer("payload").order_by("id")
    for message in waiting[:500]:
        decide(message, officer)


def decide(message: Message, officer: User) -> None:
    try:
        retry(message=message, by=officer, at=timezone.now(), reason="重新送达")
    except NotPossible:
        if is_overtaken(message):
            give_up(message, officer)


def is_overtaken(message: Message) -> bool:
    """A later word on the same line has arrived."""
    message.refresh_from_db()
    later = Message.objects.filter(
        stream=message.stream, pk__gt=message.pk, state=State.CONFIRMED
    )
    return any(other.outdates(message) for other in later)


def give_up(message: Message, officer: User) -> None:
    try:
        stop(message=message, by=officer, at=timezone.now(), reason="已被取代")
    except NotPossible:
        return  # under way just now; looked at again soon


def persistently(act: Callable[[], T]) -> T:
    """As somebody at a page would: an act that failed with the database is done again."""
    while True:
        try:
            return act()
        except (DatabaseError, InterfaceError):
            connection.close()
            time.sleep(0.2)


if __name__ == "__main__":
    main(Site(**json.loads(sys.argv[1])), *map(int, sys.argv[2:]))
