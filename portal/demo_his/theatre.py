"""Two years of operations of a small hospital and the ones booked ahead: invented.

The same dice each time, counted back from the day the database is filled. Surgeons do
what their title allows, the known ones what they are known for; what ends badly is rare
and rarer the smaller the operation.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from portal.demo_his.roster import Doctor, fresh_names, read

Row = Mapping[str, Any]
DAYS = 730
BOOKED = 60
FIRST_CASE, FIRST_LINE = 80001, 1
FIRST_STAY, FIRST_PATIENT = 310001, 720001
OPENS, CLOSES = time(8, 30), time(17, 30)
# Titles that operate alone, by grade; the rest of the world assists.
ABLE = {
    "1": ("231", "232", "233", "234"),
    "2": ("231", "232", "233"),
    "3": ("231", "232", "233"),
    "4": ("231", "232"),
}
AWAY = frozenset({"05", "06", "99"})
# The shares in a hundred: complication, unplanned reoperation, death.
RISKS = {"1": (0.3, 0, 0), "2": (0.8, 0.2, 0), "3": (1.5, 0.4, 0.1), "4": (4, 1, 0.5)}
MINUTES = {"1": (20, 60), "2": (40, 100), "3": (70, 180), "4": (150, 330)}
COMPLICATIONS = ("手术并发症", "术后出血或血肿", "伤口裂开", "深静脉血栓", "呼吸衰竭")
ANESTHETICS = {"1": "局部麻醉", "2": "椎管内麻醉", "3": "全身麻醉", "4": "全身麻醉"}
INCISIONS = ("Ⅰ 类", "Ⅱ 类", "Ⅱ 类", "Ⅲ 类")
NEEDLES = frozenset({"3", "4"})  # 治疗性操作 and 诊断性操作: nobody assists
# 限制类技术 begun lately: code, department, days ago.
RESTRICTED = (
    ("39.6500", "2801", (8, 3)),
    ("92.2700x002", "1901", (58, 44, 30, 16)),
)


@dataclass(frozen=True)
class Item:
    code: str
    category: str
    grade: str


@dataclass
class Theatre:
    """The rows while they are made."""

    today: date
    people: Sequence[Doctor]
    department_ids: Mapping[str, int]
    dice: random.Random = field(
        default_factory=lambda: random.Random(20261103)  # noqa: S311  # the same rows
    )
    cases: list[Row] = field(default_factory=list)
    items: list[Row] = field(default_factory=list)

    def __post_init__(self) -> None:
        rows = read("procedures")
        self.catalogue = {
            row["code"]: Item(row["code"], row["category"], row["grade"])
            for row in rows
        }
        self.by_specialty: dict[str, list[Item]] = {}
        for row in rows:
            items = self.by_specialty.setdefault(row["specialty"], [])
            items.append(self.catalogue[row["code"]])
        self.known = {
            row["number"]: row["procedures"].split() for row in read("surgeons")
        }
        self.staff: dict[str, list[Doctor]] = {}
        for doctor in self.people:
            if doctor.status not in AWAY:
                self.staff.setdefault(doctor.department, []).append(doctor)
        self.specialties = read("specialties")

    def play(self) -> None:
        """Day by day, room by room; a department has a room of its own."""
        for ago in range(DAYS, 0, -1):
            day = self.today - timedelta(days=ago)
            for department in dict.fromkeys(r["department"] for r in self.specialties):
                self._one_room(day, department)
            for code, department, days in RESTRICTED:
                if ago in days:
                    self._operate(day, OPENS, department, self.catalogue[code])

    def _one_room(self, day: date, department: str) -> None:
        at = datetime.combine(day, OPENS)
        for row in self.specialties:
            if row["department"] != department:
                continue
            for _turn in range(self._how_many(day, float(row["weekly"]))):
                if at.time() < CLOSES and at.date() == day:
                    item = self.dice.choice(self.by_specialty[row["specialty"]])
                    at = self._operate(day, at.time(), department, item)

    def _how_many(self, day: date, weekly: float) -> int:
        """At weekends the few that cannot wait."""
        mean = weekly / 5 if day.weekday() < 5 else weekly / 40
        whole = int(mean)
        return whole + int(self.dice.random() < mean - whole)

    def surgeon(self, department: str, item: Item) -> Doctor:
        """One known for it before one whose title allows it."""
        staff = self.staff[department]
        known = [one for one in staff if item.code in self.known.get(one.number, ())]
        able = [
            one
            for one in staff
            if one.number not in self.known and one.title in ABLE[item.grade]
        ]
        pool = known if known and (not able or self.dice.random() < 0.7) else able
        return self.dice.choice(pool or staff)

    def item_of(self, surgeon: Doctor, item: Item) -> Item:
        """What the known one does rather than what came."""
        mine = self.known.get(surgeon.number)
        return self.catalogue[self.dice.choice(mine)] if mine else item

    def _operate(self, day: date, begin: time, department: str, item: Item) -> datetime:
        """Write one case down; when the room is free again."""
        dice = self.dice
        surgeon = self.surgeon(department, item)
        item = self.item_of(surgeon, item)
        number = FIRST_CASE + len(self.cases)
        start = datetime.combine(day, begin) + timedelta(minutes=dice.randint(0, 25))
        ends = self._past(start + timedelta(minutes=dice.randint(*MINUTES[item.grade])))
        is_urgent = day.weekday() >= 5 or dice.random() < 0.06
        is_canceled = not is_urgent and dice.random() < 0.015
        hurt, again, dead = (
            not is_canceled and dice.random() * 100 < share
            for share in RISKS[item.grade]
        )
        died_after = timedelta(hours=dice.randint(3, 200)) if dead else None
        died_at = self._past(ends + died_after) if died_after else None
        case: dict[str, Any] = {
            "ID": number,
            "病人ID": 500000 + number,
            "主页ID": 200000 + number,
            "病案号": f"{number + 25000000:010d}",
            "住院次数": 1,
            "申请科室ID": self.department_ids[department],
            "手术间": f"{department[-2:]} 号手术间",
            "计划时间": text_of(datetime.combine(day, begin)),
            "主要手术": item.code,
            "手术性质": "急诊" if is_urgent else "择期",
            "是否计划手术": 0 if is_urgent or again else 1,
            "再次手术": "非计划再次" if again else "非再次",
            "麻醉方式": ANESTHETICS[item.grade],
            "切口类别": dice.choice(INCISIONS),
            "手术并发症": dice.choice(COMPLICATIONS) if hurt or dead else "无",
            "是否死亡": int(dead),
            "死亡时间": text_of(died_at),
            "是否取消": int(is_canceled),
            "最后修改时间": text_of(self._written_at(died_at or ends)),
        }
        self.cases.append(
            {
                **case,
                **self._team(department, surgeon, item),
                **times(start, ends, case),
            }
        )
        self._lines(number, item, department)
        return ends + timedelta(minutes=20)

    def _written_at(self, moment: datetime) -> datetime:
        """A day later somebody has looked at it again."""
        return self._past(moment + timedelta(hours=self.dice.randint(2, 30)))

    def _past(self, moment: datetime) -> datetime:
        """Nothing is known of today yet, which may be a minute old."""
        return min(moment, datetime.combine(self.today, time()) - timedelta(minutes=30))

    def _team(self, department: str, surgeon: Doctor, item: Item) -> Row:
        others = [one for one in self.staff[department] if one is not surgeon]
        count = 0 if item.category in NEEDLES else min(int(item.grade), 2)
        helpers = self.dice.sample(others, min(count, len(others)))
        asleep = self.dice.choice(self.staff["2601"])
        numbers = [one.number for one in helpers] + [None, None]
        return {
            "主刀医生": surgeon.number,
            "第一助手": numbers[0],
            "第二助手": numbers[1],
            "麻醉医师": asleep.number if item.grade != "1" else None,
        }

    def _lines(self, case: int, item: Item, department: str) -> None:
        """The main procedure, and now and then a second one of the same room."""
        codes = [item.code]
        if item.grade in {"3", "4"} and self.dice.random() < 0.15:
            also = [
                other
                for row in self.specialties
                if row["department"] == department
                for other in self.by_specialty[row["specialty"]]
                if other.grade in {"1", "2"} and other.code != item.code
            ]
            codes += [self.dice.choice(also).code] if also else []
        for place, code in enumerate(codes, start=1):
            self.items.append({"手术ID": case, "序号": place, "手术项目": code})


def times(start: datetime, ends: datetime, case: Row) -> Row:
    """From the way in to the way out; a canceled case has none."""
    if case["是否取消"]:
        moments: list[datetime | None] = [None] * 6
    else:
        minutes = timedelta(minutes=1)
        moments = [
            start - 30 * minutes,
            start - 20 * minutes,
            start,
            ends,
            ends + 8 * minutes,
            ends + 15 * minutes,
        ]
    names = ("入室时间", "麻醉开始", "手术开始", "手术结束", "麻醉结束", "出室时间")
    return {name: text_of(moment) for name, moment in zip(names, moments, strict=True)}


def text_of(moment: datetime | None) -> str | None:
    return f"{moment:%Y-%m-%d %H:%M:%S}" if moment else None


# --- ahead ----------------------------------------------------------------------------


def ahead(theatre: Theatre) -> Iterator[tuple[str, Sequence[Row]]]:
    """Patients who wait for an operation, and their sheets."""
    names = fresh_names(random.Random(20261104), set())  # noqa: S311  # the same people
    patients: list[Row] = []
    stays: list[Row] = []
    sheets: list[Row] = []
    for number, (surgeon, code, at) in enumerate(bookings(theatre), start=1):
        name, sex = next(names)
        patient, stay = FIRST_PATIENT + number, FIRST_STAY + number
        born = theatre.today - timedelta(days=365 * 30 + number * 311)
        patients.append(
            {
                "病人ID": patient,
                "姓名": name,
                "性别": sex,
                "出生日期": born.isoformat(),
                "费别": "职工医保",
                "过敏史": "无",
            }
        )
        stays.append(
            {
                "主页ID": stay,
                "病人ID": patient,
                "住院号": f"{26200000 + number:010d}",
                "科室ID": theatre.department_ids[surgeon.department],
                "当前床号": str(40 + number),
                "入院日期": (theatre.today - timedelta(days=number % 4)).isoformat(),
                "入院诊断": "待手术治疗",
                "护理等级": "二级",
            }
        )
        sheets.append(sheet(number, stay, surgeon, code, at, theatre))
    yield "病人信息", patients
    yield "病案主页", stays
    yield "病人手术申请", sheets


def bookings(theatre: Theatre) -> Iterator[tuple[Doctor, str, datetime]]:
    """The ones that are declared in the portal, then as many more as make ``BOOKED``."""
    people = {one.number: one for one in theatre.people}
    declared = [row for row in read("bookings") if row["surgeon"] in people]
    for row in declared:
        day = theatre.today + timedelta(days=int(row["day"]))
        begin = time.fromisoformat(row["time"])
        surgeon = people[row["surgeon"]]
        yield surgeon, row["procedure"], datetime.combine(day, begin)
    rooms = [row for row in theatre.specialties if row["department"][:2] != "03"]
    for turn in range(BOOKED - len(declared)):
        row = rooms[turn % len(rooms)]
        item = theatre.dice.choice(theatre.by_specialty[row["specialty"]])
        surgeon = theatre.surgeon(row["department"], item)
        day = theatre.today + timedelta(days=1 + turn % 13)
        begin = time(8 + turn % 8, 30)
        yield surgeon, theatre.item_of(surgeon, item).code, datetime.combine(day, begin)


def sheet(
    number: int,
    stay: int,
    surgeon: Doctor,
    code: str,
    at: datetime,
    theatre: Theatre,
) -> Row:
    grade = theatre.catalogue[code].grade
    others = [one for one in theatre.staff[surgeon.department] if one is not surgeon]
    return {
        "申请单号": f"SS{theatre.today:%y%m%d}0800{number:02}{number:03}",
        "主页ID": stay,
        "申请状态": 1,
        "申请医师": surgeon.number,
        "申请时间": text_of(
            datetime.combine(theatre.today, time(17))
            - timedelta(days=1, minutes=number)
        ),
        "拟行手术": code,
        "主刀医生": surgeon.number,
        "第一助手": others[number % len(others)].number,
        "手术时间": text_of(at),
        "麻醉方法": ANESTHETICS[grade],
        "手术科室": "手术室",
        "术前诊断": "待手术治疗",
        "切口类别": INCISIONS[number % len(INCISIONS)],
        "是否计划手术": "1",
        "手术性质": "1",
        "再次手术类型": "0",
    }
