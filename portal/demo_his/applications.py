"""手术申请单: reading what was typed, refusing nonsense, writing 病人手术申请."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from portal.demo_his.clock import now, now_text
from portal.demo_his.database import Database

Values = dict[str, str]

TYPED_FORMAT = "%Y-%m-%dT%H:%M"
ANESTHESIA = ("全身麻醉", "椎管内麻醉", "神经阻滞麻醉", "局部麻醉", "静脉麻醉")
ROOMS = ("手术室", "日间手术室", "内镜中心", "介入导管室", "产房手术间")
INCISIONS = ("0 类", "Ⅰ 类", "Ⅱ 类", "Ⅲ 类", "Ⅳ 类")
BLOOD = ("不备血", "红细胞 200 ml", "红细胞 400 ml", "红细胞 800 ml", "血浆 400 ml")
POSITIONS = ("仰卧位", "俯卧位", "左侧卧位", "右侧卧位", "截石位", "头低足高位")


@dataclass(frozen=True)
class Field:
    """One input of the sheet and the column it goes to."""

    name: str
    column: str
    length: int
    is_required: bool = False
    choices: tuple[str, ...] = ()


FIELDS = (
    Field("procedure", "拟行手术", 32, is_required=True),
    Field("procedure2", "附加手术", 32),
    Field("surgeon", "主刀医生", 10, is_required=True),
    Field("assistant1", "第一助手", 10),
    Field("assistant2", "第二助手", 10),
    Field("planned_at", "手术时间", 16, is_required=True),
    Field("anesthesia", "麻醉方法", 20, choices=ANESTHESIA),
    Field("room", "手术科室", 20, choices=ROOMS),
    Field("diagnosis", "术前诊断", 100, is_required=True),
    Field("incision", "切口类别", 10, choices=INCISIONS),
    Field("duration", "预计时长", 10),
    Field("blood", "备血", 20, choices=BLOOD),
    Field("position", "体位", 10, choices=POSITIONS),
)
# What the portal's field group puts into the form, and where the HIS keeps it.
FIELD_GROUP = {
    "yw_is_planned": ("是否计划手术", {"1", "2"}),
    "yw_nature": ("手术性质", {"1", "2", "3"}),
    "yw_reoperation": ("再次手术类型", {"0", "1", "2"}),
}
KEPT = {"yw_verdict_code": "判定编码", "yw_declaration": "申报编号"}
PLUGIN_NAMES = {*FIELD_GROUP, *KEPT}
KEPT_LENGTH = 40
# 暂时无法核对: the portal went away while the sheet was open. It is not the patient who
# waits; what was not declared is seen from the empty 申报编号.
UNKNOWN = "9"
NO_DECLARATION = (
    "手术申请核对还没有完成，不能提交。请在「手术申请核对」中填写，或先暂存。"
)


@dataclass(frozen=True)
class Sheet:
    """One application as typed."""

    number: str
    stay: int
    values: Mapping[str, str]
    is_submit: bool

    @property
    def has_plugin(self) -> bool:
        """The portal's field group was on the page: it leaves its inputs."""
        return bool(PLUGIN_NAMES & set(self.values))

    @property
    def is_undeclared(self) -> bool:
        """The field group was there, its portal answered, and nothing was declared."""
        is_unknown = self.get("yw_verdict_code") == UNKNOWN
        return self.has_plugin and not is_unknown and not self.get("yw_declaration")

    def get(self, name: str) -> str:
        return self.values.get(name, "").strip()


def new_number() -> str:
    """Of the moment, with three digits of chance: nobody gets it twice."""
    return f"SS{now():%y%m%d%H%M%S}{secrets.randbelow(1000):03}"


def first_values(doctor: Mapping[str, Any], patient: Mapping[str, Any]) -> Values:
    """What a new sheet begins with: the day after tomorrow, by whoever writes it."""
    at = (now() + timedelta(days=2)).replace(hour=8, minute=30)
    return {
        "surgeon": doctor["emp_no"],
        "planned_at": at.strftime(TYPED_FORMAT),
        "diagnosis": patient["diagnosis"],
        "anesthesia": ANESTHESIA[0],
        "room": ROOMS[0],
        "incision": INCISIONS[1],
        "duration": "120 分钟",
        "blood": BLOOD[0],
        "position": POSITIONS[0],
    }


def problems(database: Database, sheet: Sheet) -> list[str]:
    """Everything that keeps the sheet from being saved, in the order of the form."""
    found = [*missing(sheet), *nonsense(sheet), *team(sheet)]
    found += unknown(database, sheet)
    if sheet.is_submit and sheet.is_undeclared:
        found.append(NO_DECLARATION)
    return found


def missing(sheet: Sheet) -> Iterator[str]:
    """A stored sheet still needs what the table needs."""
    needed = [field for field in FIELDS if field.is_required]
    for field in needed:
        is_later = field.name == "diagnosis" and not sheet.is_submit
        if not sheet.get(field.name) and not is_later:
            yield f"请填写{field.column}。"


def nonsense(sheet: Sheet) -> Iterator[str]:
    for field in FIELDS:
        value = sheet.get(field.name)
        if len(value) > field.length:
            yield f"{field.column}最长 {field.length} 字。"
        elif value and field.choices and value not in field.choices:
            yield f"{field.column}请从列表中选择。"
    if sheet.get("planned_at") and planned_at(sheet) is None:
        yield "手术时间应写作 2026-11-25 08:30 这样的日期和时间。"
    yield from foreign_nonsense(sheet)


def foreign_nonsense(sheet: Sheet) -> Iterator[str]:
    """The portal's script is not ours either: what it left is looked at as well."""
    for name, (column, allowed) in FIELD_GROUP.items():
        if sheet.get(name) and sheet.get(name) not in allowed:
            yield f"{column}的取值不认识。"
    for name, column in KEPT.items():
        if len(sheet.get(name)) > KEPT_LENGTH:
            yield f"{column}最长 {KEPT_LENGTH} 字。"


def team(sheet: Sheet) -> Iterator[str]:
    if sheet.get("procedure") and sheet.get("procedure") == sheet.get("procedure2"):
        yield "附加手术与拟行手术相同。"
    people = [sheet.get(name) for name in ("surgeon", "assistant1", "assistant2")]
    named = [person for person in people if person]
    if len(set(named)) < len(named):
        yield "主刀医生和助手不能是同一人。"


def unknown(database: Database, sheet: Sheet) -> Iterator[str]:
    """Codes and persons the HIS does not have."""
    for field in FIELDS[:5]:
        value = sheet.get(field.name)
        if value and not exists(database, field.name, value):
            yield f"{field.column}「{value[:32]}」不在字典中。"
    kept = database.row(
        "SELECT 主页ID AS stay FROM 病人手术申请 WHERE 申请单号 = :number",
        number=sheet.number,
    )
    if kept and kept["stay"] != sheet.stay:
        yield "这个申请单号属于另一位病人。"


def exists(database: Database, name: str, value: str) -> bool:
    is_person = not name.startswith("procedure")
    table, column = ("人员表", "编号") if is_person else ("手术项目目录", "编码")
    query = f"SELECT 1 AS found FROM {table} WHERE {column} = :value"  # noqa: S608
    return database.row(query, value=value) is not None


def planned_at(sheet: Sheet) -> datetime | None:
    """A browser without a field for moments sends what the person typed."""
    typed = sheet.get("planned_at").replace(" ", "T", 1)
    try:
        return datetime.strptime(typed, TYPED_FORMAT)  # noqa: DTZ007  # HIS local time
    except ValueError:
        return None


def save(database: Database, sheet: Sheet, operator: str) -> None:
    """Write the sheet; one with the same number is replaced."""
    row: dict[str, Any] = {
        field.column: sheet.get(field.name) or None for field in FIELDS
    }
    row |= {column: sheet.get(name) or None for name, column in KEPT.items()}
    row |= {
        column: sheet.get(name) or None for name, (column, _) in FIELD_GROUP.items()
    }
    at = planned_at(sheet)
    row |= {
        "申请单号": sheet.number,
        "主页ID": sheet.stay,
        "申请状态": int(sheet.is_submit),
        "申请医师": operator,
        "申请时间": now_text(),
        "手术时间": at.strftime("%Y-%m-%d %H:%M:%S") if at else None,
    }
    database.upsert("病人手术申请", "申请单号", row)
