"""Granting what a colleague holds, or what a post usually has.

Both are two steps: ``from_colleague`` or ``from_template`` says line by line what would
be granted and why not; ``give`` grants what may be, in one transaction, and tells what
it left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from permissions.enums import GrantKind, ItemKind
from permissions.ledger import LineKey, Span
from permissions.models import (
    Grant,
    GrantState,
    PostTemplate,
    PostTemplateLine,
    Prerequisite,
)
from permissions.queries.ledger import privileges_of
from permissions.services import rules
from permissions.services.direct import grant, grantable, key_of
from permissions.services.ledger import locked_practitioner
from permissions.services.lines import SHORT, Line, of_terms
from permissions.services.persons import must_be_two
from permissions.services.refusals import ActRefused, GrantOverlaps
from permissions.services.refusals_of_acts import SameDoctor
from portal.accounts.models import User
from portal.directory.models import Practitioner
from portal.parameters.days import day_of, last_day_of


@dataclass(frozen=True)
class Offer:
    """A line for the target; ``refusal`` says why it would not be granted."""

    line: Line
    refusal: ActRefused | None = None

    @property
    def is_possible(self) -> bool:
        return self.refusal is None


@dataclass(frozen=True)
class Given:
    granted: tuple[Grant, ...]
    skipped: tuple[Offer, ...]


def from_colleague(
    *, source: Practitioner, target: Practitioner, at: datetime
) -> list[Offer]:
    """What the colleague holds now, as lines for the target from today on.

    What was given for a while or for one patient is not copied. A line ends when the
    colleague's does.
    """
    if source.pk == target.pk:
        raise SameDoctor
    held = [one for one in privileges_of(source, at) if one.kind not in SHORT]
    ends = dict(
        GrantState.objects.filter(grant__in=held).values_list("grant_id", "valid_to")
    )
    today = day_of(at)
    lines = [
        of_terms(
            terms,
            valid_from=today,
            valid_to=last_day_of(ends[terms.pk]),
            kind=GrantKind.DIRECT,
        )
        for terms in held
    ]
    return offers(target, lines, at=at)


def from_template(
    *, template: PostTemplate, target: Practitioner, at: datetime
) -> list[Offer]:
    """The lines of a post, from today on."""
    today = day_of(at)
    rows = PostTemplateLine.objects.filter(template=template, is_dropped=False)
    lines = [_of_post(row, today) for row in rows.select_related("privilege")]
    return offers(target, lines, at=at)


def _of_post(row: PostTemplateLine, today: date) -> Line:
    return Line(
        privilege=row.privilege,
        valid_from=today,
        valid_to=_end_of_post(row, today),
        item=row.item_code,
        item_kind=row.item_kind or ItemKind.PROCEDURE,
        item_name=row.item_name,
        role=row.role,
        setting=row.setting,
        campus=row.campus,
        side=row.side,
        kind=GrantKind.DIRECT,
    )


def _end_of_post(row: PostTemplateLine, today: date) -> date | None:
    if row.months is None:
        return rules.latest_last_day(row.privilege, today)
    return rules.last_day_after(today, row.months)


def offers(target: Practitioner, lines: Iterable[Line], *, at: datetime) -> list[Offer]:
    """Each line with the refusal it would meet; nothing is written.

    Of two lines that are the same right the first counts: the second would overlap it.
    A line another one is the prerequisite of is looked at, and given, before it.
    """
    wanted = list(lines)
    found: dict[int, Offer] = {}
    given: set[str] = set()
    taken: list[tuple[LineKey, Span]] = []
    for place in in_order_of_need(wanted):
        line = wanted[place]
        try:
            fitted = grantable(target, line, at=at, besides=given)
            key, span = key_of(fitted), fitted.span
            for other, theirs in taken:
                if key.meets(other) and span.meets(theirs):
                    raise GrantOverlaps(rules.span_words(*_ends(theirs)))
        except ActRefused as refusal:
            found[place] = Offer(line, refusal)
        else:
            taken.append((key, span))
            found[place] = Offer(line)
            given.add(line.privilege.code)
    return [found[place] for place in sorted(found)]


def in_order_of_need(lines: Sequence[Line]) -> list[int]:
    """Places of the lines, those others need first; else as they came. One query."""
    ids = [line.privilege.pk for line in lines]
    links = Prerequisite.objects.current().filter(privilege__in=ids, needed__in=ids)
    needs: dict[int, set[int]] = {}
    for owner, needed in links.values_list("privilege_id", "needed_id"):
        needs.setdefault(owner, set()).add(needed)

    def depth(pk: int) -> int:
        """There is no circle: the catalogue refuses one."""
        return 1 + max((depth(one) for one in needs.get(pk, ())), default=-1)

    return sorted(range(len(lines)), key=lambda place: depth(ids[place]))


def _ends(span: Span) -> tuple[datetime, datetime | None]:
    return span.valid_from, span.valid_to


@transaction.atomic
def give(
    *,
    target: Practitioner,
    lines: Sequence[Line],
    by: User,
    at: datetime,
    reason: str,
    second: User | None = None,
) -> Given:
    """Grant the lines that may be; the others come back with their reasons."""
    rules.clear_reason(reason)
    must_be_two(by, second, target.pk)
    locked = locked_practitioner(target.pk)
    granted: list[Grant] = []
    skipped: dict[int, Offer] = {}
    for place in in_order_of_need(lines):
        line = lines[place]
        try:
            with transaction.atomic():
                granted.append(
                    grant(
                        practitioner=locked,
                        line=line,
                        by=by,
                        at=at,
                        reason=reason,
                        second=second,
                    )
                )
        except ActRefused as refusal:
            skipped[place] = Offer(line, refusal)
    left_out = tuple(skipped[place] for place in sorted(skipped))
    return Given(tuple(granted), left_out)
