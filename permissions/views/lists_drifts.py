"""The list of drifts, declared."""

from __future__ import annotations

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from permissions.enums import DriftKind, DriftState, DriftTarget
from permissions.models import Drift
from permissions.presenters.drifts import DriftRow, drift_rows
from permissions.queries.drifts import ASKS, DEPARTMENT, IS_THERE
from permissions.queries.grants import departments
from permissions.views.lists import practitioner_matches
from portal.ui.filters import ChoiceFilter, DateRange, Search
from portal.ui.lists import Column, ListSpec, QuickView


def drift_matches(text: str) -> Q:
    return (
        practitioner_matches(text, "practitioner__")
        | Q(emp_no__startswith=text)
        | Q(name__contains=text)
        | Q(code__istartswith=text)
        | Q(item__istartswith=text)
    )


DRIFTS = ListSpec[Drift, DriftRow](
    key="drifts",
    columns=(
        Column(
            "practitioner",
            _("医师或手术"),
            order=("practitioner__pinyin", "emp_no", "item"),
            export=lambda row: f"{row.name} {row.number}",
        ),
        Column("department", _("科室"), export=lambda row: row.department),
        Column(
            "what",
            _("差在哪里"),
            order=("code", "item"),
            export=lambda row: f"{row.what} {row.codes}".strip(),
        ),
        Column(
            "kind", _("类别"), order=("kind",), export=lambda row: str(row.kind.text)
        ),
        Column("ours", _("本院应为"), export=lambda row: row.ours),
        Column("theirs", _("HIS 现有"), export=lambda row: row.theirs),
        Column(
            "since",
            _("发现于"),
            order=("first_seen",),
            css="nw",
            export=lambda row: row.since_in_full,
        ),
        Column("hand", _("HIS 谁改的"), export=lambda row: row.hand),
        Column("state", _("处理"), export=lambda row: str(row.state.text)),
    ),
    search=Search(_("医师、工号、权限、手术或编码"), drift_matches),
    filters=(
        ChoiceFilter("kind", _("类别"), DriftKind.choices, "kind"),
        ChoiceFilter("target", _("对象"), DriftTarget.choices, "target"),
        ChoiceFilter("state", _("处理"), DriftState.choices, "state"),
        ChoiceFilter("dept", _("科室"), departments, DEPARTMENT),
        DateRange("on", _("发现于"), "first_seen"),
    ),
    views=(
        QuickView("open", _("现有差异"), ASKS),
        QuickView("extra", _("HIS 多出"), ASKS & Q(kind=DriftKind.EXTRA), tone="bad"),
        QuickView(
            "missing", _("HIS 缺少"), ASKS & Q(kind=DriftKind.MISSING), tone="warn"
        ),
        QuickView(
            "different", _("不一致"), ASKS & Q(kind=DriftKind.DIFFERENT), tone="warn"
        ),
        QuickView("ignored", _("不处理"), IS_THERE & Q(state=DriftState.IGNORED)),
        QuickView("over", _("已消除"), ~IS_THERE),
        QuickView("all", _("全部")),
    ),
    order=("-first_seen", "-id"),
    present=drift_rows,
    row_template="permissions/_drift_row.html",
    nothing=_("没有差异"),
    is_selectable=True,
    batch_template="permissions/_drift_batch.html",
)
