"""Keeping post templates; every change has its history."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from permissions.enums import ItemKind, ValueKind
from permissions.models import PostTemplate, PostTemplateLine
from permissions.services import lines as lines_of
from permissions.services import rules
from permissions.services.lines import Line
from permissions.services.refusals_of_acts import TemplateEmpty, TemplateNameTaken
from portal.accounts.models import User
from portal.audit.acting import acting

_FIELDS = ("privilege", "item_kind", "item_code", "role", "setting", "campus", "side")


@transaction.atomic
def keep_template(
    *,
    name: str,
    lines: Sequence[Line],
    by: User,
    at: datetime,
    reason: str,
    template: PostTemplate | None = None,
    note: str = "",
    is_enabled: bool = True,
) -> PostTemplate:
    """Make a template, or bring one to these lines; dates of the lines do not count.

    A line with a last day keeps the whole months until it, one without lasts as long as
    its privilege allows.
    """
    text = rules.clear_reason(reason)
    name = name.strip()
    if not name or not lines:
        raise TemplateEmpty
    kept = template or PostTemplate()
    taken = PostTemplate.objects.filter(name=name).first()
    if taken is not None and taken.pk != kept.pk:
        raise TemplateNameTaken(name)
    kept.name, kept.note, kept.is_enabled = name, note.strip(), is_enabled
    with acting(by=by, reason=text):
        kept.save()
        _bring_to(kept, [_row(line) for line in lines])
    return kept


def _row(line: Line) -> PostTemplateLine:
    """Checked against the catalogue alone: whom it is for is not known yet."""
    privilege = line.privilege
    rules.must_be_enabled(privilege)
    rules.must_fit_setting(privilege, line.setting)
    item, role = lines_of.must_fit_catalogue(line)
    is_item = privilege.value_kind == ValueKind.ITEM
    return PostTemplateLine(
        privilege=privilege,
        item_kind=item.kind if is_item else ItemKind.NONE,
        item_code=item.code,
        item_name=item.name,
        role=role,
        setting=line.setting,
        campus=line.campus.strip(),
        side=line.side,
        months=rules.whole_months(line.valid_from, line.valid_to),
    )


def _key(row: PostTemplateLine) -> tuple[object, ...]:
    return tuple(getattr(row, name) for name in _FIELDS)


def _bring_to(template: PostTemplate, wanted: Sequence[PostTemplateLine]) -> None:
    current = {
        _key(row): row
        for row in PostTemplateLine.objects.filter(
            template=template, is_dropped=False
        ).select_related("privilege")
    }
    new = {_key(row): row for row in wanted}
    for key, row in current.items():
        if key not in new:
            row.is_dropped = True
            row.save()
    for position, (key, row) in enumerate(new.items(), start=1):
        kept = current.get(key, row)
        if kept is row or (kept.months, kept.position) != (row.months, position):
            kept.template, kept.position, kept.months = template, position, row.months
            kept.save()
