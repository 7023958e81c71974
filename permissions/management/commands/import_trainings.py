"""``manage.py import_trainings FILE``: training records from a sheet, all or none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from permissions.importers.trainings.columns import ACTS, COLUMNS, TRAININGS
from permissions.models import TrainingImport
from portal.accounts.services import system_account
from portal.audit.refusing import ActRefused
from portal.files.refusals import FileRefused
from portal.jobs.services import run
from portal.sheets.models import ImportState
from portal.sheets.presenters import problem_words


class Command(BaseCommand):
    help = (
        "从 xlsx 或 csv 导入培训考核记录；有一行不能导入就全部不导入，并逐行说明。"
        "导入留在「导入培训考核」中，可以在那里查看和撤销"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("sheet", type=Path)
        parser.add_argument("--reason", default="从表格导入培训考核记录")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["sheet"]
        try:
            data = path.read_bytes()
        except OSError as problem:
            raise CommandError(f"读不了 {path}：{problem.strerror}") from None
        by = system_account()
        try:
            one = ACTS.upload(name=path.name, data=data, by=by, at=timezone.now())
            ACTS.check(one=one, mapping=one.mapping, by=by, at=timezone.now())
            one = _worked(one, ImportState.CHECKED)
            self._tell_wrong(one)
            ACTS.write(
                one=one,
                is_all_or_nothing=True,
                by=by,
                at=timezone.now(),
                reason=options["reason"],
            )
        except (ActRefused, FileRefused) as refused:
            raise CommandError(str(refused)) from None
        one = _worked(one, ImportState.APPLIED)
        count = TRAININGS.rows_of(one).exclude(record=None).count()
        self.stdout.write(f"导入 {count} 条")

    def _tell_wrong(self, one: TrainingImport) -> None:
        for row in TRAININGS.rows_of(one).filter(verdict__in=TRAININGS.wrong):
            why = "；".join(problem_words(said, COLUMNS) for said in row.problems)
            self.stderr.write(f"第 {row.number} 行：{why}")


def _worked(one: TrainingImport, wanted: ImportState) -> TrainingImport:
    """Its job, done here and now; a worker may have been quicker."""
    one.refresh_from_db()
    if one.job is not None:
        run(one.job)
    one.refresh_from_db()
    if one.state != wanted:
        raise CommandError(one.problem or "没有完成，请在「导入培训考核」中查看")
    return one
