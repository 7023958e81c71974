"""What the pages of one interface show: its runs, what they changed, its quarantine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from portal.desk.interface_words import FACTS, PULLED, title_of
from portal.directory.models import (
    Loss,
    QuarantinedRow,
    RowChange,
    SyncRun,
)
from portal.his.contract.shape import Column
from portal.his.pull.dictionary import KEY_SIGN
from portal.ui.elements import Change, Chip, Text
from portal.ui.moments import write_second

CHIPS: dict[str, Chip] = {
    SyncRun.State.TAKEN: Chip("ok", "circle-check", SyncRun.State.TAKEN.label),
    SyncRun.State.FAILED: Chip("bad", "circle-x", SyncRun.State.FAILED.label),
    SyncRun.State.HELD: Chip("warn", "hourglass", SyncRun.State.HELD.label),
}
KIND_CHIPS: dict[str, Chip] = {
    RowChange.Kind.ADDED: Chip("ok", "plus", RowChange.Kind.ADDED.label),
    RowChange.Kind.CHANGED: Chip("info", "pencil", RowChange.Kind.CHANGED.label),
    RowChange.Kind.VANISHED: Chip("warn", "x", RowChange.Kind.VANISHED.label),
}


@dataclass(frozen=True)
class RunRow:
    """A pull of one view; numbers of what was not taken are not shown."""

    id: int
    at: str
    chip: Chip
    read: str
    added: str
    changed: str
    vanished: str
    quarantined: str
    seconds: str
    read_ms: str
    problem: str
    has_changes: bool


def run_rows(runs: Sequence[SyncRun]) -> list[RunRow]:
    return [run_row(run) for run in runs]


def run_row(run: SyncRun) -> RunRow:
    def number(count: int) -> str:
        return f"{count:,}" if run.is_ok else "—"

    seconds = (run.ended_at - run.started_at).total_seconds()
    return RunRow(
        id=run.pk,
        at=write_second(run.started_at),
        chip=CHIPS[run.state],
        read=number(run.read),
        added=number(run.added),
        changed=number(run.changed),
        vanished=number(run.vanished),
        quarantined=number(run.quarantined),
        seconds=f"{seconds:.2f}",
        read_ms=f"{run.read_ms:,}",
        problem=problem_of(run),
        has_changes=run.is_ok
        and run.view not in FACTS  # too many to be told one by one
        and bool(run.added or run.changed or run.vanished),
    )


def problem_of(run: SyncRun) -> str:
    if run.state == SyncRun.State.HELD:
        return _("%(gone)s 行消失，未采用") % {"gone": f"{run.vanished:,}"}
    return _(run.error) if run.error else ""


@dataclass(frozen=True)
class ChangeRow:
    """A row one pull added, changed or lost."""

    id: int
    chip: Chip
    key: str
    columns: Sequence[Change]
    text: str  # the same in one line, for the file


def change_rows(changes: Sequence[RowChange]) -> list[ChangeRow]:
    return [change_row(change) for change in changes]


def change_row(change: RowChange) -> ChangeRow:
    columns = columns_of(change.run.view)
    lines = [
        Change(
            columns[item["column"]].title,
            value_words(columns[item["column"]], item["before"]),
            value_words(columns[item["column"]], item["after"]),
        )
        for item in change.columns
        if item["column"] in columns
    ]
    text = _("；").join(
        _("%(field)s：%(before)s → %(after)s")
        % {"field": line.field, "before": line.before, "after": line.after}
        for line in lines
    )
    key, chip = key_words(change.key), KIND_CHIPS[change.kind]
    return ChangeRow(change.pk, chip, key, lines, text)


def key_words(key: str) -> str:
    return " · ".join(key.split(KEY_SIGN))


def columns_of(view: str) -> dict[str, Column]:
    """By name; empty for a view that is no dictionary any more."""
    if view not in PULLED:
        return {}
    return {column.name: column for column in PULLED[view].view.columns}


def value_words(column: Column, value: str) -> str:
    """A code with what the contract calls it."""
    if not value:
        return _("空")
    meaning = (column.codes or {}).get(value, "")
    return f"{value} {meaning}".rstrip()


@dataclass(frozen=True)
class BadRowLine:
    """A row in quarantine."""

    key: str
    column: Text
    name: str
    reason: Text
    value: str


def bad_rows(rows: Sequence[QuarantinedRow]) -> list[BadRowLine]:
    return [
        BadRowLine(
            key_words(row.key) or _("（空）"),
            column_title(row),
            row.column,
            row.get_reason_display(),
            row.value or "—",
        )
        for row in rows
    ]


def column_title(row: QuarantinedRow) -> str:
    column = columns_of(row.view).get(row.column)
    return column.title if column else ""


@dataclass(frozen=True)
class LossCard:
    """What a person is asked, or has said, about rows that are gone."""

    id: int
    view: str
    title: str
    state: Text
    is_open: bool
    known: str
    gone: str
    share: str
    found_at: str
    decided: str
    reason: str


def loss_card(loss: Loss) -> LossCard:
    decided = ""
    if loss.decided_by is not None:
        decided = f"{loss.decided_by.name} {write_second(loss.decided_at)}"
    return LossCard(
        id=loss.pk,
        view=loss.view,
        title=title_of(loss.view),
        state=loss.get_state_display(),
        is_open=loss.state == Loss.State.OPEN,
        known=f"{loss.known:,}",
        gone=f"{len(loss.keys):,}",
        share=f"{len(loss.keys) / loss.known:.1%}" if loss.known else "—",
        found_at=write_second(loss.found_at),
        decided=decided,
        reason=loss.reason,
    )


def lost_rows(loss: Loss, limit: int) -> list[tuple[str, str]]:
    """Key and what our copy calls it, for the first of them."""
    keys = loss.keys[:limit]
    names = names_of(loss.view, keys)
    return [(key_words(key), names.get(key, "")) for key in keys]


def names_of(view: str, keys: Sequence[str]) -> dict[str, str]:
    """One query; only of copies with a key of one part that have a name."""
    if view not in PULLED:
        return {}
    dictionary = PULLED[view]
    fields = {field.name for field in dictionary.model._meta.fields}
    name = next((each for each in ("name", "generic_name") if each in fields), "")
    if not name or len(dictionary.key_fields) > 1:
        return {}
    key = dictionary.key_fields[0]
    rows = dictionary.model._default_manager.filter(**{f"{key}__in": keys})
    return dict(rows.order_by(key).values_list(key, name))
