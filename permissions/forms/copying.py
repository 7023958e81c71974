"""Forms for copying from a colleague or a post, and for the posts themselves."""

from __future__ import annotations

from typing import Any

from django import forms
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

from permissions.enums import Setting, SurgicalRole
from permissions.forms.grants import (
    LONG_REASON,
    WithoutColons,
    item_label,
    practitioner_label,
    privilege_label,
)
from permissions.forms.second import GivesRights
from permissions.models import Privilege
from permissions.queries.templates import enabled_templates
from portal.directory.models import Practitioner
from portal.directory.queries import practitioner_by_emp_no

NOTHING = _("没有找到，换一个写法")
MOST_MONTHS = 600


def searched(url_name: str, placeholder: Any) -> forms.Select:
    """A long list, searched on the server while typing."""
    return forms.Select(
        attrs={
            "data-search": True,
            "data-url": reverse_lazy(f"permissions:{url_name}"),
            "data-placeholder": placeholder,
            "data-nothing": NOTHING,
        }
    )


def doctor(label: Any, **options: Any) -> forms.CharField:
    widget = searched("practitioner-options", _("姓名、工号或拼音首字母"))
    return forms.CharField(label=label, widget=widget, **options)


def draw_chosen(form: forms.Form, name: str, label: str) -> None:
    """What was chosen is drawn again; the rest of the list stays on the server."""
    chosen = str(form[name].value() or "")
    choices = [("", ""), *([(chosen, label)] if label else [])]
    form.fields[name].widget.choices = choices


class CopyForm(GivesRights):
    """Whom to give, and whose rights or which post's; ``line`` are the ticked ones."""

    target = doctor(_("授予医师"))
    source = doctor(_("复制自同事"), required=False)
    template = forms.TypedChoiceField(
        label=_("或岗位模板"), coerce=int, empty_value=None, required=False
    )
    reason = forms.CharField(
        label=_("说明"),
        strip=True,
        widget=forms.Textarea(attrs=LONG_REASON),
        help_text=_("写入变更日志，本人和科主任可见"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["template"]
        field.choices = [("", _("不用模板")), *enabled_templates()]  # type: ignore[attr-defined]
        for name in ("target", "source"):
            draw_chosen(self, name, practitioner_label(str(self[name].value() or "")))

    def clean_target(self) -> Practitioner:
        return _known(self.cleaned_data["target"])

    def clean_source(self) -> Practitioner | None:
        given = self.cleaned_data["source"]
        return _known(given) if given else None

    def clean(self) -> None:
        chosen = [self.cleaned_data.get(name) for name in ("source", "template")]
        if "source" not in self.errors and sum(map(bool, chosen)) != 1:
            self.add_error("source", _("选择一位同事或一个岗位模板，两者选一。"))


def _known(emp_no: str) -> Practitioner:
    found = practitioner_by_emp_no(emp_no)
    if found is None:
        raise forms.ValidationError(_("没有这位医师。"))
    return found


class TemplateForm(WithoutColons):
    """A post: its name, what it is for, and why it is changed."""

    name = forms.CharField(label=_("名称"), max_length=50, strip=True)
    note = forms.CharField(label=_("用途"), max_length=200, required=False)
    reason = forms.CharField(
        label=_("说明"),
        strip=True,
        widget=forms.Textarea(attrs=LONG_REASON),
        help_text=_("写入模板的历史"),
    )


class AddedLineForm(WithoutColons):
    """One more line of a post; nothing chosen adds none."""

    privilege = forms.CharField(
        label=_("添加权限项"),
        required=False,
        widget=searched("privilege-options", _("名称、编码或拼音首字母")),
    )
    item = forms.CharField(
        label=_("手术"),
        required=False,
        widget=searched("procedure-options", _("逐项权限才选")),
    )
    role = forms.ChoiceField(
        label=_("角色"),
        required=False,
        choices=[("", _("常用角色")), *(one for one in SurgicalRole.choices if one[0])],
    )
    setting = forms.ChoiceField(label=_("场合"), choices=Setting.choices)
    months = forms.IntegerField(
        label=_("有效月数"),
        required=False,
        min_value=1,
        max_value=MOST_MONTHS,
        help_text=_("留空按权限字典的最长有效期"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        draw_chosen(self, "privilege", privilege_label(self._text("privilege")))
        draw_chosen(self, "item", item_label(self._text("item")))

    def _text(self, name: str) -> str:
        return str(self[name].value() or "")

    def clean_privilege(self) -> Privilege | None:
        code = self.cleaned_data["privilege"]
        if not code:
            return None
        found = Privilege.objects.filter(code=code).first()
        if found is None:
            raise forms.ValidationError(_("没有这项权限。"))
        return found
