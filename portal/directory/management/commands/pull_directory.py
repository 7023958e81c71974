"""``manage.py pull_directory``: both dictionaries now, with counts."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from portal.directory.tasks import pull_all


class Command(BaseCommand):
    help = "Pull doctors and the privilege dictionary from the HIS"

    def handle(self, *_args: Any, **_options: Any) -> None:
        for run in pull_all():
            if not run.is_ok:
                raise CommandError(f"{run.view}: {run.error}")
            self.stdout.write(
                f"{run.view}: read {run.read}, added {run.added}, "
                f"changed {run.changed}, vanished {run.vanished}, "
                f"quarantined {run.quarantined}"
            )
