"""The lists of the catalogue, declared."""

from __future__ import annotations

from django.core.cache import cache
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from permissions.enums import Category, Setting, TitleRule, ValueKind
from permissions.models import Basis, CatalogueVersion, DraftEntry, Privilege
from permissions.models.attributes import VersionState
from permissions.presenters.catalogue import EntryRow, entry_rows
from permissions.presenters.versions import VersionRow, version_rows
from permissions.queries.catalogue import (
    entry_matches,
    in_category,
    regulations,
    versions,
)
from portal.ui.filters import ChoiceFilter, Search
from portal.ui.lists import Column, ListSpec, QuickView

REGULATIONS_KEY, REGULATIONS_SECONDS = "permissions.regulations", 60
DRAFTED = Q(is_drafted=True)


def entries() -> QuerySet[Privilege]:
    """With whether the version under way changes the entry."""
    drafts = DraftEntry.objects.filter(
        version__is_open=True, is_dropped=False, code=OuterRef("code")
    )
    return Privilege.objects.annotate(is_drafted=Exists(drafts))


def version_lines() -> QuerySet[CatalogueVersion]:
    """With how many entries each changes or changed."""
    return versions().annotate(
        changed=Count("revisions", distinct=True)
        + Count(
            "drafts", filter=Q(drafts__is_dropped=False, number=None), distinct=True
        )
    )


def regulation_choices() -> list[tuple[str, str]]:
    """For the filter; they hardly change, so a minute old is good enough."""
    known: list[tuple[str, str]] | None = cache.get(REGULATIONS_KEY)
    if known is None:
        known = [(one.code, f"{one.code} {one.name}") for one in regulations()]
        cache.set(REGULATIONS_KEY, known, REGULATIONS_SECONDS)
    return known


def rests_on(code: str) -> Q:
    links = Basis.objects.current().filter(regulation__code=code)
    return Q(pk__in=links.order_by().values("privilege"))


ENTRIES = ListSpec[Privilege, EntryRow](
    key="privileges",
    columns=(
        Column("code", _("编码"), order=("code",), export=lambda row: row.code),
        Column("name", _("名称"), order=("initials",), export=lambda row: row.name),
        Column(
            "category",
            _("类别"),
            order=("category", "sort"),
            export=lambda row: row.category,
        ),
        Column(
            "kind",
            _("取值方式"),
            order=("value_kind", "sort"),
            export=lambda row: f"{row.kind} {row.level}".strip(),
        ),
        Column("setting", _("场合"), export=lambda row: row.setting),
        Column(
            "title",
            _("职称"),
            order=("min_title_rank", "title_rule", "sort"),
            export=lambda row: row.title,
        ),
        Column(
            "validity",
            _("有效期"),
            order=("validity_months", "sort"),
            export=lambda row: row.validity,
        ),
        Column("assessment", _("评估"), export=lambda row: row.assessment),
        Column("grants", _("现有授权"), css="num", export=lambda row: row.grants),
        Column("state", _("状态"), export=lambda row: row.state.text),
        Column("acts", _("更多"), css="w-48"),
    ),
    search=Search(_("名称、编码或拼音首字母"), entry_matches),
    filters=(
        ChoiceFilter("category", _("类别"), Category.choices, in_category),
        ChoiceFilter("kind", _("取值方式"), ValueKind.choices, "value_kind"),
        ChoiceFilter("setting", _("场合"), Setting.choices, "setting"),
        ChoiceFilter("title", _("职称规则"), TitleRule.choices, "title_rule"),
        ChoiceFilter("basis", _("依据"), regulation_choices, rests_on),
    ),
    views=(
        QuickView("all", _("全部")),
        QuickView("enabled", _("启用"), Q(is_enabled=True)),
        QuickView("disabled", _("停用"), Q(is_enabled=False)),
        QuickView("drafted", _("草稿中"), DRAFTED, "warn"),
    ),
    order=("sort",),
    present=entry_rows,
    row_template="permissions/_entry_row.html",
    nothing=_("没有符合条件的条目"),
)
VERSIONS = ListSpec[CatalogueVersion, VersionRow](
    key="versions",
    columns=(
        Column("version", _("版本"), order=("id",), export=lambda row: row.name),
        Column("state", _("状态"), export=lambda row: row.state.text),
        Column(
            "effective",
            _("生效日期"),
            order=("effective_on",),
            export=lambda row: row.effective_on,
        ),
        Column("doc_no", _("依据文号"), export=lambda row: row.doc_no),
        Column("reason", _("说明"), export=lambda row: row.reason),
        Column("count", _("条目"), css="num", export=lambda row: row.count),
        Column("submitted", _("提交"), export=lambda row: row.submitted),
        Column("decided", _("审批"), export=lambda row: row.decided),
        Column(
            "published",
            _("发布时间"),
            order=("published_at",),
            export=lambda row: row.published_at,
        ),
        Column("acts", _("比较")),
    ),
    filters=(ChoiceFilter("state", _("状态"), VersionState.choices, "state"),),
    order=("-id",),
    present=version_rows,
    row_template="permissions/_version_row.html",
    nothing=_("没有符合条件的版本"),
)
