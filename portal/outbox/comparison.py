"""What a read-back means. Pure: what we sent and what the HIS shows, in; a word, out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from portal.his.contract.codes import STATUS_AFTER
from portal.his.contract.shape import end_meant
from portal.his.messages import (
    DoctorOpSave,
    DoctorOpSet,
    OpGradeSave,
    OpLine,
    PrivSave,
)
from portal.his.records import DoctorOpRecord, DoctorPrivRecord, OpGradeRecord

IN_FORCE = STATUS_AFTER["ADD"]


@dataclass(frozen=True)
class Difference:
    """One field of the line: what we sent, what the HIS shows."""

    field: str
    ours: str
    theirs: str

    def as_json(self) -> dict[str, str]:
        return {"field": self.field, "ours": self.ours, "theirs": self.theirs}


Differences = tuple[Difference, ...]


class Effect(StrEnum):
    """Whether a call whose answer was lost has taken effect."""

    SHOWN = "SHOWN"
    ABSENT = "ABSENT"
    UNCLEAR = "UNCLEAR"


# --- one line -------------------------------------------------------------------------


def privilege_differences(sent: PrivSave, line: DoctorPrivRecord | None) -> Differences:
    """Fields in which the line is not what the message leaves; empty when it is."""
    if line is None:
        return line_differences(sent, line)
    shown = (line.status, line.valid_to, line.his_value)
    if shown == (STATUS_AFTER[sent.op], sent.valid_to, sent.his_value):
        return ()  # as nearly always
    found = line_differences(sent, line)
    return found + different(("his_value", sent.his_value, line.his_value))


def line_differences(
    sent: PrivSave | DoctorOpSave, line: DoctorPrivRecord | DoctorOpRecord | None
) -> Differences:
    """Status and last day; the rest of a line is its key."""
    if line is None:
        return (Difference("line", STATUS_AFTER[sent.op], ""),)
    return different(
        ("status", STATUS_AFTER[sent.op], line.status),
        ("valid_to", end_meant(sent.valid_to), end_meant(line.valid_to)),
    )


def different(*pairs: tuple[str, date | str | None, date | str | None]) -> Differences:
    """Of name, ours and theirs; nothing and the empty text are the same."""
    return tuple(
        Difference(field, str(ours or ""), str(theirs or ""))
        for field, ours, theirs in pairs
        if (ours or None) != (theirs or None)
    )


def is_untouched(sent: PrivSave | DoctorOpSave, status: str) -> bool:
    """A line we never proved anything of: would the call have changed its status?"""
    return status != STATUS_AFTER[sent.op]


# --- a whole set ----------------------------------------------------------------------

OpKey = tuple[str, str, str, date]


def set_differences(sent: DoctorOpSet, lines: Iterable[DoctorOpRecord]) -> Differences:
    """Rights that the HIS does not hold as told, and rights it holds beside them."""
    standing = (line for line in lines if counts(line, sent.day))
    theirs = {key_of(line): end_meant(line.valid_to) for line in standing}
    ours = {key_of(line): end_meant(line.valid_to) for line in sent.lines}
    return tuple(_in_one_only(ours, theirs)) + different(
        *(
            (f"{words(key)} valid_to", ours[key], theirs[key])
            for key in sorted(ours.keys() & theirs.keys())
        )
    )


def _in_one_only(
    ours: dict[OpKey, date | None], theirs: dict[OpKey, date | None]
) -> Iterator[Difference]:
    for key in sorted(ours.keys() ^ theirs.keys()):
        held = (IN_FORCE, "") if key in ours else ("", IN_FORCE)
        yield Difference(words(key), *held)


def counts(line: DoctorOpRecord, day: date) -> bool:
    """In force now or later; what ended by its date is history."""
    return line.status == IN_FORCE and (line.valid_to is None or line.valid_to >= day)


def key_of(line: DoctorOpRecord | OpLine) -> OpKey:
    return (line.his_item_id, line.right_kind, line.setting, line.valid_from)


def words(key: OpKey) -> str:
    return "/".join(map(str, key))


# --- grades ---------------------------------------------------------------------------

NO_GRADE = "0"


def grade_after(message: OpGradeSave) -> str:
    """What the HIS shows once the message has taken effect."""
    return NO_GRADE if message.op == "VOID" else message.new_grade


def grade_differences(sent: OpGradeSave, line: OpGradeRecord | None) -> Differences:
    """The grade; its first day too, where the HIS keeps one and there is a grade."""
    grade = grade_after(sent)
    if line is None:
        return (Difference("line", grade, ""),)
    found = different(("grade", grade, line.grade))
    if grade == NO_GRADE or line.effective_from is None:
        return found
    return found + different(
        ("effective_from", sent.effective_from, line.effective_from)
    )


def is_stricter(message: OpGradeSave) -> bool:
    """Fewer may do it afterwards: the grade rises, or the procedure has none any more."""
    grade = grade_after(message)
    return grade == NO_GRADE or grade > (message.old_grade or NO_GRADE)


def effect_of_a_grade(
    sent: OpGradeSave, line: OpGradeRecord | None, before: OpGradeSave | None
) -> Effect:
    """Nothing was done where the HIS still shows what it showed before.

    The same grade without a first day may have stood there all along; only another
    grade before proves the call. Where it may have, it is as good as absent: sent
    again under its id it has one effect.
    """
    earlier = {sent.old_grade, grade_after(before) if before else None}
    if not grade_differences(sent, line):
        is_dated = line is not None and line.effective_from is not None
        others = earlier - {None}
        is_proved = is_dated or bool(others) and grade_after(sent) not in others
        return Effect.SHOWN if is_proved else Effect.ABSENT
    is_as_before = line is None or line.grade in earlier
    return Effect.ABSENT if is_as_before else Effect.UNCLEAR
