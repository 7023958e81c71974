"""What we tell the HIS. Plain Python: no Django, no driver."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Self

SCHEMA_VERSION = 1


@dataclass(frozen=True)
class PrivSave:
    """One line for ``YW_PRIV_SAVE``; ``valid_to`` is the last day included.

    ``request_id`` is given by the outbox and makes a repeat harmless.
    """

    request_id: str
    op: str
    emp_no: str
    priv_code: str
    setting: str
    item_code: str
    his_value: str
    valid_from: date
    valid_to: date | None
    reason: str
    doc_no: str
    operator: str

    def payload(self) -> dict[str, Any]:
        """The JSON form kept in the outbox."""
        values = asdict(self)
        values["valid_from"] = self.valid_from.isoformat()
        values["valid_to"] = self.valid_to.isoformat() if self.valid_to else None
        return values

    @classmethod
    def from_payload(cls, payload: dict[str, Any]) -> Self:
        values = dict(payload)
        values["valid_from"] = date.fromisoformat(values["valid_from"])
        values["valid_to"] = (
            date.fromisoformat(values["valid_to"]) if values["valid_to"] else None
        )
        return cls(**values)


@dataclass(frozen=True)
class Answer:
    """What the HIS answered to a maintenance call it accepted."""

    code: str
    message: str
    his_row_id: str
