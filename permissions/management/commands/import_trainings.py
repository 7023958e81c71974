"""``manage.py import_trainings FILE``: training records from a sheet, all or none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from permissions.services.training_sheet import SheetRefused, import_trainings


class Command(BaseCommand):
    help = "从 .csv 导入培训考核记录；有一行不能导入就全部不导入，并逐行说明"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("sheet", type=Path)
        parser.add_argument("--reason", default="从表格导入培训考核记录")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            sheet = options["sheet"].read_bytes()
        except OSError as problem:
            raise CommandError(
                f"读不了 {options['sheet']}：{problem.strerror}"
            ) from None
        try:
            count = import_trainings(
                sheet=sheet, by=None, at=timezone.now(), reason=options["reason"]
            )
        except SheetRefused as refused:
            for number, why in refused.rows.items():
                self.stderr.write(f"第 {number} 行：{why}")
            raise CommandError(str(refused)) from None
        self.stdout.write(f"导入 {count} 条")
