"""What stands in the way of undoing a re-coding: all that was built on it since."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.utils.translation import gettext as _

from permissions.enums import GrantStatus
from permissions.models import Grant, GrantEvent, RecodedGrant, RegradedGrant
from portal.ui.moments import write_moment
from surgery.enums import RecodingState
from surgery.models import Recoding, RecodingLine
from surgery.queries.grading import standing_changes
from surgery.services.recoding import entries_of
from surgery.services.recoding_plan import touching


def stands_in_the_way(one: Recoding, at: datetime) -> list[str]:
    """Each in words; none where the re-coding may be undone. A handful of queries."""
    lines = list(one.lines.select_related("old", "new").order_by("pk"))
    return [
        *_later_recodings(one, lines),
        *_later_grades(one, lines),
        *_switched(lines),
        *_later_events(one),
        *_new_grants(one, lines, at),
    ]


def _later_recodings(one: Recoding, lines: list[RecodingLine]) -> Iterator[str]:
    later = (
        Recoding.objects.filter(
            state__in=(RecodingState.PLANNED, RecodingState.APPLIED), pk__gt=one.pk
        )
        .filter(
            pk__in=RecodingLine.objects.filter(touching(entries_of(lines)))
            .order_by()
            .values("recoding")
        )
        .order_by("pk")
    )
    codes = {line.new_code for line in lines}
    planned = RecodingLine.objects.filter(
        recoding__state=RecodingState.PLANNED, new_code__in=codes
    ).exclude(recoding=one)
    numbers = {each.pk for each in later}
    numbers |= set(planned.order_by("pk").values_list("recoding", flat=True))
    for number in sorted(numbers):
        yield _("第 %(number)s 号编码调整") % {"number": number}


def _later_grades(one: Recoding, lines: list[RecodingLine]) -> Iterator[str]:
    changes = standing_changes().filter(procedure__in=entries_of(lines))
    changes = changes.select_related("version")
    if one.version_id is not None:
        changes = changes.filter(version__gt=one.version_id)
    else:
        changes = changes.filter(recorded_at__gt=one.applied_at)
    for change in changes.order_by("pk"):
        yield _("%(code)s 在 %(version)s 版定级") % {
            "code": change.code,
            "version": change.version.number,
        }


def _switched(lines: list[RecodingLine]) -> Iterator[str]:
    olds = {line.old_id: line.old for line in lines}
    for old in olds.values():
        if old.is_enabled:
            yield _("旧编码 %(code)s 已重新启用") % {"code": old.code}


def _later_events(one: Recoding) -> Iterator[str]:
    """Acts on carried lines; what the re-coding itself suspended is not one."""
    opened = RecodedGrant.objects.filter(recoding=one, is_opened=True)
    events = GrantEvent.objects.filter(
        grant__in=opened.order_by().values("into"), recorded_at__gt=one.applied_at
    )
    if one.version_id is not None:
        ours = RegradedGrant.objects.filter(
            change__version=one.version_id, event__isnull=False
        )
        events = events.exclude(pk__in=ours.order_by().values("event"))
    for event in events.select_related("grant__practitioner").order_by("pk"):
        yield _("%(who)s %(code)s 于 %(at)s %(act)s") % {
            "who": event.grant.practitioner.name,
            "code": event.grant.item_code,
            "at": write_moment(event.recorded_at),
            "act": event.get_kind_display(),
        }


def _new_grants(
    one: Recoding, lines: list[RecodingLine], at: datetime
) -> Iterator[str]:
    """Rights granted anew for an entry that would not be any more; none that is over."""
    made = [line.new_code for line in lines if line.is_made]
    carried = RecodedGrant.objects.filter(recoding=one, is_opened=True)
    granted = Grant.objects.filter(item_code__in=made, recorded_at__gte=one.applied_at)
    granted = granted.exclude(pk__in=carried.order_by().values("into"))
    living = granted.exclude(state__status__in=(GrantStatus.REVOKED, GrantStatus.VOID))
    living = living.exclude(state__valid_to__lte=at)
    for grant in living.select_related("practitioner").order_by("pk"):
        yield _("%(who)s %(code)s 新授权") % {
            "who": grant.practitioner.name,
            "code": grant.item_code,
        }
