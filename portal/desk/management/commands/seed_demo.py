"""``manage.py seed_demo``: see ``portal.desk.demo.seed``."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from portal.desk.demo.seed import CannotSeed, seed


class Command(BaseCommand):
    help = "Fill the demo with accounts, catalogues, doctors and a year of rights"

    def handle(self, *_args: Any, **_options: Any) -> None:
        try:
            self.stdout.write(seed())
        except CannotSeed as problem:
            raise CommandError(str(problem)) from problem
