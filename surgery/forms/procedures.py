"""Forms of the catalogue: an entry, its switch, the criteria of a grade."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy as _

from portal.audit.refusing import REASON_MAX
from portal.parameters.days import FIRST_DAY, LAST_DAY
from surgery.enums import (
    EntryOption,
    IncisionClass,
    Place,
    ProcedureCategory,
    RestrictedClass,
)
from surgery.models import Procedure
from surgery.services.procedures import COLUMNS, Attributes

LONGEST_ALIAS = 100
DAYS = [MinValueValidator(FIRST_DAY), MaxValueValidator(LAST_DAY)]


def text(label: Any, most: int, help_text: Any = "", **more: Any) -> forms.CharField:
    return forms.CharField(
        label=label, max_length=most, required=False, help_text=help_text, **more
    )


def tick(label: Any, help_text: Any = "") -> forms.BooleanField:
    return forms.BooleanField(label=label, required=False, help_text=help_text)


def day(label: Any, help_text: Any = "") -> forms.DateField:
    return forms.DateField(
        label=label,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        validators=DAYS,
        help_text=help_text,
    )


class ReasonForm(forms.Form):
    """Why; ``seen`` is the last change the page showed."""

    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)
    reason = forms.CharField(
        label=_("说明"),
        widget=forms.Textarea(attrs={"rows": 3, "maxlength": REASON_MAX}),
        help_text=_("写明依据，变更日志可见"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        self.order_fields([name for name in self.fields if name != "reason"])


class SwitchForm(ReasonForm):
    """停用、启用 from a day on."""

    on = day(_("生效日期"), _("今天或以前立即生效，以后的到这一天生效"))


MOVE, RECALL = "MOVE", "RECALL"


class MoveSwitchForm(SwitchForm):
    """A 停用 or 启用 that is decided: another day for it, or none."""

    act = forms.ChoiceField(
        label=_("办理"),
        choices=[(MOVE, _("改到另一天")), (RECALL, _("撤回，保持现状"))],
        widget=forms.RadioSelect,
        initial=MOVE,
    )
    field_order = ("seen", "act", "on", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["on"].required = False
        self.order_fields(self.field_order)

    @property
    def is_recall(self) -> bool:
        return self.cleaned_data.get("act") == RECALL

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        is_move = given.get("act") == MOVE
        if is_move and not given.get("on") and "on" not in self.errors:
            self.add_error("on", _("写明改到哪一天。"))
        return given


class CriteriaForm(ReasonForm):
    criteria = forms.CharField(
        label=_("判定标准"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 5, "maxlength": 500}),
    )


class ProcedureForm(ReasonForm):
    """Every attribute but the grade, which is decided elsewhere."""

    code = forms.CharField(
        label=_("国临编码"), max_length=32, help_text=_("例如 51.2300、52.7x00")
    )
    name = forms.CharField(label=_("名称"), max_length=100)
    aliases = forms.CharField(
        label=_("别名"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("每行一个，搜索时同样能找到"),
    )
    category = forms.ChoiceField(label=_("类别"), choices=ProcedureCategory.choices)
    code_insurance = text(_("医保编码"), 32)
    code_extra = text(_("附加编码"), 32)
    entry_option = forms.ChoiceField(
        label=_("录入选项"), choices=EntryOption.choices, required=False
    )
    is_national_level4 = tick(_("国考四级手术"))
    is_mini_invasive = tick(_("国考微创手术"))
    restricted_class = forms.TypedChoiceField(
        label=_("限制类技术"), choices=RestrictedClass.choices, coerce=int
    )
    needs_special_licence = tick(_("专项许可"), _("器官移植等另行许可的"))
    is_day_surgery = tick(_("日间手术"))
    is_new_technique = tick(_("新技术"))
    incision_class = forms.ChoiceField(
        label=_("默认切口类别"), choices=IncisionClass.choices, required=False
    )
    site = text(_("部位"), 50)
    needs_side = tick(_("须注明侧别"))
    place = forms.ChoiceField(label=_("开展场所"), choices=Place.choices)
    specialty = text(_("专业"), 50)
    departments = forms.MultipleChoiceField(
        label=_("可开展科室"),
        required=False,
        widget=forms.SelectMultiple(
            attrs={"data-search": True, "data-nothing": _("没有找到，换一个写法")}
        ),
        help_text=_("不选为不限科室"),
        error_messages={"invalid_choice": _("没有 %(value)s，从列表中选择。")},
    )
    his_item_id = text(_("HIS 项目编号"), 32)
    charge_item = text(_("收费项目"), 50)
    remark = text(_("备注"), 500, widget=forms.Textarea(attrs={"rows": 2}))
    effective_from = day(_("启用日期"))

    def __init__(
        self,
        *args: Any,
        departments: list[tuple[str, str]],
        entry: Procedure | None = None,
        today: date,
        **kwargs: Any,
    ) -> None:
        first = initial_of(entry) if entry else {"effective_from": today}
        kwargs["initial"] = {**first, **kwargs.get("initial", {})}
        super().__init__(*args, **kwargs)
        self.fields["departments"].choices = departments  # type: ignore[attr-defined]
        if entry is not None:
            self.fields["code"].disabled = True
            self.fields["code"].help_text = _("编码不能在这里修改")
            del self.fields["effective_from"]

    def clean_aliases(self) -> tuple[str, ...]:
        lines = [line.strip() for line in self.cleaned_data["aliases"].splitlines()]
        names = tuple(dict.fromkeys(filter(None, lines)))
        if too_long := next((one for one in names if len(one) > LONGEST_ALIAS), None):
            raise forms.ValidationError(
                _("别名最多 %(most)s 个字：%(name)s…"),
                params={"most": LONGEST_ALIAS, "name": too_long[:20]},
            )
        return names

    def attributes(self) -> Attributes:
        given = self.cleaned_data
        return Attributes(
            **{name: given[name] for name in COLUMNS},
            aliases=given["aliases"],
            departments=tuple(given["departments"]),
        )


def initial_of(entry: Procedure) -> dict[str, Any]:
    """Needs ``standing_aliases`` and ``standing_departments`` (queries.catalogue)."""
    aliases: Any = entry.standing_aliases  # type: ignore[attr-defined]
    places: Any = entry.standing_departments  # type: ignore[attr-defined]
    return {
        "code": entry.code,
        **{name: getattr(entry, name) for name in COLUMNS},
        "aliases": "\n".join(one.name for one in aliases),
        "departments": [one.department.code for one in places],
    }
