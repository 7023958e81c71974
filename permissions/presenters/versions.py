"""Versions of the catalogue: rows, pages, whom they would hit, comparisons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from permissions.models import CatalogueVersion, DraftEntry
from permissions.presenters import words
from permissions.presenters.catalogue import person, version_url
from permissions.presenters.catalogue_words import (
    HIT_CHIPS,
    KIND_CHIPS,
    STATE_CHIPS,
    diff_of,
    kind_of,
    version_name,
)
from permissions.queries.catalogue import EntryChange, Names
from permissions.services.affected import Affected, Hit, Summary, summary_of
from portal.accounts.scope import HOUSE, Scope
from portal.ui.elements import Chip, Diff, Text
from portal.ui.moments import write_day, write_moment
from portal.ui.phrases import listed, said

# So many rights are shown beside a draft; the export has all of them.
SHOWN = 50


@dataclass(frozen=True)
class VersionRow:
    """One version as lists show it."""

    id: int
    name: str
    url: str
    state: Chip
    effective_on: str
    doc_no: str
    reason: str
    count: int
    submitted: str
    decided: str
    published_at: str
    compare_url: str


def version_rows(versions: Sequence[CatalogueVersion]) -> list[VersionRow]:
    """``changed`` is annotated by the query."""
    return [version_row(one) for one in versions]


def version_row(version: CatalogueVersion) -> VersionRow:
    compare = reverse("permissions:catalogue-compare")
    number = version.number
    return VersionRow(
        id=version.pk,
        name=version_name(version),
        url=version_url(version.pk),
        state=STATE_CHIPS[version.state],
        effective_on=write_day(version.effective_on),
        doc_no=version.doc_no,
        reason=version.reason,
        count=getattr(version, "changed", 0),
        submitted=person(version.submitted_by or version.started_by),
        decided=person(version.decided_by),
        published_at=write_moment(version.published_at),
        compare_url=f"{compare}?before={number - 1}&after={number}"
        if number and number > 1
        else "",
    )


@dataclass(frozen=True)
class ChangeCard:
    """One entry of a version: what becomes of it, and who asked for it."""

    code: str
    name: str
    url: str
    kind: Chip
    diff: Diff
    detail: str
    drop_url: str


def change_cards(
    changes: Sequence[EntryChange],
    named: Names,
    drafts: Mapping[str, DraftEntry] | None = None,
) -> list[ChangeCard]:
    return [_card(change, named, (drafts or {}).get(change.code)) for change in changes]


def _card(change: EntryChange, named: Names, draft: DraftEntry | None) -> ChangeCard:
    code = change.code
    detail = drop_url = ""
    if draft is not None:
        who = f"{person(draft.changed_by)} {write_moment(draft.changed_at)}"
        detail = said(who, draft.reason)
        drop_url = reverse("permissions:catalogue-drop", args=[draft.pk])
    is_there = code in named.privileges
    return ChangeCard(
        code=code,
        name=change.entry.name,
        url=reverse("permissions:catalogue-detail", args=[code]) if is_there else "",
        kind=KIND_CHIPS[kind_of(change)],
        diff=diff_of(change, named),
        detail=detail,
        drop_url=drop_url,
    )


# --- whom it would hit ----------------------------------------------------------------


@dataclass(frozen=True)
class AffectedRow:
    """One right a change would hit, with every reason."""

    name: str
    emp_no: str
    url: str
    department: str
    title: str
    what: str
    codes: str
    setting: Text
    ends_on: str
    hits: Sequence[tuple[Chip, str]]

    @property
    def why(self) -> str:
        return listed(said(chip.text, text) for chip, text in self.hits)


@dataclass(frozen=True)
class AffectedPanel:
    """Counts by reason and the first rights; empty is said in words."""

    grants: int
    people: int
    counts: Sequence[tuple[Chip, int]]
    rows: Sequence[AffectedRow]

    @property
    def is_cut(self) -> bool:
        return self.grants > len(self.rows)


def affected_panel(
    changes: Sequence[EntryChange],
    now: datetime,
    scope: Scope = HOUSE,
    *,
    limit: int = SHOWN,
) -> AffectedPanel:
    summary: Summary = summary_of(changes, now=now, limit=limit, scope=scope)
    return AffectedPanel(
        grants=summary.grants,
        people=len(summary.people),
        counts=[
            (HIT_CHIPS[hit], summary.by_hit[hit]) for hit in Hit if summary.by_hit[hit]
        ],
        rows=[affected_row(one) for one in summary.first],
    )


def affected_row(one: Affected) -> AffectedRow:
    state, doctor = one.state, one.state.practitioner
    what, codes = words.what(state.grant)
    return AffectedRow(
        name=doctor.name,
        emp_no=doctor.emp_no,
        url=reverse("permissions:practitioner-detail", args=[doctor.emp_no]),
        department=doctor.department.name,
        title=words.title_word(doctor.title_code),
        what=what,
        codes=codes,
        setting=words.setting_word(state.setting),
        ends_on=words.span(state.valid_from, state.valid_to)[1],
        hits=[(HIT_CHIPS[hit], text) for hit, text in one.hits],
    )


def affected_titles() -> list[str]:
    return [
        _("医师"),
        _("工号"),
        _("科室"),
        _("职称"),
        _("权限项"),
        _("编码"),
        _("场合"),
        _("到期日期"),
        _("影响"),
    ]


def affected_cells(row: AffectedRow) -> list[Text]:
    return [
        row.name,
        row.emp_no,
        row.department,
        row.title,
        row.what,
        row.codes,
        row.setting,
        row.ends_on,
        row.why,
    ]


# --- two versions side by side --------------------------------------------------------


@dataclass(frozen=True)
class Comparison:
    """Added, removed and changed entries between two versions."""

    title: str
    cards: Sequence[ChangeCard]
    counts: Sequence[tuple[Chip, int]]


def comparison(
    changes: Sequence[EntryChange], named: Names, before: Text, after: Text
) -> Comparison:
    kinds = [kind_of(change) for change in changes]
    return Comparison(
        title=_("%(before)s → %(after)s") % {"before": before, "after": after},
        cards=change_cards(changes, named),
        counts=[
            (chip, kinds.count(kind))
            for kind, chip in KIND_CHIPS.items()
            if kind in kinds
        ],
    )
