"""The demo's procedure catalogue: what an officer has added to the bare list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from portal.accounts.models import User
from portal.directory.models import Department
from portal.parameters.days import day_of
from surgery.models import Procedure
from surgery.services.procedures import (
    COLUMNS,
    Attributes,
    add_procedure,
    change_procedure,
    switch_procedure,
)

CAME_DAYS_AGO, DONE_DAYS_AGO, ADDED_DAYS_AGO, ENDS_IN_DAYS = 400, 96, 12, 20
CHECKED = "按国临 3.0、医保 2.0 对照表和国考目录核对补全"
ADDED = "科室拟开展，已列入目录，待分级委员会定级"
ENDS = "设备停用，改为微创手术，科室申请停止开展"


class Known(NamedTuple):
    """What was added to an entry; its insurance code is the clinical one."""

    code: str
    departments: tuple[str, ...]
    aliases: tuple[str, ...] = ()
    more: Mapping[str, Any] = {}


INPATIENT = {"place": "INP"}
LEVEL4 = {"is_national_level4": True, "place": "INP", "incision_class": "2"}
SCOPE = {"incision_class": "2", "place": "INP"}
SIDED = {"needs_side": True, "place": "INP", "incision_class": "1"}
KNOWN = (
    Known("51.2300", ("0401", "0402"), ("腹腔镜胆囊摘除术", "LC"), SCOPE),
    Known("51.2200", ("0401", "0402"), ("胆囊摘除术",), SCOPE),
    Known("17.3300", ("0402",), ("腹腔镜右半结肠根治术",), LEVEL4),
    Known("17.3600", ("0402",), (), LEVEL4),
    Known("48.6302", ("0402",), ("腹腔镜 Dixon 手术",), LEVEL4),
    Known("43.5x03", ("0402",), (), LEVEL4),
    Known("50.2205", ("0401",), ("腹腔镜肝切除",), LEVEL4),
    Known("50.3x00", ("0401",), (), LEVEL4),
    Known("52.7x00", ("0401",), ("Whipple 手术",), LEVEL4),
    Known("41.5x01", ("0401",), (), LEVEL4),
    Known(
        "17.1200x001",
        ("0401", "0402"),
        (),
        {"is_day_surgery": True, "needs_side": True, "incision_class": "1"},
    ),
    Known("53.0001", ("0402",), ("疝修补",), {"needs_side": True}),
    Known("81.5100", ("0412",), ("人工全髋关节置换术", "THA"), SIDED),
    Known("81.5400", ("0412",), ("人工全膝关节置换术", "TKA"), SIDED),
    Known("80.6x00x010", ("0412",), (), {**SIDED, "is_day_surgery": True}),
    Known("65.2501", ("0501",), ("卵巢囊肿剔除术",), {"is_day_surgery": True}),
    Known("74.1x00", ("0502",), ("子宫下段剖腹产",), INPATIENT),
    Known("55.5103", ("0413",), (), {**LEVEL4, "needs_side": True}),
    Known("32.4100", ("0414",), ("VATS 肺叶切除",), {**LEVEL4, "needs_side": True}),
    Known("13.4100x001", ("1001",), ("白内障超乳",), {"is_day_surgery": True}),
    Known("44.1300x001", ("0302",), ("电子胃镜",), {"place": "OUTP"}),
    Known("45.2300", ("0302",), ("电子肠镜",), {"place": "OUTP"}),
    Known("39.6500", ("2801",), ("人工肺",), INPATIENT),
)
# They have no grade yet: nobody may do them before the committee has decided.
UNGRADED = (
    ("51.2301", "腹腔镜下残余胆囊切除术", "1", ("0401",)),
    ("45.4300x009", "内镜下结肠黏膜下剥离术(ESD)", "3", ("0302",)),
    ("81.0601", "腰椎椎体间融合术，前入路", "1", ("0412",)),
)
ENDING = "28.6x00x002"


def seed_procedures(*, by: User, now: datetime) -> None:
    """Entries and departments the hospital does not have are left out."""
    # The list itself was there before anybody worked on it.
    came = Procedure.history.filter(history_user=None, history_type="+")
    came.update(history_date=now - timedelta(days=CAME_DAYS_AGO))
    entries = {one.code: one for one in Procedure.objects.order_by("pk")}
    places = set(Department.objects.order_by("pk").values_list("code", flat=True))
    at = now - timedelta(days=DONE_DAYS_AGO)
    for number, known in enumerate(KNOWN):
        if known.code in entries:
            change_procedure(
                procedure=entries[known.code],
                attributes=_completed(entries[known.code], known, places),
                by=by,
                at=at + timedelta(minutes=number * 3),
                reason=CHECKED,
            )
    at = now - timedelta(days=ADDED_DAYS_AGO)
    for code, name, category, departments in UNGRADED:
        add_procedure(
            code=code,
            attributes=Attributes(
                name=name,
                category=category,
                code_insurance=code,
                is_mini_invasive="镜" in name,
                departments=tuple(places.intersection(departments)),
            ),
            effective_from=day_of(at),
            by=by,
            at=at,
            reason=ADDED,
        )
    if ENDING in entries:
        switch_procedure(
            procedure=entries[ENDING],
            is_enabled=False,
            on=day_of(now) + timedelta(days=ENDS_IN_DAYS),
            by=by,
            at=now - timedelta(days=1),
            reason=ENDS,
        )


def _completed(entry: Procedure, known: Known, places: set[str]) -> Attributes:
    now = Attributes(**{name: getattr(entry, name) for name in COLUMNS})
    return replace(
        now,
        code_insurance=entry.code,
        aliases=known.aliases,
        departments=tuple(code for code in known.departments if code in places),
        **known.more,
    )
