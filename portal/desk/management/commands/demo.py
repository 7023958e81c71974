"""``manage.py demo``: see ``portal.desk.demo``."""

from __future__ import annotations

import gc
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand

from portal.desk.demo import supervisor
from portal.env import BadSetting


class Command(BaseCommand):
    help = "Run the portal, a demo HIS, a worker, a beat and Redis until Ctrl-C."
    # The children check themselves; here it would only delay the first page.
    requires_system_checks: list[str] = []  # noqa: RUF012

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--prepare",
            action="store_true",
            help="migrate and seed only; the demo calls itself so",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["prepare"]:
            # Migrating makes thousands of classes; looking for garbage among them, as
            # often as usual, took a quarter of the time to the first page.
            gc.set_threshold(100_000, 50, 100)
            call_command("migrate", verbosity=0, interactive=False)
            call_command("seed_demo")
            return
        try:
            sys.exit(supervisor.run())
        except BadSetting as problem:
            self.stderr.write(str(problem))
            sys.exit(1)
