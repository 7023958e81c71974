"""Rows of the catalogue, and one entry with everything that was made of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.parameters.days import months_after, start_of
from portal.ui.elements import Change, Chip, Diff, Grade, Marked, Text
from portal.ui.moments import today, write_day, write_second
from portal.ui.phrases import listed
from surgery import codes
from surgery.enums import RestrictedClass
from surgery.hits import parts_of
from surgery.models import Procedure, ProcedureAlias
from surgery.queries.catalogue import switch_ahead
from surgery.queries.operators import operators_of
from surgery.queries.recoding import former_keys
from surgery.queries.search import words_of
from surgery.queries.volumes import cases_by_codes, cases_by_key

IN_USE = Chip("ok", "circle-check", gettext_lazy("启用"))
OUT_OF_USE = Chip("mute", "ban", gettext_lazy("停用"))
WAITS = Chip("info", "calendar-due", gettext_lazy("待启用"))
ENDS = Chip("warn", "calendar-due", gettext_lazy("待停用"))
MONTHS = 12  # of which the list counts the cases
# Fields in the order a drawer and the log tell them; titles are the model's.
TOLD = (
    "code",
    "code_insurance",
    "code_extra",
    "name",
    "category",
    "entry_option",
    "grade",
    "is_national_level4",
    "is_mini_invasive",
    "restricted_class",
    "needs_special_licence",
    "is_day_surgery",
    "is_new_technique",
    "incision_class",
    "site",
    "needs_side",
    "place",
    "specialty",
    "his_item_id",
    "charge_item",
    "is_enabled",
    "effective_from",
    "effective_to",
    "source",
    "remark",
)
TITLES: Mapping[str, Text] = {
    field.name: field.verbose_name
    for name in TOLD
    for field in Procedure._meta.concrete_fields
    if field.name == name
}


@dataclass(frozen=True)
class MarkedTexts:
    """Texts of an entry with what was looked for marked; ``insurance`` only where it is
    another code."""

    code: Marked
    insurance: Marked
    name: Marked
    aliases: Marked


@dataclass(frozen=True)
class ProcedureRow:
    """One entry as the list shows it."""

    id: int
    code: str
    code_insurance: str
    name: str
    aliases: str
    category: Text
    grade: Grade
    is_national_level4: bool
    tags: Sequence[Text]
    warnings: Sequence[Text]
    departments: Sequence[str]
    state: Chip
    is_enabled: bool
    is_switch_ahead: bool
    since: str
    url: str
    marked: MarkedTexts
    former: str = ""
    became: str = ""
    operators: int | None = None
    cases: int = 0

    @property
    def able(self) -> str:
        return "" if self.operators is None else _("%(n)s 人") % {"n": self.operators}

    @property
    def hangs_on_one(self) -> bool:
        """Should that one be away, nobody may."""
        return self.is_enabled and self.operators == 1

    @property
    def places(self) -> str:
        """``肝胆胰外科 等 2 个``; without any the entry is everybody's."""
        if len(self.departments) > 1:
            return _("%(first)s 等 %(count)s 个") % {
                "first": self.departments[0],
                "count": len(self.departments),
            }
        return self.departments[0] if self.departments else _("不限")

    @property
    def level4(self) -> str:
        return _("是") if self.is_national_level4 else _("否")

    @property
    def flags(self) -> str:
        return listed([*self.tags, *self.warnings])

    @property
    def all_places(self) -> str:
        return listed(self.departments) or _("不限")


def procedure_rows(
    entries: Sequence[Procedure], *, looked_for: str = ""
) -> list[ProcedureRow]:
    """Rows of a list, with who may operate and how often it was done, under the codes it
    had before too; two queries, two more where there are such codes."""
    words = words_of(looked_for)
    able = operators_of([entry.code for entry in entries])
    since = start_of(months_after(today(), -MONTHS))
    done = _done(entries, since)
    return [
        replace(
            procedure_row(entry, words),
            operators=able.get(entry.code),
            cases=done.get(entry.pk, 0),
        )
        for entry in entries
    ]


def _done(entries: Sequence[Any], since: datetime) -> dict[int, int]:
    """Cases by entry."""
    plain = {one.pk: one.code_key for one in entries if not one.former_lines}
    by_key = cases_by_key(plain.values(), since=since)
    done = {pk: by_key.get(key, 0) for pk, key in plain.items()}
    if recoded := {one.pk: one.code_key for one in entries if one.former_lines}:
        former = former_keys(recoded)
        codes_of = {pk: {key, *former[pk]} for pk, key in recoded.items()}
        done |= cases_by_codes(codes_of, since=since)
    return done


def procedure_row(entry: Procedure, words: Sequence[str] = ()) -> ProcedureRow:
    """``words`` are what was looked for, folded."""
    aliases: Sequence[ProcedureAlias] = entry.standing_aliases  # type: ignore[attr-defined]
    other_names = listed(one.name for one in aliases)
    places: Any = entry.standing_departments  # type: ignore[attr-defined]
    # Mostly the two are one: then it is said once.
    is_same = codes.key(entry.code_insurance) == entry.code_key
    insurance = "" if is_same else entry.code_insurance
    return ProcedureRow(
        id=entry.pk,
        code=entry.code,
        code_insurance=entry.code_insurance,
        name=entry.name,
        aliases=other_names,
        category=entry.get_category_display(),
        grade=Grade(entry.grade),
        is_national_level4=entry.is_national_level4,
        tags=[
            word
            for is_so, word in (
                (entry.is_mini_invasive, _("微创")),
                (entry.is_day_surgery, _("日间")),
                (entry.is_new_technique, _("新技术")),
            )
            if is_so
        ],
        warnings=[
            word
            for is_so, word in (
                (entry.is_restricted, restricted_word(entry.restricted_class)),
                (entry.needs_special_licence, _("专项许可")),
            )
            if is_so
        ],
        departments=[one.department.name for one in places],
        state=state_chip(entry),
        is_enabled=entry.is_enabled,
        is_switch_ahead=switch_ahead(entry, today()) is not None,
        since=since_words(entry),
        url=reverse("surgery:procedure-detail", args=[entry.pk]),
        former=listed(
            one.old_code
            for one in entry.former_lines  # type: ignore[attr-defined]
        ),
        became=listed(
            one.new_code
            for one in entry.coming_lines  # type: ignore[attr-defined]
        ),
        marked=MarkedTexts(
            *(
                Marked(parts_of(text, words))
                for text in (entry.code, insurance, entry.name, other_names)
            )
        ),
    )


def restricted_word(value: int) -> Text:
    return RestrictedClass(value).label


def state_chip(entry: Procedure) -> Chip:
    """In use or not, or what it is going to be."""
    is_ahead = switch_ahead(entry, today()) is not None
    if entry.is_enabled:
        return ENDS if is_ahead else IN_USE
    return WAITS if is_ahead else OUT_OF_USE


def since_words(entry: Procedure) -> str:
    """Since when it is out of use, or from when on it will be in or out of it."""
    first, end = entry.effective_from, entry.effective_to
    if first and not entry.is_enabled and (end is None or end < first):
        return _("%(day)s 起启用") % {"day": write_day(first)}
    if end:
        return _("%(day)s 起停用") % {"day": write_day(end)}
    return ""


# --- the drawer -----------------------------------------------------------------------


@dataclass(frozen=True)
class Version:
    """One change: when, who, why, and what it made of the entry."""

    at: str
    by: str
    title: Text
    reason: str
    diff: Diff | None


@dataclass(frozen=True)
class ProcedureDrawer:
    row: ProcedureRow
    facts: Sequence[tuple[Text, Text]]
    versions: Sequence[Version]


def procedure_drawer(
    entry: Procedure, versions: Sequence[Any], others: Sequence[Any]
) -> ProcedureDrawer:
    """Everything said of the entry, and every change of it, newest first.

    ``versions`` are history rows of the entry, ``others`` of its aliases and
    departments; both oldest first.
    """
    told: list[tuple[datetime, Version]] = []
    before: Any = None
    for row in versions:
        told.append((row.history_date, _version(before, row)))
        before = row
    told += [(row.history_date, _other(row)) for row in others]
    told.sort(key=lambda pair: pair[0])
    return ProcedureDrawer(
        row=procedure_row(entry),
        facts=facts_of(entry),
        versions=[version for _at, version in reversed(told)],
    )


def facts_of(entry: Procedure) -> list[tuple[Text, Text]]:
    """Title and value of what is said of it, without the grade and what is empty."""
    row = procedure_row(entry)
    facts: list[tuple[Text, Text]] = [
        (TITLES[name], value)
        for name in TOLD
        if name not in ("grade", "is_enabled", "name")
        and (value := written(entry, name)) not in ("", _("否"))
    ]
    facts.insert(1, (_("章"), entry.get_chapter_display()))
    if row.aliases:
        facts.append((_("别名"), row.aliases))
    facts.append((_("可开展科室"), row.all_places))
    return facts


def written(row: Any, name: str) -> Text:
    """A field of an entry, or of its history, in words."""
    value = getattr(row, name)
    if name == "grade":
        return Grade(value).text
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if name in ("effective_from", "effective_to"):
        return write_day(value) if value else ""
    if name == "restricted_class" and not value:
        return ""
    shown = getattr(row, f"get_{name}_display", None)
    return shown() if shown and value != "" else str(value)


def _version(before: Any, after: Any) -> Version:
    changes = [
        Change(TITLES[name], "—" if before is None else old or "—", new or "—")
        for name in TOLD
        for new in [written(after, name)]
        for old in ["" if before is None else written(before, name)]
        if str(old) != str(new) and not (before is None and new == _("否"))
    ]
    title = _("修改") if before is not None else _("建立")
    return _told(after, title, Diff(tuple(changes)) if changes else None)


def _other(row: Any) -> Version:
    """An alias or a department, added or dropped."""
    is_alias = not hasattr(row, "department_id")
    title = _("别名") if is_alias else _("可开展科室")
    name = row.name if is_alias else row.department.name
    values = (name, "—") if row.is_dropped else ("—", name)
    return _told(row, title, Diff((Change(title, *values),)))


def _told(row: Any, title: Text, diff: Diff | None) -> Version:
    user = row.history_user
    return Version(
        at=write_second(row.history_date),
        by=f"{user.name} {user.staff_no}" if user else _("系统"),
        title=title,
        reason=row.history_change_reason or "",
        diff=diff,
    )
