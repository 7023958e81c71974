"""One engine's turn of ``bench_import``, in a process of its own: its peak memory counts.

``python -m tests.benchmarks.import_run URL ENTRIES GRADES [TSV]`` prints one JSON line.
The list is that of TSV (``code`` and ``name``, separated by tabs), else one of the same
length and shape made up here; the categories are made up always.
"""

from __future__ import annotations

import csv
import io
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

from openpyxl import Workbook

CATEGORIES = ("手术", "介入治疗", "治疗性操作", "诊断性操作")
GRADES = ("一级", "二级", "三级", "四级")
PARTS = ("胆囊", "肝叶", "胃大部", "结肠", "甲状腺", "髋关节", "腰椎", "冠状动脉")
WAYS = ("腹腔镜下", "内镜下", "经皮", "开放性", "机器人辅助", "显微镜下")
ACTS = ("切除术", "修补术", "吻合术", "置换术", "活组织检查", "造影", "缝合术")
Entries = list[tuple[str, str]]


def made_up(count: int) -> Entries:
    names = ["".join(words) for words in product(WAYS, PARTS, ACTS)]
    return [
        (
            f"{n // 1000 % 100:02}.{n // 100 % 10}{n // 10 % 10}00x{n % 10000:04}",
            f"{names[n % len(names)]}，第{n}式",
        )
        for n in range(count)
    ]


def entries(count: int, path: str | None) -> Entries:
    if path is None:
        return made_up(count)
    with Path(path).open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t")
        return [(row["code"], row["name"]) for row in rows][:count]


def workbook(headings: tuple[str, ...], rows: list[list[str]]) -> bytes:
    book = Workbook(write_only=True)
    sheet = book.create_sheet("目录")
    for row in (list(headings), *rows):
        sheet.append(row)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def national(found: Entries) -> bytes:
    rows = [
        [code, "", name, CATEGORIES[place % 4], ""]
        for place, (code, name) in enumerate(found)
    ]
    return workbook(("主要编码", "附加编码", "手术操作名称", "类别", "录入选项"), rows)


def graded(found: Entries) -> bytes:
    rows = [[code, name, GRADES[n % 4]] for n, (code, name) in enumerate(found)]
    return workbook(("手术编码", "手术名称", "手术级别"), rows)


def set_up(url: str) -> None:
    """The tables are made by another process: migrating takes memory of its own."""
    os.environ.update(
        DJANGO_SETTINGS_MODULE="portal.settings",
        DATABASE_URL=url,
        REDIS_URL="memory://",
        LOG_LEVEL="ERROR",
    )
    migrate = [sys.executable, "manage.py", "migrate", "--verbosity=0"]
    subprocess.run(migrate, check=True)
    import django

    django.setup()


class Turn:
    """Imports as the pages and the worker do them, step by step with their seconds."""

    def __init__(self) -> None:
        from portal.accounts.capabilities import Role
        from tests.cast import make_user

        self.officer = make_user("2099", "计时员", Role.OFFICER)
        self.head = make_user("2003", "何建平", Role.OFFICE_HEAD)
        self.seconds: dict[str, float] = {}

    def timed(self, step: str, act: Callable[[], Any]) -> Any:
        begin = time.perf_counter()
        done = act()
        self.seconds[step] = time.perf_counter() - begin
        return done

    def checked(self, sort: str, data: bytes) -> Any:
        from django.utils import timezone

        from portal.sheets.acts import Acts
        from surgery.importers import acts
        from surgery.importers.acts import KINDS

        said: dict[str, Any] = {"by": self.officer, "at": timezone.now()}
        one = Acts(KINDS[sort]).upload(name="目录.xlsx", data=data, **said)
        acts.check(one=one, mapping=one.mapping, **said)
        return self.worked(one, "CHECKED")

    def written(self, one: Any, **given: Any) -> Any:
        from django.utils import timezone

        from surgery.importers import acts

        said: dict[str, Any] = {
            "by": self.officer,
            "at": timezone.now(),
            "reason": "国临目录年度更新",
        }
        acts.write(one=one, is_all_or_nothing=True, **said, **given)
        return self.worked(one, "APPLIED")

    def undone(self, one: Any) -> Any:
        from django.utils import timezone

        from surgery.importers.acts import acts_of

        said: dict[str, Any] = {
            "by": self.officer,
            "at": timezone.now(),
            "reason": "文件用错了，撤销",
        }
        acts_of(one).undo(one=one, **said)
        return self.worked(one, "UNDONE")

    def worked(self, one: Any, state: str) -> Any:
        from portal.jobs.services import run

        one.refresh_from_db()
        if not run(one.job):
            raise RuntimeError("somebody else has the job")
        one.refresh_from_db()
        if one.state != state:
            raise RuntimeError(f"{one.state} instead of {state}: {one.problem}")
        return one


def peer() -> float:
    """The same rows into copies of both tables, by bare ``executemany``."""
    from django.db import connection, transaction

    with connection.cursor() as cursor:
        taken = {}
        for table, condition in ONCE.items():
            copy(cursor, table, connection.vendor)
            cursor.execute(f"SELECT * FROM {table} WHERE {condition}")
            taken[table] = (len(cursor.description), cursor.fetchall())
        begin = time.perf_counter()
        with transaction.atomic():
            for table, (width, rows) in taken.items():
                text = f"INSERT INTO peer_{table} VALUES ({', '.join(['%s'] * width)})"
                cursor.executemany(text, rows)
        return time.perf_counter() - begin


ONCE = {
    "surgery_procedure": "1 = 1",
    "surgery_historicalprocedure": "history_type = '+'",
}


def copy(cursor: Any, table: str, vendor: str) -> None:
    """An empty table like this one, with its indexes and checks."""
    if vendor == "postgresql":
        cursor.execute(f"CREATE TABLE peer_{table} (LIKE {table} INCLUDING ALL)")
        return
    cursor.execute(
        "SELECT name, sql FROM sqlite_master WHERE tbl_name = %s AND sql IS NOT NULL "
        "ORDER BY type DESC",
        [table],
    )
    for name, text in cursor.fetchall():
        named = text.replace(f'"{table}"', f'"peer_{table}"')
        cursor.execute(named.replace(f'"{name}"', f'"peer_{name}"'))


def main(url: str, count: int, grades: int, path: str | None) -> dict[str, Any]:
    set_up(url)
    from django.db import connections

    from surgery.models import Procedure

    found = entries(count, path)
    turn = Turn()
    book, list_of_grades = national(found), graded(found[:grades])
    one = turn.timed("dry run", lambda: turn.checked("NATIONAL", book))
    turn.timed("write", lambda: turn.written(one))
    one = turn.timed("grades dry run", lambda: turn.checked("GRADES", list_of_grades))
    decided = {
        "second": turn.head,
        "doc_no": "医务〔2026〕12号",
        "meeting": "2026 年第 6 次会议",
        "effective_on": one.started_at.date(),
    }
    turn.timed("grades write", lambda: turn.written(one, **decided))
    told = Procedure.history.count()
    if (Procedure.objects.count(), told) != (len(found), len(found) + grades):
        raise RuntimeError(f"{told} history rows for {len(found)} and {grades}")
    turn.timed("grades undo", lambda: turn.undone(one))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    bare = peer()
    connections.close_all()
    return {
        "entries": len(found),
        "seconds": turn.seconds,
        "peak": peak,
        "peer": bare,
    }


if __name__ == "__main__":
    address, entries_asked, grades_asked, *rest = sys.argv[1:]
    told_path = rest[0] if rest else None
    print(json.dumps(main(address, int(entries_asked), int(grades_asked), told_path)))
