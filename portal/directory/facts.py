"""Pulling facts of the HIS into a room's own tables: what changed since the watermark.

The model of a fact is a ``HisRow`` of the room that owns it; a room hands in the same
``Dictionary`` as ours are. Unlike a dictionary a fact tells no ``RowChange``: its hash
and its first and last change stand in the row. Once a day all rows are read, and those
that are gone are marked; too many gone at once are asked about as always.

Of two pulls at once the later goes on and the earlier gives up, so what was read first
never overwrites what was read last.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext_noop as _

from portal.directory import losses
from portal.directory.copies import ROWS_PER_STATEMENT
from portal.directory.dictionaries import Dictionary, key_text
from portal.directory.models import PulledView, QuarantinedRow, SyncRun
from portal.his.gateway import (
    HisMisconfigured,
    HisReader,
    HisUnavailable,
    InterfaceMissing,
)
from portal.his.pull.dictionary import (
    KEY_SIGN,
    Row,
    TooManyGone,
    refuse_if_suspicious,
)
from portal.his.pull.facts import OVERLAP, Reading
from portal.his.pull.quarantine import BadRow
from portal.parameters.days import ZONE

WHOLE_EVERY = timedelta(hours=24)


def pull_facts(
    targets: Iterable[Dictionary],
    *,
    gateway: HisReader,
    at: datetime,
    whole: bool = False,
) -> list[SyncRun]:
    """Each of them by itself; with ``whole`` all rows are read, due or not."""
    return [_FactPull(target, gateway, at, whole).run() for target in targets]


class Disturbed(Exception):
    """A later pull of the same view is under way."""


@dataclass
class _FactPull:
    target: Dictionary
    gateway: HisReader
    at: datetime
    whole: bool
    _began: float = field(default_factory=time.perf_counter)
    _read_seconds: float = 0.0
    _read: int = 0
    _added: int = 0
    _changed: int = 0
    _newest: datetime | None = None
    _bad: list[BadRow] = field(default_factory=list)

    def run(self) -> SyncRun:
        try:
            return self._pull()
        except Disturbed:
            return self._failed(_("另一次拉取正在进行"))
        except (HisUnavailable, HisMisconfigured) as problem:
            is_missing = isinstance(problem, InterfaceMissing)
            return self._failed(str(problem), is_missing=is_missing)

    def _pull(self) -> SyncRun:
        view = self._claimed()
        read_at = view.read_whole_at
        self.whole |= read_at is None or self.at - read_at >= WHOLE_EVERY
        reading = Reading(self.target.view, self.gateway.typed)
        begin = time.perf_counter()
        for batch in self.gateway.batches(self.target.view, self._since(view)):
            self._read_seconds += time.perf_counter() - begin
            self._read += len(batch)
            with transaction.atomic():
                self._hold(view)
                self._take(reading, batch)
            begin = time.perf_counter()
        return self._ended(view, reading)

    def _claimed(self) -> PulledView:
        view, _is_new = PulledView.objects.get_or_create(view=self.target.name)
        PulledView.objects.filter(pk=view.pk).update(version=F("version") + 1)
        view.refresh_from_db()
        return view

    def _hold(self, view: PulledView) -> None:
        """Raises Disturbed."""
        held = PulledView.objects.select_for_update().get(pk=view.pk)
        if held.version != view.version:
            raise Disturbed

    def _since(self, view: PulledView) -> datetime | None:
        if self.whole or view.watermark is None:
            return None
        return view.watermark.astimezone(ZONE).replace(tzinfo=None) - OVERLAP

    # --- rows -------------------------------------------------------------------------

    def _take(self, reading: Reading, batch: Sequence[Any]) -> None:
        kept: dict[str, Any] = {}

        def known(keys: list[str]) -> Mapping[str, str]:
            kept.update(self._kept(keys))
            return {
                key: item.row_hash
                for key, item in kept.items()
                if item.missing_since is None
            }

        facts = reading.take(batch, known)
        self._bad += facts.bad
        if facts.newest is not None:
            self._newest = max(facts.newest, self._newest or facts.newest)
        fresh = [self._fresh(row) for row in facts.rows if row.key not in kept]
        self.target.model._default_manager.bulk_create(
            fresh, batch_size=ROWS_PER_STATEMENT
        )
        self._added += len(fresh)
        known_before = [row for row in facts.rows if row.key in kept]
        for row in known_before:
            self._change(kept[row.key], row)
        self._follow([*fresh, *(kept[row.key] for row in known_before)])

    def _kept(self, keys: list[str]) -> dict[str, Any]:
        """What our copy has of these keys, present or not."""
        first = self.target.key_fields[0]
        firsts = sorted({key.split(KEY_SIGN, 1)[0] for key in keys})
        found: dict[str, Any] = {}
        for start in range(0, len(firsts), ROWS_PER_STATEMENT):
            part = firsts[start : start + ROWS_PER_STATEMENT]
            rows = self.target.model._default_manager.filter(**{f"{first}__in": part})
            for item in rows.order_by("pk"):
                found[self._key(item)] = item
        wanted = set(keys)
        return {key: item for key, item in found.items() if key in wanted}

    def _key(self, item: Any) -> str:
        return key_text([getattr(item, name) for name in self.target.key_fields])

    def _fresh(self, row: Row) -> Any:
        return self.target.model(
            row_hash=row.hash,
            first_seen_at=self.at,
            changed_at=self.at,
            **self.target.fields_of(row.values),
        )

    def _change(self, item: Any, row: Row) -> None:
        """A row we had came back or changed; one that only looks so keeps its moment."""
        values = self.target.fields_of(row.values)
        is_other = any(getattr(item, name) != value for name, value in values.items())
        for name, value in values.items():
            setattr(item, name, value)
        if is_other or item.missing_since is not None:
            item.changed_at = self.at
            self._changed += 1
        item.row_hash, item.missing_since = row.hash, None
        item.save()

    def _follow(self, items: Sequence[Any]) -> None:
        if self.target.follow is not None and items:
            self.target.follow(items)

    # --- the end ----------------------------------------------------------------------

    def _ended(self, view: PulledView, reading: Reading) -> SyncRun:
        gone = self._gone(reading) if self.whole else []
        try:
            if self.whole:
                accepted = losses.accepted_keys(view.view)
                known = len(gone) + len(reading.met)
                refuse_if_suspicious(gone, known, accepted)
        except TooManyGone as loss:
            losses.ask(view.view, loss.vanished, loss.known, at=self.at)
            return self._written(state=SyncRun.State.HELD, vanished=len(gone))
        with transaction.atomic():
            self._hold(view)
            lost = list(self._kept(gone).values())
            for item in lost:
                item.missing_since = self.at
                item.save(update_fields=["missing_since"])
            self._follow(lost)
            run = self._written(
                added=self._added,
                changed=self._changed,
                vanished=len(gone),
                quarantined=len(self._bad),
            )
            self._set_aside(view, run, reading)
            self._mark(view)
            if self.whole:
                losses.close(view.view)
        return run

    def _gone(self, reading: Reading) -> list[str]:
        present = self.target.model._default_manager.filter(missing_since=None)
        keys = present.order_by("pk").values_list(*self.target.key_fields)
        return [key for parts in keys if (key := key_text(parts)) not in reading.met]

    def _set_aside(self, view: PulledView, run: SyncRun, reading: Reading) -> None:
        """What was read anew is judged anew; the rest of the quarantine stays."""
        aside = QuarantinedRow.objects.filter(view=view.view)
        if self.whole:
            aside.delete()
        else:
            old = [row.pk for row in aside.order_by("pk") if row.key in reading.met]
            aside.filter(pk__in=old).delete()
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
                for bad in self._bad
            ],
            batch_size=ROWS_PER_STATEMENT,
        )
        view.quarantined = aside.count()

    def _mark(self, view: PulledView) -> None:
        if self._newest is not None:
            # A HIS whose clock is ahead must not hide what comes meanwhile.
            newest = min(self._newest.replace(tzinfo=ZONE), self.at)
            view.watermark = max(newest, view.watermark or newest)
        if self.whole:
            view.read_whole_at = self.at
        view.save()

    def _failed(self, problem: str, *, is_missing: bool = False) -> SyncRun:
        return self._written(
            state=SyncRun.State.FAILED, error=problem[:200], is_missing=is_missing
        )

    def _written(
        self, *, state: SyncRun.State = SyncRun.State.TAKEN, **counts: Any
    ) -> SyncRun:
        took = timedelta(seconds=time.perf_counter() - self._began)
        return SyncRun.objects.create(
            view=self.target.name,
            started_at=self.at,
            ended_at=self.at + took,
            state=state,
            read=self._read,
            read_ms=max(round(self._read_seconds * 1000), 1),
            **counts,
        )
