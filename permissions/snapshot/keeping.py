"""One world for each process, brought up to date before every question."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

from django.db import transaction
from django.utils import timezone

from permissions.checks.question import Question
from permissions.checks.world import World
from permissions.snapshot.freshness import Cursor, TooManyGaps, Unseen, told_by
from permissions.snapshot.house import House, drugs, house
from permissions.snapshot.reading import Reader, procedures, with_registration
from permissions.snapshot.registrations import registrations
from portal.audit.stamp import is_settled, settle_own, stamp
from portal.directory.models import Practitioner
from portal.parameters.days import day_of


class Kept:
    """The world, how far it has read, and the stamp it saw before it last read."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._world: World | None = None
        self._house: House | None = None
        self._reader = Reader()
        self._cursor = Cursor()
        self._seen: bytes = b""
        # The day the filings were looked at: they fall due by the clock alone.
        self._day: date | None = None

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
        is_seen = bool(slots) and slots == self._seen
        if world is not None and is_seen and self._day == _today():
            return world
        with self._guard:
            # Read the stamp before the database: what comes in between is seen again.
            slots = shared.read() if shared else b""
            world = self._brought_up()
            self._seen = slots if shared and is_settled(slots) else b""
            return world

    def _brought_up(self) -> World:
        world = self._world
        if world is None or self._house is None or not world.people:
            return self._read()
        rows = self._cursor.unseen()
        if rows:
            try:
                self._cursor.see(rows)
            except TooManyGaps:
                return self._read()
            unseen = told_by(rows)
            if unseen.everything:
                return self._read()
            self._patch(world, self._house, unseen)
        if self._day != _today():
            self._judge_filings(world, self._house)
        return world

    def _read(self) -> World:
        self._cursor.begin()
        self._day = _today()
        self._house = house()
        self._reader = Reader(self._house.records)
        with no_collection():
            self._world = _everybody(self._house, self._reader)
        return self._world

    def _patch(self, world: World, house: House, unseen: Unseen) -> None:
        if unseen.procedures:
            for procedure in procedures(unseen.procedures, house.scopes):
                world.put_procedure(procedure)
        if unseen.cases:
            self._judge_filings(world, house)
        if unseen.drugs:
            world.put_drugs(drugs())
        if unseen.registrations:
            _register(world)
        if unseen.practitioners:
            changed = Practitioner.objects.filter(pk__in=unseen.practitioners)
            for person in self._reader.some(changed.order_by()):
                world.put(person)

    def _judge_filings(self, world: World, house: House) -> None:
        """Restricted procedures anew: which should have been filed by today?"""
        day = _today()
        entries = world.procedures
        restricted = [code for code, one in entries.items() if one.facts.is_restricted]
        if restricted:
            for procedure in procedures(restricted, house.scopes):
                if procedure != entries[procedure.code].facts:
                    world.put_procedure(procedure)
        self._day = day


def _today() -> date:
    return day_of(timezone.now())


def _world(house: House, **facts: Any) -> World:
    return World(
        **facts,
        modes=house.modes,
        operate_implies_order=house.operate_implies_order,
        placed=house.placed,
        certificates=house.certificates,
    )


def _everybody(house: House, reader: Reader) -> World:
    return _world(
        house,
        people=reader.people(),
        procedures=procedures(None, house.scopes),
        drugs=drugs(),
    )


def _register(world: World) -> None:
    """The registrations of everybody anew; who has the same stays compiled."""
    found = registrations()
    for emp_no, person in list(world.people.items()):
        facts = with_registration(person.facts, found.get(emp_no))
        if facts != person.facts:
            world.put(facts)


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
    """Everybody, for questions that are not about a team: who may do this?

    Inside a transaction all is read and nothing kept, as for ``world_for``.
    """
    if not transaction.get_connection().in_atomic_block:
        return KEPT.world()
    own = house()
    return _everybody(own, Reader(own.records))


def world_for(question: Question) -> World:
    """The world this question is asked in.

    Inside a transaction only what is asked about is read, and nothing is kept: what
    this transaction wrote counts for itself and may still be rolled back.
    """
    if not transaction.get_connection().in_atomic_block:
        return KEPT.world()
    asked = question.people
    people = Practitioner.objects.filter(emp_no__in=asked).order_by()
    own = house()
    return _world(
        own,
        people=Reader(own.records).some(people),
        procedures=procedures(question.procedures, own.scopes),
        drugs=drugs() if question.drug else (),
    )
