"""``manage.py pull [VIEW …]``: these dictionaries now, or all, with counts."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from portal.directory.dictionaries import BY_VIEW
from portal.directory.models import SyncRun
from portal.directory.sync import pull_all
from portal.his.opening import from_settings


class Command(BaseCommand):
    help = "Pull dictionaries from the HIS; fails when one of them could not be taken"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "views", nargs="*", metavar="VIEW", help=f"of {', '.join(BY_VIEW)}"
        )

    def handle(self, *_args: Any, views: list[str], **_options: Any) -> None:
        names = [name.upper() for name in views] or list(BY_VIEW)
        unknown = [name for name in names if name not in BY_VIEW]
        if unknown:
            known = ", ".join(BY_VIEW)
            raise CommandError(f"{unknown[0]}: no such dictionary; one of {known}")
        runs = pull_all(
            gateway=from_settings(),
            at=timezone.now(),
            dictionaries=[BY_VIEW[name] for name in names],
        )
        for run in runs:
            self.stdout.write(line_of(run))
        bad = [run.view for run in runs if not run.is_ok]
        if bad:
            raise CommandError(f"not taken: {', '.join(bad)}")


def line_of(run: SyncRun) -> str:
    if run.state == SyncRun.State.FAILED:
        return f"{run.view}: {run.error}"
    if run.state == SyncRun.State.HELD:
        return f"{run.view}: {run.vanished} rows gone, a person must say"
    return (
        f"{run.view}: read {run.read}, added {run.added}, changed {run.changed}, "
        f"vanished {run.vanished}, quarantined {run.quarantined}"
    )
