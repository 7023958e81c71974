"""``manage.py outbox_retry 81 --by 2051 --reason …``: deliver a message again."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from portal.accounts.models import User
from portal.outbox.models import Message
from portal.outbox.services import NotPossible, retry


class Command(BaseCommand):
    help = "Have messages delivered again that were rejected or are in doubt"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("message", type=int, nargs="+", help="number of a message")
        parser.add_argument("--by", required=True, help="staff number of who decides")
        parser.add_argument("--reason", required=True)

    def handle(self, *_args: Any, **options: Any) -> None:
        by = User.objects.filter(staff_no=options["by"], is_active=True).first()
        if by is None:
            raise CommandError(f"no active user {options['by']}")
        for number in options["message"]:
            message = Message.objects.filter(pk=number).first()
            if message is None:
                raise CommandError(f"no message #{number}")
            self._retry(message, by, options["reason"])

    def _retry(self, message: Message, by: User, reason: str) -> None:
        try:
            retry(message=message, by=by, at=timezone.now(), reason=reason)
        except NotPossible as problem:
            raise CommandError(f"#{message.pk}: {problem}") from None
        self.stdout.write(f"#{message.pk} will be delivered again")
