"""The HIS on paper as a comparison reads it: its rows by the views of the contract."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from portal.his.contract.shape import View
from portal.his.gateway import HisUnavailable
from tests.permissions.model_his import ModelHis

CHANGED = datetime(2026, 11, 20, 9, 30)  # noqa: DTZ001 (local by contract)


@dataclass
class PaperViews:
    """``cut_after`` rows of the second view the HIS goes away."""

    his: ModelHis
    emp_no: str
    cut_after: int | None = None
    log: Sequence[dict[str, Any]] = ()

    def batches(
        self, view: View, since: datetime | None = None
    ) -> Iterator[list[tuple[Any, ...]]]:
        rows = [
            tuple(row.get(name) for name in view.column_names)
            for row in self._rows(view.name)
        ]
        if self.cut_after is not None and view.name == "V_YW_DOCTOR_OP":
            yield rows[: self.cut_after]
            raise HisUnavailable("HIS 未应答：连接中断")
        yield rows

    def typed(self, view: View, rows: Iterable[Any]) -> Iterator[tuple[Any, ...]]:
        yield from rows

    def _rows(self, view: str) -> Iterator[dict[str, Any]]:
        if view == "V_YW_CHANGE_LOG":
            yield from self.log
            return
        function = "PRIV" if view == "V_YW_DOCTOR_PRIV" else "OP"
        for (right, first), line in self.his.lines.items():
            kind, code, item, setting = right
            if kind != function:
                continue
            yield {
                "emp_no": self.emp_no,
                "priv_code": code,
                "right_kind": code,
                "item_code": item,
                "his_item_id": item,
                "setting": setting,
                "his_value": line.value,
                "valid_from": first,
                "valid_to": line.last,
                "status": line.status,
                "last_operator": "2031",
                "last_modified": CHANGED,
            }
