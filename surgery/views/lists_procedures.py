"""The list of the catalogue, declared."""

from __future__ import annotations

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from portal.ui.filters import ChoiceFilter, Search
from portal.ui.lists import Column, ListSpec, QuickView
from surgery.enums import Chapter, Grade, ProcedureCategory, RestrictedClass
from surgery.models import Procedure
from surgery.presenters.procedures import ProcedureRow, procedure_rows
from surgery.queries.catalogue import department_choices, done_in
from surgery.queries.search import found_by, ranking

# 手术人次 of the national indicators counts these two (domain 3.1).
COUNTED = "12"
CATEGORIES = [(COUNTED, _("手术、介入")), *ProcedureCategory.choices]
FLAGS = {
    "restricted": (_("限制类"), ~Q(restricted_class=RestrictedClass.NONE)),
    "level4": (_("国考四级"), Q(is_national_level4=True)),
    "mini": (_("微创"), Q(is_mini_invasive=True)),
    "licence": (_("专项许可"), Q(needs_special_licence=True)),
    "day": (_("日间"), Q(is_day_surgery=True)),
    "new": (_("新技术"), Q(is_new_technique=True)),
    "side": (_("须注明侧别"), Q(needs_side=True)),
}
IN_USE = Q(is_enabled=True)


def of_category(value: str) -> Q:
    return Q(category__in=list(COUNTED) if value == COUNTED else [value])


PROCEDURES = ListSpec[Procedure, ProcedureRow](
    key="procedures",
    columns=(
        Column("code", _("编码"), order=("code",), export=lambda row: row.code),
        Column(
            "insurance",
            _("医保编码"),
            in_file=True,
            export=lambda row: row.code_insurance,
        ),
        Column("name", _("手术名称"), order=("initials",), export=lambda row: row.name),
        Column("category", _("类别"), css="wr", export=lambda row: row.category),
        Column(
            "grade",
            _("本院级别"),
            order=("grade", "code"),
            css="wr",
            export=lambda row: row.grade.text,
        ),
        Column("level4", _("国考四级"), css="wr", export=lambda row: row.level4),
        Column("flags", _("标志"), export=lambda row: row.flags),
        Column("places", _("可开展科室"), export=lambda row: row.all_places),
        Column("able", _("可主刀"), css="num wr", export=lambda row: row.operators),
        Column("done", _("近 12 月"), css="num wr", export=lambda row: row.cases),
        Column("state", _("状态"), export=lambda row: row.state.text),
        Column("acts", _("操作"), css="acts"),
    ),
    search=Search(_("编码、名称、别名或拼音"), found_by, ranking=ranking),
    filters=(
        ChoiceFilter("category", _("类别"), CATEGORIES, of_category),
        ChoiceFilter(
            "flag",
            _("标志"),
            [(key, label) for key, (label, _condition) in FLAGS.items()],
            lambda value: FLAGS[value][1],
        ),
        ChoiceFilter(
            "dept", _("科室"), department_choices, done_in, is_searchable=True
        ),
        ChoiceFilter(
            "chapter",
            _("章"),
            [(one.value, f"{one.value} {one.label}") for one in Chapter if one],
            "chapter",
        ),
    ),
    views=(
        QuickView("all", _("全部")),
        QuickView("g4", Grade.FOUR.label, IN_USE & Q(grade=Grade.FOUR)),
        QuickView("g3", Grade.THREE.label, IN_USE & Q(grade=Grade.THREE)),
        QuickView("g2", Grade.TWO.label, IN_USE & Q(grade=Grade.TWO)),
        QuickView("g1", Grade.ONE.label, IN_USE & Q(grade=Grade.ONE)),
        QuickView("g34", _("三、四级"), IN_USE & Q(grade__gte=Grade.THREE)),
        QuickView("g0", Grade.UNGRADED.label, IN_USE & Q(grade=Grade.UNGRADED), "warn"),
        QuickView("off", _("停用"), Q(is_enabled=False)),
    ),
    order=("code",),
    present=procedure_rows,
    row_template="surgery/_procedure_row.html",
    nothing=_("没有符合条件的手术"),
)
