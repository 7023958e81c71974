"""``manage.py outbox_status``: how many messages stand where, and why they wait."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from portal.outbox.models import Message
from portal.outbox.queries import IS_OPEN, figures


class Command(BaseCommand):
    help = "Show the state of the outbox"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--open", type=int, default=20, help="open messages shown")

    def handle(self, *_args: Any, **options: Any) -> None:
        now = figures()
        last = now.last_confirmed_at
        for name in ("waiting", "stuck", "rejected", "unknown", "different"):
            self.stdout.write(f"{name:<10}{getattr(now, name)}")
        self.stdout.write(f"{'confirmed':<10}{last.isoformat() if last else 'never'}")
        found = Message.objects.filter(IS_OPEN).defer("payload").order_by("id")
        for message in found[: options["open"]]:
            due = message.due_at.isoformat() if message.due_at else "by a person"
            self.stdout.write(
                f"#{message.pk} {message.stream} {message.state} tries {message.tries}"
                f" due {due} {message.last_code} {message.last_text}".rstrip()
            )
