"""What we tell the HIS. Plain Python: no Django, no driver."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any, Self
from uuid import NAMESPACE_OID, uuid5

SCHEMA_VERSION = 1
INCREMENT, REPLACE = "INCREMENT", "REPLACE"


@dataclass(frozen=True)
class _Line:
    """What the maintenance functions for one line of a doctor's rights share.

    ``request_id`` is given by the outbox and makes a repeat harmless; ``valid_to`` is
    the last day included.
    """

    request_id: str
    op: str
    emp_no: str
    setting: str
    valid_from: date
    valid_to: date | None
    reason: str
    doc_no: str
    operator: str

    def payload(self) -> dict[str, Any]:
        """The JSON form kept in the outbox."""
        return plain(asdict(self))

    @classmethod
    def from_payload(cls, payload: dict[str, Any]) -> Self:
        return cls(**dated(payload))


@dataclass(frozen=True)
class PrivSave(_Line):
    """One line for ``YW_PRIV_SAVE``."""

    priv_code: str
    item_code: str
    his_value: str


@dataclass(frozen=True)
class DoctorOpSave(_Line):
    """One line for ``YW_DOCTOR_OP_SAVE``: one item, one kind of right.

    By itself it changes this line alone; the last three fields make it a part of a
    batch, see ``DoctorOpSet``.
    """

    his_item_id: str
    right_kind: str
    save_mode: str = INCREMENT
    batch_key: str | None = None
    line_no: int | None = None
    line_count: int | None = None


@dataclass(frozen=True)
class OpLine:
    """A line of a doctor's whole set; ``op`` is ADD, or UPDATE of one given before."""

    op: str
    his_item_id: str
    right_kind: str
    setting: str
    valid_from: date
    valid_to: date | None


@dataclass(frozen=True)
class DoctorOpSet:
    """All surgical rights of a doctor as of ``day``, for a HIS that replaces them.

    On the wire it is one batch of ``YW_DOCTOR_OP_SAVE``; what is not in it ends.
    """

    request_id: str
    emp_no: str
    day: date
    lines: tuple[OpLine, ...]
    reason: str
    doc_no: str
    operator: str

    def payload(self) -> dict[str, Any]:
        values = plain(asdict(self))
        values["lines"] = [plain(asdict(line)) for line in self.lines]
        return values

    @classmethod
    def from_payload(cls, payload: dict[str, Any]) -> Self:
        lines = tuple(OpLine(**dated(line)) for line in payload["lines"])
        day = date.fromisoformat(payload["day"])
        return cls(**(payload | {"lines": lines, "day": day}))

    def calls(self) -> Iterator[DoctorOpSave]:
        """The batch, line by line; the same request ids each time.

        The last one closes it: what the doctor has beside these lines is taken away.
        """
        if not self.lines:
            nothing = OpLine("UPDATE", "", "2", "ALL", self.day, self.day)
            yield replace(self._call(nothing, 0), line_count=0)
        for number, line in enumerate(self.lines, start=1):
            yield self._call(line, number)

    def _call(self, line: OpLine, number: int) -> DoctorOpSave:
        return DoctorOpSave(
            request_id=str(uuid5(NAMESPACE_OID, f"{self.request_id}/{number}")),
            emp_no=self.emp_no,
            reason=self.reason,
            doc_no=self.doc_no,
            operator=self.operator,
            save_mode=REPLACE,
            batch_key=self.request_id,
            line_no=number,
            line_count=len(self.lines),
            **asdict(line),
        )


@dataclass(frozen=True)
class OpGradeSave:
    """For ``YW_OPGRADE_SAVE``: the grade of one procedure from a day on.

    ``old_grade`` is what the HIS must still show, or it refuses; None: whatever it is.
    """

    request_id: str
    op: str  # ADD, UPDATE, or VOID: no grade any more
    his_item_id: str
    proc_code: str
    old_grade: str | None
    new_grade: str
    effective_from: date
    grade_version: str
    reason: str
    doc_no: str
    operator: str

    def in_place_of(self, earlier: OpGradeSave) -> Self:
        """``earlier`` was never acted on: where this one was to follow it, what it found
        is there still."""
        if self.old_grade != earlier.new_grade:
            return self  # it was told what stands in the HIS
        op = self.op
        if op != "VOID":
            op = "ADD" if earlier.op == "ADD" else "UPDATE"
        return replace(self, op=op, old_grade=earlier.old_grade)

    def payload(self) -> dict[str, Any]:
        return plain(asdict(self))

    @classmethod
    def from_payload(cls, payload: dict[str, Any]) -> Self:
        day = date.fromisoformat(payload["effective_from"])
        return cls(**(payload | {"effective_from": day}))


@dataclass(frozen=True)
class Answer:
    """What the HIS answered to a maintenance call it accepted."""

    code: str
    message: str
    his_row_id: str


DAYS = ("valid_from", "valid_to")


def plain(values: dict[str, Any]) -> dict[str, Any]:
    """Days as texts."""
    return {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in values.items()
    }


def dated(values: dict[str, Any]) -> dict[str, Any]:
    """Texts as days again."""
    found = values.copy()
    for name in DAYS:
        text = values[name]
        found[name] = date.fromisoformat(text) if text else None
    return found
