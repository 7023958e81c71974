"""About 320 invented doctors, the same ones each time.

Names are put together from common surnames and given names; a namesake in real life
would be chance. The doctors of ``seed/known_doctors.csv`` are always among them.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

SEED = Path(__file__).parent / "seed"
SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾萧田董潘袁蔡蒋余"
    "于杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯"
)
# Staff numbers of the portal's own people must not be doctors of the HIS.
FIRST_NUMBER = 1010
# Old hires kept the numbers of the former clinic: longer, or with leading zeros.
OLD_NUMBERS = ("000318", "000427", "000771", "010066", "20115", "20236")
TITLES = {"231": 12, "232": 24, "233": 34, "234": 26, "235": 4}
YEARS_OF_AGE = {
    "231": (48, 62),
    "232": (40, 56),
    "233": (32, 47),
    "234": (25, 34),
    "235": (24, 40),
}
# All others practise; retired ones are older.
STATUSES = (("02", 3), ("03", 4), ("05", 3), ("06", 2), ("07", 4), ("99", 6))
SCOPES = {"外科": "外科专业", "内科": "内科专业", "医技": "医学影像和麻醉专业"}
TODAY = date(2026, 11, 1)


@dataclass(frozen=True)
class Doctor:
    """A row of 人员表 before it has a number there; ``department`` is its code."""

    number: str
    name: str
    department: str
    title: str
    status: str
    sex: str
    post: str
    born: date


def read(name: str) -> list[dict[str, str]]:
    """A table of ``seed/``."""
    with (SEED / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def doctors() -> list[Doctor]:
    """The known ones and as many more as each department employs, by number."""
    dice = random.Random(20261101)  # noqa: S311  # the same people each time
    known = list(known_doctors())
    names = fresh_names(dice, {doctor.name for doctor in known})
    numbers = fresh_numbers(dice, {doctor.number for doctor in known})
    people = list(known)
    for department in read("departments"):
        code = department["code"]
        have = [doctor for doctor in known if doctor.department == code]
        has_head = any(doctor.post == "科主任" for doctor in have)
        for place in range(int(department["doctors"]) - len(have)):
            is_head = place == 0 and not has_head
            people.append(invented(dice, names, next(numbers), code, is_head=is_head))
    return sorted(with_statuses(dice, people), key=lambda doctor: doctor.number)


def known_doctors() -> Iterator[Doctor]:
    for row in read("known_doctors"):
        born = date.fromisoformat(row["birth"])
        yield Doctor(
            **{name: value for name, value in row.items() if name != "birth"},
            born=born,
        )


def fresh_names(dice: random.Random, taken: set[str]) -> Iterator[tuple[str, str]]:
    """Pairs of name and sex, no name twice."""
    used = set(taken)
    given: dict[str, list[str]] = {"男": [], "女": []}
    for row in read("given_names"):
        given[row["sex"]].append(row["name"])
    while True:
        sex = dice.choice("男男女")
        name = dice.choice(SURNAMES) + dice.choice(given[sex])
        if name not in used:
            used.add(name)
            yield name, sex


def fresh_numbers(dice: random.Random, taken: set[str]) -> Iterator[str]:
    """Four digits for most, a few of the old kind spread among them."""
    old = list(OLD_NUMBERS)
    number = FIRST_NUMBER
    while True:
        if old and dice.random() < 0.03:
            yield old.pop(0)
            continue
        number += 1
        if str(number) not in taken:
            yield str(number)


def invented(
    dice: random.Random,
    names: Iterator[tuple[str, str]],
    number: str,
    department: str,
    *,
    is_head: bool,
) -> Doctor:
    name, sex = next(names)
    weights = list(TITLES.values())
    title = "231" if is_head else dice.choices(list(TITLES), weights)[0]
    youngest, oldest = YEARS_OF_AGE[title]
    age = timedelta(days=dice.randint(youngest * 365, oldest * 365))
    post = "科主任" if is_head else ""
    return Doctor(number, name, department, title, "01", sex, post, TODAY - age)


def with_statuses(dice: random.Random, people: list[Doctor]) -> list[Doctor]:
    """A few are on trial, away, ill, suspended, retired or gone; never known ones."""
    known = {row["number"] for row in read("known_doctors")}
    free = [doctor for doctor in people if doctor.number not in known]
    others = iter(dice.sample([d for d in free if not d.post], 22))
    changed: dict[str, str] = {}
    for status, count in STATUSES:
        for _ in range(count):
            changed[next(others).number] = status
    return [
        Doctor(**{**vars(doctor), "status": changed.get(doctor.number, doctor.status)})
        for doctor in people
    ]
