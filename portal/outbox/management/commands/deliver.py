"""``manage.py deliver``: deliver what is due, once, in this process."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from portal.his.opening import from_settings
from portal.outbox.delivery import deliver_due
from portal.outbox.queries import figures


class Command(BaseCommand):
    help = "Deliver what is due to the HIS, without a worker"

    def handle(self, *_args: Any, **_options: Any) -> None:
        gateway = from_settings()
        summary = deliver_due(gateway=gateway)
        while summary.is_cut:
            summary = deliver_due(gateway=gateway)
        now = figures()
        self.stdout.write(
            f"waiting {now.waiting}, stuck {now.stuck}, rejected {now.rejected}, "
            f"unknown {now.unknown}, different {now.different}"
        )
        if summary.is_away:
            raise CommandError("the HIS does not answer; see outbox_status")
