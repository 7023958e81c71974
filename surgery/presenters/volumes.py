"""手术量: one row a surgeon, role and procedure, with what ended badly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from portal.ui.elements import Note, Text
from surgery.enums import TeamRole
from surgery.presenters.people import Names, Operation, Person


@dataclass(frozen=True)
class Outcome:
    """How many of the cases, and their share in words; blank without any."""

    count: int
    share: str

    @property
    def in_one(self) -> str:
        return f"{self.count} {self.share}".rstrip()


@dataclass(frozen=True)
class VolumeRow:
    """``person`` and ``role`` are None in a list of procedures, ``operation`` in one of
    surgeons."""

    id: str
    person: Person | None
    role: Text
    operation: Operation | None
    cases: int
    complications: Outcome
    reoperations: Outcome
    deaths: Outcome


def volume_rows(groups: Sequence[Mapping[str, Any]]) -> list[VolumeRow]:
    names = Names(
        (group["who"] for group in groups if "who" in group),
        (group["code"] for group in groups if "code" in group),
    )
    return [_row(group, names) for group in groups]


def _row(group: Mapping[str, Any], names: Names) -> VolumeRow:
    def outcome(name: str) -> Outcome:
        count: int = group[name]
        return Outcome(count, f"{count / group['cases']:.1%}" if count else "")

    parts = (group.get(name) or "" for name in ("who", "role", "code"))
    return VolumeRow(
        id="-".join(parts),
        person=names.person(group["who"]) if "who" in group else None,
        role=TeamRole(group["role"] or TeamRole.SURGEON).label
        if "role" in group
        else "",
        operation=names.operation(group["code"]) if "code" in group else None,
        cases=group["cases"],
        complications=outcome("complications"),
        reoperations=outcome("reoperations"),
        deaths=outcome("deaths"),
    )


def window_note(since: date | None, undated: int) -> list[Note]:
    """What is counted; ``since`` where nobody asked for other days."""
    notes = []
    if since is not None:
        words = _("未选手术日期时统计近 12 个月（%(day)s 起）。")
        notes.append(Note("info", words % {"day": since.isoformat()}))
    if undated:
        words = _("另有 %(n)s 台没有切皮时间，未计入。")
        notes.append(Note("warn", words % {"n": f"{undated:,}"}))
    return notes
