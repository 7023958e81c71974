"""Rows, pages and histories of the catalogue's entries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from permissions.enums import ReasonCode, TitleRule
from permissions.models import (
    CatalogueVersion,
    DraftEntry,
    Privilege,
    PrivilegeRevision,
    RegistrationScope,
    Regulation,
    Training,
)
from permissions.models.entries import Entry
from permissions.presenters.catalogue_words import (
    GROUPS,
    LABELS,
    diff_of,
    title_words,
    validity_words,
    value_words,
    version_name,
)
from permissions.presenters.words import setting_word
from permissions.queries.catalogue import (
    EntryChange,
    Names,
    entry_of,
    grant_counts,
    names,
    needing,
    revisions_of,
)
from portal.accounts.models import User
from portal.accounts.scope import HOUSE, Scope
from portal.directory.models import HisPrivilege
from portal.ui.elements import Chip, Diff, Note, Text
from portal.ui.moments import write_day
from portal.ui.phrases import listed, said

ENABLED = Chip("ok", "circle-check", gettext_lazy("启用"))
DISABLED = Chip("mute", "ban", gettext_lazy("停用"))
DRAFTED = Chip("info", "pencil", gettext_lazy("草稿中"))


@dataclass(frozen=True)
class EntryRow:
    """One entry as the list shows it."""

    code: str
    name: str
    url: str
    category: Text
    kind: Text
    level: str
    setting: Text
    title: str
    is_hard: bool
    validity: str
    assessment: str
    flow: Text
    his: str
    grants: int
    grants_url: str
    state: Chip
    is_enabled: bool
    is_drafted: bool

    @property
    def drafted(self) -> Chip:
        return DRAFTED


def entry_rows(privileges: Sequence[Privilege], scope: Scope = HOUSE) -> list[EntryRow]:
    """One query for all counts; ``is_drafted`` is annotated by the list."""
    counts = grant_counts([one.pk for one in privileges], timezone.now(), scope)
    return [
        EntryRow(
            code=one.code,
            name=one.name,
            url=reverse("permissions:catalogue-detail", args=[one.code]),
            category=one.get_category_display(),
            kind=one.get_value_kind_display(),
            level=one.level,
            setting=setting_word(one.setting),
            title=title_words(one.title_rule, one.min_title_rank),
            is_hard=one.title_rule == TitleRule.HARD,
            validity=validity_words(one.validity_months, one.ends_with),
            assessment=_("%(months)s 个月") % {"months": one.assessment_months}
            if one.assessment_months
            else "—",
            flow=one.get_flow_display(),
            his=f"{one.his_target} {one.his_value}".strip(),
            grants=counts.get(one.pk, 0),
            grants_url=grants_url(one.code),
            state=ENABLED if one.is_enabled else DISABLED,
            is_enabled=one.is_enabled,
            is_drafted=getattr(one, "is_drafted", False),
        )
        for one in privileges
    ]


def grants_url(code: str) -> str:
    return f"{reverse('permissions:grant-list')}?{urlencode({'q': code})}"


# --- one entry ------------------------------------------------------------------------


@dataclass(frozen=True)
class Fact:
    """One attribute; ``links`` lead to the entries it names."""

    label: Text
    value: str
    links: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True)
class Release:
    """What one version made of the entry."""

    title: str
    detail: str
    url: str
    is_first: bool
    diff: Diff


@dataclass(frozen=True)
class EntryPage:
    """Everything about one entry."""

    code: str
    name: str
    state: Chip
    is_enabled: bool
    version: str
    groups: Sequence[tuple[Text, Sequence[Fact]]]
    needed_by: Sequence[tuple[str, str]]
    grants: int
    grants_url: str
    his: Note
    draft: Diff | None
    draft_url: str
    draft_detail: str
    releases: Sequence[Release]


def entry_page(
    privilege: Privilege, draft: DraftEntry | None, scope: Scope = HOUSE
) -> EntryPage:
    entry, named = entry_of(privilege), names()
    version = privilege.version
    counts = grant_counts([privilege.pk], timezone.now(), scope)
    drafted = Entry.from_json(draft.content) if draft else None
    return EntryPage(
        code=privilege.code,
        name=privilege.name,
        state=ENABLED if privilege.is_enabled else DISABLED,
        is_enabled=privilege.is_enabled,
        version=version_name(version) if version else "—",
        groups=[
            (title, [_fact(name, entry, named) for name in attributes])
            for title, attributes in GROUPS
        ],
        needed_by=[_link(one.code, one.name) for one in needing(privilege)],
        grants=counts.get(privilege.pk, 0),
        grants_url=grants_url(privilege.code),
        his=_his_note(privilege),
        draft=diff_of(EntryChange(entry.code, entry, drafted), named)
        if drafted
        else None,
        draft_url=version_url(draft.version_id) if draft else "",
        draft_detail=said(draft.changed_by.name, draft.reason) if draft else "",
        releases=releases(revisions_of(privilege), named),
    )


def _fact(name: str, entry: Entry, named: Names) -> Fact:
    links = [
        _link(code, named.privileges.get(code, ""))
        for code in (entry.requires if name == "requires" else ())
    ]
    return Fact(LABELS[name], value_words(name, entry, named), links)


def _link(code: str, name: str) -> tuple[str, str]:
    return f"{code} {name}", reverse("permissions:catalogue-detail", args=[code])


def _his_note(privilege: Privilege) -> Note:
    """Whether the HIS knows the entry: what it does not know cannot arrive."""
    his = HisPrivilege.objects.filter(code=privilege.code).first()
    if his is None or his.missing_since is not None:
        return Note("bad", _("HIS 权限字典中没有这一条，授权会被拒收。请联系信息科。"))
    if not his.is_enabled:
        return Note("warn", _("HIS 权限字典中这一条已停用，授权会被拒收。"))
    return Note("ok", _("HIS 权限字典中有这一条：%(name)s。") % {"name": his.name})


def version_url(version_id: int) -> str:
    return reverse("permissions:catalogue-version-detail", args=[version_id])


def releases(revisions: Sequence[PrivilegeRevision], named: Names) -> list[Release]:
    """``revisions`` come newest first; each is compared with the one before it."""
    contents = [Entry.from_json(one.content) for one in revisions]
    befores: list[Entry | None] = [older for _newer, older in pairwise(contents)]
    return [
        Release(
            title=version_name(one.version),
            detail=release_words(one.version),
            url=version_url(one.version_id),
            is_first=before is None,
            diff=diff_of(EntryChange(after.code, before, after), named),
        )
        for one, after, before in zip(
            revisions, contents, [*befores, None], strict=True
        )
    ]


def release_words(version: CatalogueVersion) -> str:
    """``2026-11-23 生效 · 云医务〔2026〕88号 · 林若川 提交，何科长 同意 · 说明``"""
    people = listed(
        [
            _("%(name)s 起草") % {"name": version.started_by.name}
            if version.started_by and not version.submitted_by
            else "",
            _("%(name)s 提交") % {"name": version.submitted_by.name}
            if version.submitted_by
            else "",
            _("%(name)s 同意") % {"name": version.decided_by.name}
            if version.decided_by
            else "",
        ]
    )
    day = (
        _("%(day)s 生效") % {"day": write_day(version.effective_on)}
        if version.effective_on
        else ""
    )
    parts = [day, version.doc_no, people, version.reason]
    return " · ".join(part for part in parts if part)


# --- the small tables -----------------------------------------------------------------


@dataclass(frozen=True)
class CodeTable:
    """One small table the catalogue uses."""

    title: Text
    heads: Sequence[Text]
    rows: Sequence[Sequence[Text]]


def code_tables() -> list[CodeTable]:
    """原因代码、培训与考核、制度依据、执业范围; three queries."""
    return [
        CodeTable(
            _("暂停与取消的原因代码"),
            [_("代码"), _("原因")],
            [(code.value, code.label) for code in ReasonCode],
        ),
        CodeTable(
            _("培训与考核"),
            [_("编码"), _("课程")],
            [(one.code, one.name) for one in Training.objects.order_by("sort")],
        ),
        CodeTable(
            _("制度依据"),
            [_("编号"), _("名称"), _("文号与日期"), _("主要要求")],
            [
                (one.code, one.name, one.number, one.demand)
                for one in Regulation.objects.order_by("sort")
            ],
        ),
        CodeTable(
            _("执业范围"),
            [_("代码"), _("名称")],
            [
                (one.code, one.name)
                for one in RegistrationScope.objects.order_by("sort")
            ],
        ),
    ]


def person(user: User | None) -> str:
    return f"{user.name} {user.staff_no}" if user else "—"
