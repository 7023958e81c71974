"""Pulling the HIS dictionaries into our read-only copies.

On the other side: the views named in ``portal.directory.dictionaries``. The HIS is read
with no transaction open; then one transaction takes the difference. A pull writes
itself down when it ends: one that died leaves nothing behind.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_noop as _

from portal.audit.stamp import changing
from portal.directory import losses
from portal.directory.copies import ROWS_PER_STATEMENT, Copy
from portal.directory.dictionaries import DICTIONARIES, Dictionary
from portal.directory.models import (
    Practitioner,
    PractitionerScope,
    PulledView,
    QuarantinedRow,
    RowChange,
    SyncRun,
)
from portal.directory.people import PractitionerCopy, ScopeCopy
from portal.his.gateway import (
    HisMisconfigured,
    HisReader,
    HisUnavailable,
    InterfaceMissing,
)
from portal.his.pull.dictionary import Difference, TooManyGone, compare, fingerprint

TRIES = 3  # a pull that meets another one starts over from reading
KEPT_DAYS = 90
SECONDS_BETWEEN = 30  # of two pulls a person asks for
# Dictionaries whose changes are told upstairs.
COPIES: dict[type[Any], type[Copy]] = {
    Practitioner: PractitionerCopy,
    PractitionerScope: ScopeCopy,
}


def pull_all(
    *,
    gateway: HisReader,
    at: datetime,
    dictionaries: Iterable[Dictionary] = DICTIONARIES,
) -> list[SyncRun]:
    """Each of them by itself: one that fails does not hold up the others."""
    return [pull(item, gateway=gateway, at=at) for item in dictionaries]


def pull(dictionary: Dictionary, *, gateway: HisReader, at: datetime) -> SyncRun:
    """One pull of one dictionary; the run says how it went."""
    return _Pull(dictionary, gateway, at).run()


def copy_of(dictionary: Dictionary, at: datetime) -> Copy:
    return COPIES.get(dictionary.model, Copy)(dictionary, at)


class Disturbed(Exception):
    """Another pull of the same view came in between."""


@dataclass
class _Pull:
    dictionary: Dictionary
    gateway: HisReader
    at: datetime
    _began: float = field(default_factory=time.perf_counter)
    _read_seconds: float = 0.0
    _read: int = 0

    def run(self) -> SyncRun:
        try:
            for _try in range(TRIES):
                try:
                    return self._try()
                except (Disturbed, IntegrityError):
                    # The latter: two first pulls at the same moment.
                    continue
        except (HisUnavailable, HisMisconfigured) as problem:
            is_missing = isinstance(problem, InterfaceMissing)
            return self._failed(str(problem), is_missing=is_missing)
        return self._failed(_("另一次拉取正在进行"))

    def _try(self) -> SyncRun:
        view, _is_new = PulledView.objects.get_or_create(view=self.dictionary.name)
        if view.fingerprint:
            found = fingerprint(self.dictionary.view, self._batches())
            if found.text == view.fingerprint:
                losses.close(self.dictionary.name)
                return self._written(read=found.read, quarantined=view.quarantined)
        copy = copy_of(self.dictionary, self.at)
        known = copy.known()
        try:
            difference = compare(
                self.dictionary.view,
                self._batches(),
                self.gateway.typed,
                known,
                losses.accepted_keys(self.dictionary.name),
            )
        except TooManyGone as loss:
            return self._held(loss)
        with transaction.atomic():
            self._lock(view)
            with changing():
                copy.apply(difference)
            return self._taken(view, copy, difference)

    def _batches(self) -> Iterator[Sequence[Any]]:
        """The view, with a watch on what the HIS takes: the time of the first look."""
        begin, self._read = time.perf_counter(), 0
        for batch in self.gateway.batches(self.dictionary.view):
            self._read += len(batch)
            yield batch
        self._read_seconds = self._read_seconds or time.perf_counter() - begin

    def _lock(self, view: PulledView) -> None:
        """Pulls of one view follow one another; raises Disturbed."""
        held = PulledView.objects.select_for_update().get(pk=view.pk)
        if held.version != view.version:
            raise Disturbed

    def _taken(self, view: PulledView, copy: Copy, difference: Difference) -> SyncRun:
        view.version += 1
        view.fingerprint = difference.fingerprint
        view.quarantined = len(difference.quarantined)
        view.save()
        run = self._written(
            read=difference.read,
            added=len(difference.added),
            changed=copy.changed_count,
            vanished=len(difference.vanished),
            quarantined=len(difference.quarantined),
        )
        for change in copy.changes:
            change.run = run
        RowChange.objects.bulk_create(copy.changes, batch_size=ROWS_PER_STATEMENT)
        QuarantinedRow.objects.filter(view=view.view).delete()
        QuarantinedRow.objects.bulk_create(
            [
                QuarantinedRow(
                    run=run,
                    view=view.view,
                    key=bad.key[:150],
                    column=bad.column,
                    reason=bad.reason.value,
                    value=bad.value,
                )
                for bad in difference.quarantined
            ],
            batch_size=ROWS_PER_STATEMENT,
        )
        losses.close(self.dictionary.name)
        return run

    def _held(self, loss: TooManyGone) -> SyncRun:
        losses.ask(self.dictionary.name, loss.vanished, loss.known, at=self.at)
        return self._written(
            state=SyncRun.State.HELD, read=self._read, vanished=len(loss.vanished)
        )

    def _failed(self, problem: str, *, is_missing: bool = False) -> SyncRun:
        return self._written(
            state=SyncRun.State.FAILED, error=problem[:200], is_missing=is_missing
        )

    def _written(
        self, *, state: SyncRun.State = SyncRun.State.TAKEN, **facts: Any
    ) -> SyncRun:
        took = timedelta(seconds=time.perf_counter() - self._began)
        return SyncRun.objects.create(
            view=self.dictionary.name,
            started_at=self.at,
            ended_at=self.at + took,
            state=state,
            read_ms=max(round(self._read_seconds * 1000), 1),
            **facts,
        )


def clear_history(*, at: datetime) -> int:
    """Forget pulls older than ``KEPT_DAYS``; how many went."""
    old = SyncRun.objects.filter(started_at__lt=at - timedelta(days=KEPT_DAYS))
    _all, by_model = old.delete()
    return by_model.get(SyncRun._meta.label, 0)


def may_pull_now(*, at: datetime) -> bool:
    """Whether a person may have everything pulled: not moments after the last time."""
    since = at - timedelta(seconds=SECONDS_BETWEEN)
    return not SyncRun.objects.filter(started_at__gt=since).exists()
