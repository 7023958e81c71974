"""What a read-back means. Pure: what we sent and what the HIS shows, in; a word, out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from portal.his.contract.codes import STATUS_AFTER
from portal.his.messages import PrivSave
from portal.his.records import DoctorPrivRecord

# What makes the key of a line; a message speaks of exactly one line.
LINE_KEY = ("emp_no", "priv_code", "setting", "item_code", "valid_from")


@dataclass(frozen=True)
class Difference:
    """One field of the line: what we sent, what the HIS shows."""

    field: str
    ours: str
    theirs: str

    def as_json(self) -> dict[str, str]:
        return {"field": self.field, "ours": self.ours, "theirs": self.theirs}


class Effect(StrEnum):
    """Whether a call whose answer was lost has taken effect."""

    SHOWN = "SHOWN"
    ABSENT = "ABSENT"
    UNCLEAR = "UNCLEAR"


def line_key(message: PrivSave) -> tuple[str, str, str, str, date]:
    return (
        message.emp_no,
        message.priv_code,
        message.setting,
        message.item_code,
        message.valid_from,
    )


def differences(
    sent: PrivSave, line: DoctorPrivRecord | None
) -> tuple[Difference, ...]:
    """Fields in which the line is not what the message leaves; empty when it is."""
    if line is None:
        return (Difference("line", STATUS_AFTER[sent.op], ""),)
    pairs = (
        ("status", STATUS_AFTER[sent.op], line.status),
        ("valid_to", sent.valid_to, line.valid_to),
        ("his_value", sent.his_value, line.his_value),
    )
    return tuple(
        Difference(field, str(ours or ""), str(theirs or ""))
        for field, ours, theirs in pairs
        if (ours or None) != (theirs or None)
    )


def effect_of(
    sent: PrivSave, line: DoctorPrivRecord | None, before: PrivSave | None
) -> Effect:
    """Did the call work? ``before`` is what we last proved of the same line.

    A HIS never deletes a line, so an absent one means that nothing was done; so does a
    line that still stands as it was proved before, or, for a line we never touched,
    one whose status the call would have changed. Anything else has been changed by
    another hand, and only a person can say whose word holds.
    """
    if not differences(sent, line):
        return Effect.SHOWN
    if line is None:
        return Effect.ABSENT
    if before is not None:
        return Effect.UNCLEAR if differences(before, line) else Effect.ABSENT
    is_untouched = line.status != STATUS_AFTER[sent.op]
    return Effect.ABSENT if is_untouched else Effect.UNCLEAR
