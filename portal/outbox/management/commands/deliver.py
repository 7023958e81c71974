"""``manage.py deliver``: deliver what is due, once, in this process."""

from __future__ import annotations

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.his.targets import Target, targets
from portal.outbox.delivery import Summary, deliver_due
from portal.outbox.queries import figures

NEXT_SECOND = 1.0


class Command(BaseCommand):
    help = "Deliver what is due to the HIS and the other targets, without a worker"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--target", help="to this one only")

    def handle(self, *_args: Any, **options: Any) -> None:
        known = targets()
        name = options["target"]
        if name and name not in known:
            raise CommandError(f"no target {name}; there are {', '.join(known)}")
        away = []
        for target in [known[name]] if name else known.values():
            summary = self._deliver(target)
            if summary.is_shut:
                self.stdout.write(f"{target.name} is frozen, or outside of its hours")
            if summary.is_away:
                away.append(target.name)
        now = figures()
        self.stdout.write(
            f"waiting {now.waiting}, stuck {now.stuck}, rejected {now.rejected}, "
            f"unknown {now.unknown}, different {now.different}"
        )
        if away:
            raise CommandError(
                f"no answer from {', '.join(away)}; see manage.py outbox status"
            )

    def _deliver(self, target: Target) -> Summary:
        gateway = target.gateway()
        while True:
            summary = deliver_due(gateway=gateway, target=target.name)
            if summary.is_limited and not summary.is_away:
                time.sleep(NEXT_SECOND)
            elif not summary.is_cut:
                return summary
