"""What the commands of operators share: words, who acts, one JSON document, exit codes.

0 done; 1 nothing was done, and why stands on stderr; 2 the words of the command are
wrong (argparse); 3 done to some and refused for others; 4 something was found open.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from portal.accounts.capabilities import Capability
from portal.accounts.models import User

NOTHING_DONE, SOME_REFUSED, SOME_OPEN = 1, 3, 4
LISTED = 50


class Words(BaseCommand):
    """A command whose first word names a method: ``status`` is ``_status``, which takes
    the options and returns the exit code."""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON document")
        self.add_words(
            parser.add_subparsers(dest="word", required=True, metavar="WORD")
        )

    def add_words(self, words: Any) -> None:
        raise NotImplementedError

    def handle(self, *_args: Any, **options: Any) -> None:
        word: Callable[[dict[str, Any]], int] = getattr(self, f"_{options['word']}")
        with override("zh-hans"):
            code = word(options)
        if code:
            sys.exit(code)

    def _print(
        self, options: dict[str, Any], told: dict[str, Any], texts: Iterable[str]
    ) -> None:
        if options["json"]:
            self.stdout.write(json.dumps(told, ensure_ascii=False))
            return
        for text in texts:
            self.stdout.write(text)


def operator(staff_no: str, *needed: Capability) -> User:
    """Who decides and may, by one of these capabilities; the same people as on the
    page."""
    by: User | None = User.objects.filter(staff_no=staff_no, is_active=True).first()
    if by is None:
        raise CommandError(_("没有启用的账户 %(no)s") % {"no": staff_no})
    if not any(by.has_capability(one) for one in needed):
        raise CommandError(_("%(no)s 无权操作 HIS 对接") % {"no": staff_no})
    return by


def how_many(text: str) -> int:
    """At least one; argparse tells a ValueError as words of the command."""
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


def moment(text: str) -> datetime:
    """``2026-11-23T02:10``, without a zone in that of the hospital."""
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else timezone.make_aware(found)


def iso(at: datetime | None) -> str | None:
    return timezone.localtime(at).isoformat(timespec="seconds") if at else None


def in_one_line(*words: str) -> str:
    return " ".join(filter(None, words))
