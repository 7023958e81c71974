"""A HIS with operations, as rows of its views; times are the HIS's local ones."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from portal.directory.models import SyncRun
from portal.his.contract.interfaces.operations import (
    V_YW_OPERATION,
    V_YW_OPERATION_ITEM,
    V_YW_OPERATION_TEAM,
    V_YW_SURGERY_APPLY,
)
from portal.his.contract.shape import Type, View
from surgery.sync import pull_cases
from tests.portal.his.rows import ListedHis


def local(*parts: int) -> datetime:
    """A moment as the HIS writes it: local, without a zone."""
    return datetime(*parts)  # type: ignore[arg-type]  # noqa: DTZ001


MONDAY = local(2026, 11, 16, 9, 0)
WRITTEN = local(2026, 11, 16, 20, 0)
CHOLE, LIVER, SPLEEN = "51.2300", "50.2205", "41.5x00"


def row_of(view: View, **given: Any) -> tuple[Any, ...]:
    """A row of the view: what is not given is empty."""
    values = {
        column.name: "" if column.type is Type.TEXT else None for column in view.columns
    }
    assert set(given) <= set(values), sorted(set(given) - set(values))
    return tuple((values | {"last_modified": WRITTEN} | given).values())


def case_row(op_id: str, **given: Any) -> tuple[Any, ...]:
    """A laparoscopic cholecystectomy of Monday by 王若谷 that went well."""
    start = given.get("op_start", MONDAY)
    values: dict[str, Any] = {
        "op_id": op_id,
        "patient_id": f"7{op_id}",
        "admission_id": f"3{op_id}",
        "dept_code": "1007",
        "op_start": start,
        "op_end": start + timedelta(minutes=70) if start else None,
        "proc_code": CHOLE,
        "proc_name": "腹腔镜下胆囊切除术",
        "op_grade": "3",
        "op_nature": "1",
        "is_planned": "1",
        "reop_type": "0",
        "surgeon_no": "1188",
        "surgeon_name": "王若谷",
        "complication": "00",
        "death_flag": "0",
        "cancel_flag": "0",
    }
    return row_of(V_YW_OPERATION, **values | given)


def item_row(op_id: str, number: int, code: str, **given: Any) -> tuple[Any, ...]:
    values = {"op_id": op_id, "item_no": number, "proc_code": code}
    return row_of(V_YW_OPERATION_ITEM, **values | given)


def member_row(op_id: str, role: str, emp_no: str, **given: Any) -> tuple[Any, ...]:
    values = {"op_id": op_id, "team_role": role, "emp_no": emp_no}
    return row_of(V_YW_OPERATION_TEAM, **values | given)


def apply_row(apply_id: str, **given: Any) -> tuple[Any, ...]:
    """A cholecystectomy by 王若谷, waiting for the head's word."""
    values: dict[str, Any] = {
        "apply_id": apply_id,
        "patient_id": f"7{apply_id}",
        "dept_code": "1007",
        "proc_code": CHOLE,
        "proc_name": "腹腔镜下胆囊切除术",
        "surgeon_no": "1188",
        "applicant_no": "1188",
        "apply_time": local(2026, 11, 20, 9, 0),
        "plan_time": local(2026, 11, 25, 8, 30),
        "is_planned": "1",
        "op_nature": "1",
        "reop_type": "0",
        "status": "2",
    }
    return row_of(V_YW_SURGERY_APPLY, **values | given)


class Theatre(ListedHis):
    """Operations by key; ``asked`` says since when each view was read."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[str, datetime | None]] = []
        for name in VIEWS:
            self.tables[name] = []

    def batches(self, view: View, since: datetime | None = None) -> Any:
        self.asked.append((view.name, since))
        place = view.column_names.index(view.watermark)
        for row in self.rows_of(view):
            if since is None or row[place] >= since:
                yield [row]

    def keep(self, name: str, row: tuple[Any, ...]) -> None:
        """Add the row, or put it in the place of the one with the same key."""
        view = VIEWS[name]
        places = [view.column_names.index(key) for key in view.key]
        self.tables[name] = [
            old
            for old in self.tables[name]
            if [old[place] for place in places] != [row[place] for place in places]
        ] + [row]

    def case(
        self, op_id: str, *codes: str, team: dict[str, str] | None = None, **given: Any
    ) -> None:
        """A case with its procedures and team; by default what the row itself says."""
        done = codes or (given.get("proc_code", CHOLE),)
        written = {name: given[name] for name in ("last_modified",) if name in given}
        self.keep("V_YW_OPERATION", case_row(op_id, **{"proc_code": done[0]} | given))
        for number, code in enumerate(done, start=1):
            self.keep("V_YW_OPERATION_ITEM", item_row(op_id, number, code, **written))
        for role, emp_no in (team or {"1": given.get("surgeon_no", "1188")}).items():
            self.keep("V_YW_OPERATION_TEAM", member_row(op_id, role, emp_no, **written))

    def booking(self, apply_id: str, **given: Any) -> None:
        self.keep("V_YW_SURGERY_APPLY", apply_row(apply_id, **given))


VIEWS = {
    view.name: view
    for view in (
        V_YW_SURGERY_APPLY,
        V_YW_OPERATION,
        V_YW_OPERATION_ITEM,
        V_YW_OPERATION_TEAM,
    )
}


def pull(his: Any, at: datetime, *, whole: bool = False) -> dict[str, SyncRun]:
    """The runs by view."""
    runs = pull_cases(gateway=his, at=at, whole=whole)
    return {run.view: run for run in runs}


def counts(run: SyncRun) -> tuple[int, int, int, int, int]:
    """Read, added, changed, vanished, quarantined."""
    return (run.read, run.added, run.changed, run.vanished, run.quarantined)
