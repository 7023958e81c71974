"""``manage.py pull_cases [--whole]``: booked and performed operations now, with counts."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from portal.directory.management.commands.pull import line_of
from portal.his.opening import from_settings
from surgery.sync import pull_cases


class Command(BaseCommand):
    help = "Pull booked and performed operations; fails when a view was not taken"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--whole", action="store_true", help="all rows, not only what changed"
        )

    def handle(self, *_args: Any, whole: bool, **_options: Any) -> None:
        at = timezone.now()
        runs = pull_cases(gateway=from_settings(), at=at, whole=whole)
        for run in runs:
            self.stdout.write(line_of(run))
        bad = [run.view for run in runs if not run.is_ok]
        if bad:
            raise CommandError(f"not taken: {', '.join(bad)}")
