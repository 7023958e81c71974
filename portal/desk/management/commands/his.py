"""``manage.py his``: the script a DBA of the HIS runs, and whether the HIS keeps it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.directory.conformance import save_conformance
from portal.his.conformance.door import door_of
from portal.his.conformance.result import (
    TITLES,
    Found,
    Outcome,
    Report,
    Result,
    summary_by_interface,
)
from portal.his.conformance.runner import HisAway, Plan, Run
from portal.his.conformance.sheet import as_html, as_pdf
from portal.his.conformance.tables import TableLook, looks_at
from portal.his.conformance.trials import Writing
from portal.his.contract import openapi
from portal.his.ddl.engines import ENGINES
from portal.his.ddl.requests import ACCOUNT, requests_script
from portal.his.ddl.script import script
from portal.his.mapping.loader import DEMO, load, shipped
from portal.his.mapping.shape import Mapping, MappingError
from portal.his.opening import open_gateway
from portal.his.site import not_carried
from portal.his.targets import targets

AWAY = 2


class Command(BaseCommand):
    help = "Write what the HIS has to run, and check that it keeps the contract"

    def add_arguments(self, parser: CommandParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True)
        ddl = acts.add_parser("ddl", help="the script of one engine")
        ddl.add_argument("--engine", choices=sorted(ENGINES), required=True)
        ddl.add_argument(
            "--mapping", type=shipped, default=DEMO, help="a file, or gnu_health"
        )
        ddl.add_argument("--out", type=Path, help="a directory; else standard output")
        tables = acts.add_parser("tables", help="intermediate tables of one engine")
        tables.add_argument("--engine", choices=sorted(ENGINES), required=True)
        tables.add_argument("--account", default=ACCOUNT, help="the one that writes")
        check = acts.add_parser("check", help="numbered cases against a HIS")
        check.add_argument("--dsn", help="the HIS; else HIS_DSN")
        check.add_argument("--only", default="", metavar="YW-DRUG")
        check.add_argument(
            "--mapping", type=shipped, help="what the HIS has not; else HIS_MAPPING"
        )
        check.add_argument("--write", action="store_true", help="try the functions")
        check.add_argument("--doctor", metavar="EMPNO", help="the test doctor")
        check.add_argument("--procedure", default="", metavar="HIS_ITEM_ID")
        check.add_argument("--hospital", default="")
        check.add_argument("--product", default="", help="of the HIS, with version")
        check.add_argument("--json", action="store_true")
        check.add_argument("--html", type=Path)
        check.add_argument("--pdf", type=Path)
        described = acts.add_parser("openapi", help="the REST services, described")
        described.add_argument("--out", type=Path, help="a file; else standard output")

    def handle(self, *_args: Any, **options: Any) -> None:
        acts = {
            "ddl": self._ddl,
            "tables": self._tables,
            "check": self._check,
            "openapi": self._openapi,
        }
        acts[options["act"]](options)

    def _ddl(self, options: dict[str, Any]) -> None:
        path: Path = options["mapping"]
        text = script(loaded(path), ENGINES[options["engine"]])
        if options["out"] is None:
            self.stdout.write(text, ending="")
            return
        directory: Path = options["out"]
        directory.mkdir(parents=True, exist_ok=True)
        target = directory / f"{path.stem}_{options['engine']}.sql"
        target.write_text(text, encoding="utf-8")
        self.stdout.write(str(target))

    def _tables(self, options: dict[str, Any]) -> None:
        text = requests_script(ENGINES[options["engine"]], options["account"])
        self.stdout.write(text, ending="")

    def _openapi(self, options: dict[str, Any]) -> None:
        text = openapi.render()
        out: Path | None = options["out"]
        if out is None:
            self.stdout.write(text, ending="")
        else:
            out.write_text(text, encoding="utf-8")

    def _check(self, options: dict[str, Any]) -> None:
        plan = plan_of(options)
        gateway = open_gateway(
            options["dsn"] or settings.HIS_DSN, settings.HIS_TIMEOUT_SECONDS
        )
        try:
            report = Run(door_of(gateway), plan).report()
        except HisAway as error:
            self.stderr.write(str(error))
            sys.exit(AWAY)
        finally:
            gateway.close()
        # A part of the cases, or another HIS, says nothing of the interfaces in use.
        if not options["only"] and not options["dsn"]:
            save_conformance(summary_by_interface(report), at=report.ended)
        if options["html"]:
            options["html"].write_text(as_html(report), encoding="utf-8")
        if options["pdf"]:
            options["pdf"].write_bytes(as_pdf(report))
        # The tables of this site, when the whole of it is asked about.
        tables = [] if options["only"] or options["dsn"] else tables_of_site(plan)
        self._print(report, tables, as_json=options["json"])
        if not report.is_good or any(one.is_bad for one in tables):
            sys.exit(1)

    def _print(self, report: Report, tables: list[TableLook], *, as_json: bool) -> None:
        if as_json:
            found = report.to_json() | {"tables": [as_json_of(one) for one in tables]}
            if any(one.is_bad for one in tables):
                found["exit_code"] = 1
            self.stdout.write(json.dumps(found, ensure_ascii=False, indent=1))
            return
        for one in tables:
            title = f"中间表（{one.target}）{one.table} {TITLES[one.answer.outcome]}"
            self.stdout.write("\n".join([title, *words_of(one.answer)]))
        for result in report.results:
            if result.outcome in {Outcome.FAILED, Outcome.UNCHECKED}:
                self.stdout.write(told(result))
        counts = (f"{TITLES[kind]} {report.count(kind)}" for kind in Outcome)
        self.stdout.write("，".join(counts))
        for note in report.notes:
            self.stdout.write(note)


def loaded(path: Path) -> Mapping:
    try:
        return load(path)
    except FileNotFoundError:
        raise CommandError(f"{path}: 没有这个文件") from None
    except MappingError as error:
        raise CommandError(str(error)) from None


def plan_of(options: dict[str, Any]) -> Plan:
    if options["write"] != bool(options["doctor"]):
        raise CommandError("--write 与 --doctor 须一起给出：维护函数只对测试医生试")
    writing = None
    if options["write"]:
        writing = Writing(options["doctor"], options["procedure"])
    path: Path | None = options["mapping"]
    lacking: dict[str, str] = {}
    # The mapping of the site says nothing of another HIS.
    if path is None and settings.HIS_MAPPING and not options["dsn"]:
        path = shipped(settings.HIS_MAPPING)
    if not options["dsn"]:
        lacking = not_carried(settings.HIS_PUSH_DSN)
    mapping = loaded(path) if path else None
    plan = Plan(
        hospital=options["hospital"] or settings.HOSPITAL_NAME,
        product=options["product"] or (mapping.name if mapping else ""),
        only=options["only"],
        lacking=lacking | (mapping.missing if mapping else {}),
        writing=writing,
    )
    if not plan.cases():
        raise CommandError(
            f"没有检查项 {plan.only}，可用 --only YW-DRUG 或 --only YW-DRUG-09"
        )
    return plan


def tables_of_site(plan: Plan) -> list[TableLook]:
    """The intermediate tables of every target that is told by them."""
    seconds, may_write = settings.HIS_TIMEOUT_SECONDS, plan.writing is not None
    return [
        look
        for target in targets().values()
        for look in looks_at(target, seconds, may_write=may_write)
    ]


def as_json_of(look: TableLook) -> dict[str, str]:
    answer = look.answer
    return {
        "target": look.target,
        "table": look.table,
        "outcome": str(answer.outcome),
        "expected": answer.expected,
        "found": answer.found,
        "advice": answer.advice,
    }


def told(result: Result) -> str:
    """``YW-DRUG-09 不通过 …：应 …；实为 …。…``."""
    case = result.case
    first = f"{case.number} {TITLES[result.outcome]} {case.title}"
    return "\n".join([first, *words_of(result.answer)])


def words_of(answer: Found) -> list[str]:
    parts = (("应为", answer.expected), ("实为", answer.found), ("处理", answer.advice))
    return [f"    {name}：{words}" for name, words in parts if words]
