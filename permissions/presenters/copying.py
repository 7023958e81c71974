"""What copying would grant line by line, what it did, and posts as pages show them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from permissions.enums import Setting, SurgicalRole
from permissions.models import PostTemplate, PostTemplateLine, Privilege
from permissions.services import Line
from permissions.services.copying import Given, Offer
from portal.ui.elements import Chip, Moment, Text, Timeline
from portal.ui.moments import write_moment
from portal.ui.phrases import spanning
from surgery.models import Procedure
from surgery.queries.procedures import procedures_by_code


@dataclass(frozen=True)
class OfferRow:
    """One line of the offer; ``why`` says why it cannot be given."""

    key: str
    what: str
    codes: str
    role: Text
    setting: Text
    span: str
    why: str
    is_ticked: bool


def key_of(line: Line) -> str:
    """The same line in two readings of the same offer."""
    parts = (line.privilege.code, line.item, line.role, line.setting)
    return "|".join((*parts, line.campus, line.side))


def offer_rows(
    offers: Sequence[Offer], ticked: Iterable[str] | None = None
) -> list[OfferRow]:
    """``ticked`` None: all that are possible. One query for the procedures."""
    named = procedures_by_code(offer.line.item for offer in offers if offer.line.item)
    chosen = None if ticked is None else set(ticked)
    return [_offer_row(offer, named, chosen) for offer in offers]


def _offer_row(
    offer: Offer, named: dict[str, Procedure], chosen: set[str] | None
) -> OfferRow:
    line, key = offer.line, key_of(offer.line)
    what, codes = what_of(line.privilege, line.item, line.item_name, named)
    last = line.valid_to.isoformat() if line.valid_to else _("长期")
    is_ticked = chosen is None or key in chosen
    return OfferRow(
        key=key,
        what=what,
        codes=codes,
        role=SurgicalRole(line.role).label if line.role else "—",
        setting=Setting(line.setting).label,
        span=spanning(line.valid_from.isoformat(), last),
        why=str(offer.refusal.message) if offer.refusal else "",
        is_ticked=is_ticked and offer.is_possible,
    )


def what_of(
    privilege: Privilege, item: str, item_name: str, named: dict[str, Procedure]
) -> tuple[str, str]:
    if not item:
        return privilege.name, privilege.code
    name = named[item].name if item in named else item_name
    return name or item, f"{item} · {privilege.code}"


@dataclass(frozen=True)
class CopyResult:
    """What was given, and what was not and why."""

    granted: Sequence[str]
    skipped: Sequence[OfferRow]
    url: str


def copy_result(given: Given, emp_no: str) -> CopyResult:
    granted = [
        f"{grant.item_name or grant.privilege.name} {grant.item_code or grant.privilege.code}"
        for grant in given.granted
    ]
    url = reverse("permissions:practitioner-detail", args=[emp_no])
    return CopyResult(granted, offer_rows(given.skipped), url)


# --- posts ----------------------------------------------------------------------------


@dataclass(frozen=True)
class TemplateRow:
    id: int
    url: str
    name: str
    note: str
    count: int
    state: Chip


def template_rows(templates: Sequence[PostTemplate]) -> list[TemplateRow]:
    return [template_row(one) for one in templates]


def template_row(one: PostTemplate) -> TemplateRow:
    return TemplateRow(
        id=one.pk,
        url=reverse("permissions:grant-template-detail", args=[one.pk]),
        name=one.name,
        note=one.note,
        count=getattr(one, "line_count", 0),
        state=Chip("ok", "circle-check", _("启用"))
        if one.is_enabled
        else Chip("mute", "ban", _("停用")),
    )


@dataclass(frozen=True)
class LineRow:
    """One line of a post; ``key`` names it in the form."""

    key: str
    what: str
    codes: str
    role: Text
    setting: Text
    months: int | None


def line_rows(lines: Sequence[PostTemplateLine]) -> list[LineRow]:
    named = procedures_by_code(line.item_code for line in lines if line.item_code)
    return [_line_row(line, named) for line in lines]


def _line_row(line: PostTemplateLine, named: dict[str, Procedure]) -> LineRow:
    what, codes = what_of(line.privilege, line.item_code, line.item_name, named)
    return LineRow(
        key=str(line.pk),
        what=what,
        codes=codes,
        role=line.get_role_display() if line.role else "—",
        setting=line.get_setting_display(),
        months=line.months,
    )


def template_history(one: PostTemplate) -> Timeline:
    """Each change with who, why, and which lines it brought or dropped; two queries."""
    changes = list(
        one.history.select_related("history_user").order_by(
            "history_date", "history_id"
        )
    )
    lines = PostTemplateLine.history.filter(template=one).order_by("history_id")
    told: dict[int, list[str]] = {}
    for line in lines.select_related("privilege"):
        before = [c for c in changes if c.history_date <= line.history_date]
        if before:
            told.setdefault(before[-1].history_id, []).append(_line_words(line))
    return Timeline(
        [
            Moment(
                write_moment(change.history_date),
                _("建立") if change.history_type == "+" else _change_words(change),
                _joined(change, told.get(change.history_id, [])),
            )
            for change in reversed(changes)
        ]
    )


def _change_words(change: Any) -> str:
    return str(_("修改")) if change.is_enabled else str(_("停用"))


def _line_words(line: Any) -> str:
    name = line.item_name or line.privilege.name
    if line.is_dropped:
        return _("去掉 %(name)s") % {"name": name}
    if line.history_type == "+":
        return _("加入 %(name)s") % {"name": name}
    return _("调整 %(name)s") % {"name": name}


def _joined(change: Any, lines: Sequence[str]) -> str:
    who = change.history_user.name if change.history_user else ""
    return " · ".join([who, change.history_change_reason or "", *lines])
