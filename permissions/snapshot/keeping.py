"""One world for each process, brought up to date before every question."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction

from permissions.checks.question import Question
from permissions.checks.world import World
from permissions.snapshot.freshness import Cursor, TooManyGaps, Unseen, told_by
from permissions.snapshot.reading import Reader, procedures
from portal.audit.stamp import is_settled, settle_own, stamp
from portal.directory.models import Practitioner


class Kept:
    """The world, how far it has read, and the stamp it saw before it last read."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._world: World | None = None
        self._reader = Reader()
        self._cursor = Cursor()
        self._seen: bytes = b""

    def forget(self) -> None:
        """Read everything again at the next question."""
        with self._guard:
            self._world, self._seen = None, b""

    def world(self) -> World:
        """As of the last committed change."""
        settle_own()
        shared = stamp()
        slots = shared.read() if shared else b""
        world = self._world
        if world is not None and slots and slots == self._seen:
            return world
        with self._guard:
            # Read the stamp before the database: what comes in between is seen again.
            slots = shared.read() if shared else b""
            world = self._brought_up()
            self._seen = slots if shared and is_settled(slots) else b""
            return world

    def _brought_up(self) -> World:
        world = self._world
        if world is None or not world.people:
            return self._read()
        rows = self._cursor.unseen()
        if rows:
            try:
                self._cursor.see(rows)
            except TooManyGaps:
                return self._read()
            self._patch(world, told_by(rows))
        return world

    def _read(self) -> World:
        self._cursor.begin()
        self._reader = Reader()
        with no_collection():
            self._world = World(people=self._reader.people(), procedures=procedures())
        return self._world

    def _patch(self, world: World, unseen: Unseen) -> None:
        for procedure in procedures(unseen.procedures) if unseen.procedures else ():
            world.put_procedure(procedure)
        if unseen.practitioners:
            changed = Practitioner.objects.filter(pk__in=unseen.practitioners)
            for person in self._reader.some(changed.order_by()):
                world.put(person)


@contextmanager
def no_collection() -> Iterator[None]:
    """Hundreds of thousands of facts that stay: the collector would only walk them."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


KEPT = Kept()


def whole_world() -> World:
    """Everybody, for questions that are not about a team: who may do this?"""
    if not transaction.get_connection().in_atomic_block:
        return KEPT.world()
    return World(people=Reader().people(), procedures=procedures())


def world_for(question: Question) -> World:
    """The world this question is asked in.

    Inside a transaction only what is asked about is read, and nothing is kept: what
    this transaction wrote counts for itself and may still be rolled back.
    """
    if not transaction.get_connection().in_atomic_block:
        return KEPT.world()
    asked = {member.emp_no for member in question.team}
    people = Practitioner.objects.filter(emp_no__in=asked).order_by()
    return World(
        people=Reader().some(people), procedures=procedures(question.procedures)
    )
