"""``manage.py his ddl``: the script a DBA of the HIS runs, written from a mapping."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.his.ddl.engines import ENGINES
from portal.his.ddl.script import script
from portal.his.mapping.loader import DEMO, load
from portal.his.mapping.shape import MappingError


class Command(BaseCommand):
    help = "Write what the HIS has to run: views, functions, log and grants"

    def add_arguments(self, parser: CommandParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True)
        ddl = acts.add_parser("ddl", help="the script of one engine")
        ddl.add_argument("--engine", choices=sorted(ENGINES), required=True)
        ddl.add_argument("--mapping", type=Path, default=DEMO)
        ddl.add_argument("--out", type=Path, help="a directory; else standard output")

    def handle(self, *_args: Any, **options: Any) -> None:
        path: Path = options["mapping"]
        try:
            mapping = load(path)
        except FileNotFoundError:
            raise CommandError(f"{path}: 没有这个文件") from None
        except MappingError as error:
            raise CommandError(str(error)) from None
        text = script(mapping, ENGINES[options["engine"]])
        if options["out"] is None:
            self.stdout.write(text, ending="")
            return
        directory: Path = options["out"]
        directory.mkdir(parents=True, exist_ok=True)
        target = directory / f"{path.stem}_{options['engine']}.sql"
        target.write_text(text, encoding="utf-8")
        self.stdout.write(str(target))
