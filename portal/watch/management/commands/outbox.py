"""``manage.py outbox``: all an operator may do on the page HIS 对接, from a terminal.

The same acts and the same refusals as on the page. Exit codes as of
``portal.watch.terminal``; 4 where ``alerts`` found some open.
"""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

from django.core.management.base import CommandError
from django.db.models.query import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.accounts.capabilities import Capability
from portal.his.targets import targets
from portal.outbox import queries
from portal.outbox.archived import ArchivedMessage
from portal.outbox.archiving import message_of
from portal.outbox.many import act_on
from portal.outbox.models import EVERY_TARGET, Attempt, Message, State
from portal.outbox.presenters import chip, title_of
from portal.outbox.services import NotPossible, freeze, thaw
from portal.watch.keeping import archive_due
from portal.watch.presenters import words_of
from portal.watch.queries import open_alerts
from portal.watch.services import watch
from portal.watch.terminal import (
    LISTED,
    NOTHING_DONE,
    SOME_OPEN,
    SOME_REFUSED,
    Words,
    how_many,
    in_one_line,
    iso,
    moment,
    operator,
)

VIEWS = {
    "open": queries.IS_OPEN,
    "waiting": queries.IS_WAITING,
    "stuck": queries.IS_STUCK,
    "rejected": queries.IS_REJECTED,
    "doubt": queries.IS_UNKNOWN | queries.IS_DIFFERENT,
}


class Command(Words):
    help = "List, show, retry, stop, replay, archive messages to the HIS; show alerts"

    def add_words(self, words: Any) -> None:
        self._reading(words)
        for name, told in (
            ("retry", "deliver again what was rejected, is stuck or in doubt"),
            ("stop", "give messages up"),
            ("replay", "deliver confirmed ones again after the HIS was set back"),
        ):
            self._acting(words.add_parser(name, help=told))
        for name, told in (("freeze", "send nothing more"), ("thaw", "send again")):
            parser = words.add_parser(name, help=told)
            parser.add_argument("target", nargs="?", default=EVERY_TARGET)
            parser.add_argument("--by", required=True, help="staff number")
            parser.add_argument("--reason", required=True)
            if name == "freeze":
                parser.add_argument("--until", type=moment, help="thawed by itself")
        archive = words.add_parser("archive", help="move long settled messages")
        archive.add_argument("--months", type=int, help="else the hospital's parameter")
        archive.add_argument("--most", type=int, help="stop after about so many")

    def _reading(self, words: Any) -> None:
        listed = words.add_parser("list", help="messages, the newest first")
        self._choosing(listed)
        listed.add_argument("--archived", action="store_true", help="of the archive")
        listed.add_argument("--limit", type=how_many, default=LISTED)
        words.add_parser("show", help="one message").add_argument("id", type=int)
        words.add_parser("status", help="how many stand where")
        words.add_parser("alerts", help="look now; exit 4 while one is open")

    def _choosing(self, parser: ArgumentParser) -> None:
        parser.add_argument("--view", choices=sorted(VIEWS))
        parser.add_argument("--state", choices=[str(state) for state in State])
        parser.add_argument("--target", help="told to this target, such as his")
        parser.add_argument("--stream", help="such as practitioner:1027")
        parser.add_argument("--since", type=moment, help="confirmed or promised from")

    def _acting(self, parser: ArgumentParser) -> None:
        parser.add_argument("id", type=int, nargs="*", help="numbers of messages")
        parser.add_argument("--all", action="store_true", help="all that are chosen")
        self._choosing(parser)
        parser.add_argument("--by", required=True, help="staff number of who decides")
        parser.add_argument("--reason", required=True)

    # --- reading ----------------------------------------------------------------------

    def _list(self, options: dict[str, Any]) -> int:
        found = [line_of(one) for one in chosen(options, options["limit"])]
        self._print(options, {"messages": found}, [text_of(line) for line in found])
        return 0

    def _show(self, options: dict[str, Any]) -> int:
        message, attempts = message_and_tries(options["id"])
        whole = line_of(message) | {
            "payload": message.payload,
            "delivered_at": iso(message.delivered_at),
            "confirmed_at": iso(message.confirmed_at),
            "attempts": [try_of(one) for one in attempts],
        }
        text = json.dumps(whole, ensure_ascii=False, indent=2)
        self._print(options, whole, [text])
        return 0

    def _status(self, options: dict[str, Any]) -> int:
        now = queries.figures()
        counts = {
            name: getattr(now, name)
            for name in ("waiting", "stuck", "rejected", "unknown", "different")
        }
        told = counts | {
            "oldest_at": iso(now.oldest_at),
            "last_confirmed_at": iso(now.last_confirmed_at),
        }
        lost = queries.open_without_target(targets())
        texts = [f"{name}: {value}" for name, value in told.items()]
        texts += [f"without_target {name}: {count}" for name, count in lost.items()]
        self._print(options, told | {"without_target": lost}, texts)
        return 0

    def _alerts(self, options: dict[str, Any]) -> int:
        watch(timezone.now())
        found = [
            {
                "rule": alert.rule,
                "target": alert.target,
                "opened_at": iso(alert.opened_at),
                "amount": alert.amount,
                "words": words_of(alert),
            }
            for alert in open_alerts()
        ]
        texts = [alert_text(one) for one in found]
        self._print(options, {"alerts": found}, texts or [_("没有告警")])
        return SOME_OPEN if found else 0

    # --- acting -----------------------------------------------------------------------

    def _retry(self, options: dict[str, Any]) -> int:
        return self._act("retry", options)

    def _stop(self, options: dict[str, Any]) -> int:
        return self._act("stop", options)

    def _replay(self, options: dict[str, Any]) -> int:
        return self._act("replay", options)

    def _act(self, act: str, options: dict[str, Any]) -> int:
        by = operator(options["by"], Capability.OPERATE_HIS)
        messages = messages_to_act_on(options)
        try:
            done = act_on(
                messages, act, by=by, at=timezone.now(), reason=options["reason"]
            )
        except NotPossible as problem:
            raise CommandError(_(str(problem)), returncode=NOTHING_DONE) from None
        refused = [{"id": pk, "why": _(why)} for pk, why in done.refused]
        told = {"act": act, "done": done.done, "refused": refused}
        counted = {"done": len(done.done), "refused": len(refused)}
        texts = [_("%(done)s 条已办理，%(refused)s 条不能办理") % counted]
        texts += [f"#{one['id']} {one['why']}" for one in refused]
        self._print(options, told, texts)
        if not refused:
            return 0
        return SOME_REFUSED if done.done else NOTHING_DONE

    def _freeze(self, options: dict[str, Any]) -> int:
        return self._switch(options, freeze, until=options["until"])

    def _thaw(self, options: dict[str, Any]) -> int:
        return self._switch(options, thaw)

    def _switch(
        self, options: dict[str, Any], act: Callable[..., Any], **more: Any
    ) -> int:
        by, target = operator(options["by"], Capability.OPERATE_HIS), options["target"]
        given = {"target": target, "reason": options["reason"], **more}
        try:
            act(by=by, at=timezone.now(), **given)
        except NotPossible as problem:
            raise CommandError(_(str(problem)), returncode=NOTHING_DONE) from None
        told = {"act": options["word"], "target": target}
        self._print(options, told, [f"{options['word']} {target}"])
        return 0

    def _archive(self, options: dict[str, Any]) -> int:
        done = archive_due(
            timezone.now(), months=options["months"], most=options["most"]
        )
        told = {"moved": done.moved, "streams": done.streams, "is_cut": done.is_cut}
        words = _("归档 %(moved)s 条") % {"moved": done.moved}
        self._print(options, told, [words])
        return 0


# --- choosing -------------------------------------------------------------------------


def chosen(options: dict[str, Any], most: int | None = None) -> list[Message]:
    """What the words of the command mean, the newest first."""
    if options.get("archived"):
        rows = narrowed(ArchivedMessage.objects.order_by("-id"), options)
        return [message_of(row) for row in rows[:most]]
    found = narrowed(Message.objects.order_by("-id"), options)
    if view := options["view"]:
        found = found.filter(VIEWS[view])
    return list(found[:most])


def narrowed(rows: QuerySet[Any], options: dict[str, Any]) -> QuerySet[Any]:
    if target := options["target"]:
        rows = rows.filter(target=target)
    if state := options["state"]:
        rows = rows.filter(state=state)
    if stream := options["stream"]:
        rows = rows.filter(stream=stream)
    if since := options["since"]:
        name = "confirmed_at" if options["state"] == "CONFIRMED" else "enqueued_at"
        rows = rows.filter(**{f"{name}__gte": since})
    return rows


def messages_to_act_on(options: dict[str, Any]) -> list[Message]:
    ids = options["id"]
    if bool(ids) == bool(options["all"]):
        raise CommandError(_("请写消息编号，或用 --all 加筛选条件，二者选一。"))
    if options["all"]:
        is_narrowed = any(options[k] for k in ("view", "state", "stream", "since"))
        if not is_narrowed:
            raise CommandError(
                _("--all 必须加上 --view、--state、--stream 或 --since。")
            )
        return chosen(options)
    found = {row.pk: row for row in Message.objects.filter(pk__in=ids).order_by("pk")}
    if missing := [f"#{pk}" for pk in ids if pk not in found]:
        raise CommandError(_("没有消息 %(ids)s") % {"ids": " ".join(missing)})
    return list(found.values())


def message_and_tries(pk: int) -> tuple[Message, list[Attempt]]:
    if found := queries.found_message(pk):
        return found
    raise CommandError(_("没有消息 %(ids)s") % {"ids": f"#{pk}"})


# --- words ----------------------------------------------------------------------------


def line_of(message: Message) -> dict[str, Any]:
    return {
        "id": message.pk,
        "target": message.target,
        "stream": message.stream,
        "kind": message.kind,
        "subject": message.subject,
        "state": message.state,
        "shown": str(chip(message).text),
        "tries": message.tries,
        "enqueued_at": iso(message.enqueued_at),
        "due_at": iso(message.due_at),
        "code": message.last_code,
        "why": title_of(message),
    }


def text_of(line: dict[str, Any]) -> str:
    """One line of ``list``."""
    lost = line["target"] if line["target"] not in targets() else ""
    where = (shown_target(line["target"]) or lost, line["stream"])
    told = (line["shown"], line["enqueued_at"], line["why"])
    return in_one_line(f"#{line['id']}", *where, *told)


def alert_text(alert: dict[str, Any]) -> str:
    place = shown_target(alert["target"])
    return in_one_line(alert["opened_at"], alert["rule"], place, alert["words"])


def shown_target(name: str) -> str:
    """Said where there are several."""
    return name if len(targets()) > 1 else ""


def try_of(attempt: Attempt) -> dict[str, Any]:
    return {
        "started_at": iso(attempt.started_at),
        "duration_ms": attempt.duration_ms,
        "outcome": attempt.outcome,
        "code": attempt.code,
        "text": attempt.text,
        "his_row_id": attempt.his_row_id,
    }
