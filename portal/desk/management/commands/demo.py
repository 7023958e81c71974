"""``manage.py demo``: see ``portal.desk.demo``."""

from __future__ import annotations

import gc
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand

from portal.desk.demo import supervisor
from portal.desk.demo.tables import prepare_tables
from portal.env import BadSetting


class Command(BaseCommand):
    help = "Run the portal, a demo HIS, a worker, a beat and Redis until Ctrl-C."
    # The children check themselves; here it would only delay the first page.
    requires_system_checks: list[str] = []  # noqa: RUF012

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--prepare",
            action="store_true",
            help="make tables and data only; the demo calls itself so",
        )
        parser.add_argument("--his", help="with --prepare: page of the HIS to wait for")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["prepare"]:
            # So much is made here that looking for garbage as often as usual took a
            # quarter of the time to the first page.
            gc.set_threshold(100_000, 50, 100)
            prepare_tables()
            supervisor.await_answer(options["his"])
            call_command("seed_demo")
            return
        try:
            sys.exit(supervisor.run())
        except BadSetting as problem:
            self.stderr.write(str(problem))
            sys.exit(1)
