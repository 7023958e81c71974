"""A HIS on paper: it keeps the contract to the letter and refuses what is against it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from portal.his.contract.codes import STATUS_AFTER
from portal.his.messages import REPLACE, DoctorOpSave, DoctorOpSet, PrivSave
from portal.outbox.models import Message, State

# Function, code, item, setting: what a doctor may do.
Right = tuple[str, str, str, str]
LIVING = frozenset({"1", "2"})


@dataclass
class Line:
    status: str
    last: date | None
    value: str
    batch: str | None = None


@dataclass
class ModelHis:
    """Takes the messages of one doctor in order; ``refused`` fills up by mistakes."""

    lines: dict[tuple[Right, date], Line] = field(default_factory=dict)
    taken: set[int] = field(default_factory=set)
    refused: list[str] = field(default_factory=list)

    def take_due(self, now: datetime) -> None:
        """What is due by now and was not taken yet; nobody was told of the rest."""
        due = Message.objects.filter(not_before__lte=now).exclude(state=State.STOPPED)
        for row in due.order_by("not_before", "id"):
            if row.pk not in self.taken:
                self.taken.add(row.pk)
                Message.objects.filter(pk=row.pk).update(
                    state=State.CONFIRMED, confirmed_at=now, due_at=None
                )
                self._hear(row.call)

    def _hear(self, call: object) -> None:
        if isinstance(call, DoctorOpSet):
            for part in call.calls():
                self._save(part)
        elif isinstance(call, PrivSave | DoctorOpSave):
            self._save(call)

    def _save(self, call: PrivSave | DoctorOpSave) -> None:
        if isinstance(call, PrivSave):
            right = ("PRIV", call.priv_code, call.item_code, call.setting)
            value, batch = call.his_value, None
        else:
            right = ("OP", call.right_kind, call.his_item_id, call.setting)
            value, batch = "", call.batch_key
        is_batch = isinstance(call, DoctorOpSave) and call.save_mode == REPLACE
        if not (is_batch and call.line_count == 0):  # type: ignore[union-attr]
            self._write(right, call, value, batch, is_batch=is_batch)
        if is_batch and call.line_no == call.line_count:  # type: ignore[union-attr]
            for (held, _first), line in self.lines.items():
                if held[0] == "OP" and line.status == "1" and line.batch != batch:
                    line.status = "3"

    def _write(
        self,
        right: Right,
        call: PrivSave | DoctorOpSave,
        value: str,
        batch: str | None,
        *,
        is_batch: bool,
    ) -> None:
        key = (right, call.valid_from)
        line = self.lines.get(key)
        if line is None and call.op != "ADD" and not is_batch:
            self.refused.append(f"9999 {call.op} {key}")
            return
        if call.op == "ADD" and not is_batch and self._overlaps(right, call):
            self.refused.append(f"2006 {key}")
            return
        if line is None:
            line = self.lines[key] = Line("1", call.valid_to, value)
        line.status, line.batch = STATUS_AFTER[call.op], batch
        if call.op in {"ADD", "UPDATE", "REVOKE"}:
            line.last = call.valid_to
        if call.op in {"ADD", "UPDATE"}:
            line.value = value

    def _overlaps(self, right: Right, call: PrivSave | DoctorOpSave) -> bool:
        return any(
            held == right
            and first != call.valid_from
            and line.status in LIVING
            and (line.last is None or line.last >= call.valid_from)
            and (call.valid_to is None or first <= call.valid_to)
            for (held, first), line in self.lines.items()
        )

    def rights(self, day: date) -> set[Right]:
        """What this HIS would let the doctor do on a day."""
        return {
            right
            for (right, first), line in self.lines.items()
            if line.status == "1"
            and first <= day
            and (line.last is None or line.last >= day)
        }

    def values(self) -> dict[str, str]:
        """Coarse fields by name."""
        return {
            right[1]: line.value
            for (right, _first), line in self.lines.items()
            if right[0] == "PRIV" and line.status == "1"
        }
