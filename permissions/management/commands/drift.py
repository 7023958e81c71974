"""``manage.py drift``: all an operator may do on the page HIS 差异, from a terminal.

The same acts and the same refusals as on the page. Exit codes as of
``portal.watch.terminal``; 4 where ``status`` or ``compare`` found a drift that asks for
somebody.
"""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.core.management.base import CommandError
from django.db.models.query import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from permissions import reconciliation as acts
from permissions.enums import DriftKind, DriftState, Part
from permissions.models import Drift, DriftDecision, Reconciliation
from permissions.presenters.drifts import codes_of, drift_rows, name_of
from permissions.queries import drifts as queries
from permissions.queries.standing import standings
from permissions.reconciliation import Outcome
from permissions.reconciliation.allowed import BEFORE, NEEDED
from permissions.reconciliation.outcome import in_parts
from permissions.reconciliation.seen import TARGETS_OF
from permissions.services.refusals import ActRefused
from portal.his.opening import from_settings
from portal.watch.terminal import (
    LISTED,
    NOTHING_DONE,
    SOME_OPEN,
    SOME_REFUSED,
    Words,
    how_many,
    in_one_line,
    iso,
    operator,
)

ACTS: Mapping[str, tuple[Callable[..., Outcome], str]] = {
    "repair": (acts.repair, "tell the HIS again what it should show"),
    "adopt": (acts.adopt, "propose what the HIS has; another person decides"),
    "ignore": (acts.ignore, "leave it while the values stay"),
    "reopen": (acts.reopen, "look at it again"),
}


class Command(Words):
    help = "Compare with the HIS; list, show, repair, adopt, ignore, reopen drifts"

    def add_words(self, words: Any) -> None:
        words.add_parser("status", help="how each part stands; exit 4 while one asks")
        compare = words.add_parser(
            "compare",
            help="compare everything now; exit 1 when no part could be compared, 3 when"
            " one could not, 4 while a drift asks for somebody",
        )
        compare.add_argument("--by", required=True, help="staff number")
        listed = words.add_parser("list", help="drifts, the newest first")
        self._choosing(listed)
        listed.add_argument("--limit", type=how_many, default=LISTED)
        words.add_parser("show", help="one drift").add_argument("id", type=int)
        for name, (_act, told) in ACTS.items():
            parser = words.add_parser(name, help=told)
            parser.add_argument("id", type=int, nargs="*", help="numbers of drifts")
            parser.add_argument(
                "--all",
                action="store_true",
                help=f"all chosen; without --state those in {BEFORE[name]}",
            )
            self._choosing(parser)
            parser.add_argument("--by", required=True, help="staff number")
            parser.add_argument("--reason", required=True)

    def _choosing(self, parser: ArgumentParser) -> None:
        parser.add_argument("--part", choices=[part.lower() for part in Part.values])
        parser.add_argument("--kind", choices=DriftKind.values)
        parser.add_argument("--state", choices=DriftState.values)

    # --- reading ----------------------------------------------------------------------

    def _status(self, options: dict[str, Any]) -> int:
        parts = standings()
        found = [
            {
                "part": one.part,
                **{kind.lower(): count for kind, count in one.open.items()},
                "since": iso(one.since),
                "looked_at": iso(one.looked_at),
            }
            for one in parts
        ]
        texts = [
            in_one_line(*(f"{name}: {value}" for name, value in one.items()))
            for one in found
        ]
        self._print(options, {"parts": found}, texts)
        return SOME_OPEN if any(one.count for one in parts) else 0

    def _list(self, options: dict[str, Any]) -> int:
        rows = chosen(options).order_by("-first_seen", "-id")[: options["limit"]]
        found = lines_of(list(rows))
        self._print(options, {"drifts": found}, [text_of(line) for line in found])
        return 0

    def _show(self, options: dict[str, Any]) -> int:
        drift = queries.drifts().filter(pk=options["id"]).first()
        if drift is None:
            raise missing([options["id"]])
        whole = lines_of([drift])[0] | {
            "last_seen": iso(drift.last_seen),
            "closed_at": iso(drift.closed_at),
            "decisions": [decision_of(one) for one in queries.decisions_of(drift)],
        }
        self._print(options, whole, [json.dumps(whole, ensure_ascii=False, indent=2)])
        return 0

    # --- acting -----------------------------------------------------------------------

    def _compare(self, options: dict[str, Any]) -> int:
        by, at = operator(options["by"], *NEEDED["compare"]), timezone.now()
        one = Reconciliation(part=Part.RIGHTS, asked_at=at, by=by)
        looks = acts.reconcile_all(gateway=from_settings(), at=at, one=one)
        if not looks:
            raise CommandError(_("正在比对，请稍后再试。"), returncode=NOTHING_DONE)
        found = [look_of(look) for look in looks]
        texts = [
            in_one_line(*(f"{name}: {value}" for name, value in line.items() if value))
            for line in found
        ]
        self._print(options, {"looks": found}, texts)
        failed = [look.problem for look in looks if look.problem]
        if len(failed) == len(looks):
            return NOTHING_DONE
        # What a HIS does not offer is no failure of tonight.
        if any(problem not in acts.NOT_OFFERED for problem in failed):
            return SOME_REFUSED
        return SOME_OPEN if any(one.count for one in standings()) else 0

    def _repair(self, options: dict[str, Any]) -> int:
        return self._act("repair", options)

    def _adopt(self, options: dict[str, Any]) -> int:
        return self._act("adopt", options)

    def _ignore(self, options: dict[str, Any]) -> int:
        return self._act("ignore", options)

    def _reopen(self, options: dict[str, Any]) -> int:
        return self._act("reopen", options)

    def _act(self, act: str, options: dict[str, Any]) -> int:
        by = operator(options["by"], *NEEDED[act])
        does, _told = ACTS[act]
        keys = keys_to_act_on(options, act)
        try:
            outcome = in_parts(
                does, keys, by=by, at=timezone.now(), reason=options["reason"]
            )
        except ActRefused as refused:
            raise CommandError(str(refused.message), returncode=NOTHING_DONE) from None
        left = [{"id": pk, "why": str(why)} for pk, why in outcome.left.items()]
        told = {"act": act, "done": outcome.done, "refused": left}
        texts = [
            _("%(done)s 项已办理，%(refused)s 项不能办理")
            % {"done": outcome.done, "refused": len(left)},
            *(f"#{one['id']} {one['why']}" for one in left),
        ]
        self._print(options, told, texts)
        if not left:
            return 0 if outcome.done else NOTHING_DONE
        return SOME_REFUSED if outcome.done else NOTHING_DONE


# --- choosing -------------------------------------------------------------------------


def chosen(options: dict[str, Any]) -> QuerySet[Drift]:
    """What the words of the command mean; those that are still there, unless a state
    is named."""
    rows = queries.drifts()
    if part := options["part"]:
        rows = rows.filter(target__in=TARGETS_OF[Part(part.upper())])
    if kind := options["kind"]:
        rows = rows.filter(kind=kind)
    if state := options["state"]:
        return rows.filter(state=state)
    return rows.filter(queries.IS_THERE)


def keys_to_act_on(options: dict[str, Any], act: str) -> Sequence[int]:
    ids = options["id"]
    if bool(ids) == bool(options["all"]):
        raise CommandError(_("请写差异编号，或用 --all 加筛选条件，二者选一。"))
    if options["all"]:
        if not any(options[name] for name in ("part", "kind", "state")):
            raise CommandError(_("--all 必须加上 --part、--kind 或 --state。"))
        rows = chosen(options | {"state": options["state"] or BEFORE[act]})
        return list(rows.order_by("pk").values_list("pk", flat=True))
    known = set(Drift.objects.filter(pk__in=ids).values_list("pk", flat=True))
    if gone := [pk for pk in ids if pk not in known]:
        raise missing(gone)
    return list(ids)


def missing(ids: Sequence[int]) -> CommandError:
    numbers = " ".join(f"#{pk}" for pk in ids)
    return CommandError(_("没有差异 %(ids)s") % {"ids": numbers})


# --- words ----------------------------------------------------------------------------


def lines_of(drifts: Sequence[Drift]) -> list[dict[str, Any]]:
    return [
        {
            "id": drift.pk,
            "target": drift.target,
            "kind": drift.kind,
            "of": name_of(drift),
            "what": codes_of(drift),
            "emp_no": drift.emp_no,
            "ours": row.ours,
            "theirs": row.theirs,
            "since": iso(drift.first_seen),
            "hand": row.hand,
            "state": drift.state,
        }
        for drift, row in zip(drifts, drift_rows(drifts), strict=True)
    ]


def text_of(line: dict[str, Any]) -> str:
    return in_one_line(
        *(f"#{line['id']}", line["kind"], line["of"], line["emp_no"], line["what"]),
        *(f"{line['ours']} → {line['theirs']}", line["since"], line["state"]),
    )


def decision_of(one: DriftDecision) -> dict[str, Any]:
    return {
        "act": one.act,
        "by": one.by.staff_no,
        "at": iso(one.recorded_at),
        "note": one.note,
    }


def look_of(one: Reconciliation) -> dict[str, Any]:
    counts = (
        *("ours", "theirs", "missing", "extra", "different", "ignored"),
        *("found", "gone"),
    )
    return {
        "id": one.pk,
        "part": one.part.lower(),
        "problem": _(one.problem) if one.problem else "",
        **{name: getattr(one, name) for name in counts},
        "repaired": one.repaired,
        "adopted": one.adopted,
        "is_braked": one.is_braked,
    }
