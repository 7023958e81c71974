"""接入测试: what is asked, typed by the information center."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from his_plugin.launch.parameters import SHAPES
from his_plugin.trial.making import Asked
from portal.directory.models import Practitioner
from portal.directory.queries import practitioner_by_emp_no
from portal.his.entrances import CasServer, Method, OidcProvider
from portal.ui.fields import WithoutColons

LONGEST_LINK = 4096
FORM = "FORM"  # a link whose words are posted instead
WAYS: dict[str, str | Promise] = {
    Method.LINK: _("签名链接"),
    FORM: _("POST 表单"),
    Method.TICKET: _("换取凭据"),
    Method.OIDC: "OIDC",
    Method.CAS: "CAS",
    Method.SMART: "SMART",
}
STATION_NAMES = (("ZY", _("住院医生站")), ("MZ", _("门诊医生站")))


def ways() -> list[tuple[str, str]]:
    """Every entrance with every way it may be used: ``LINK:YW`` and its words."""
    found: list[tuple[str, str]] = []
    for app in sorted(settings.LAUNCH.stations.values(), key=lambda one: one.name):
        if Method.LINK in app.methods:
            found += [(Method.LINK, app.name), (FORM, app.name)]
        if Method.TICKET in app.methods:
            found.append((Method.TICKET, app.name))
    for platform in settings.LAUNCH.platforms:
        found.append((_method_of(platform), platform.name))
    return [(f"{way}:{name}", f"{name} · {WAYS[way]}") for way, name in found]


def _method_of(platform: object) -> Method:
    if isinstance(platform, OidcProvider):
        return Method.OIDC
    return Method.CAS if isinstance(platform, CasServer) else Method.SMART


class LinkForm(WithoutColons):
    """Where a station would stand. The department may be another than the doctor's:
    that such a launch is refused can be tried too."""

    way = forms.ChoiceField(label=_("接入方与方式"), choices=ways)
    doctor = forms.CharField(
        label=_("医师工号"),
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    department = forms.RegexField(
        label=_("科室编码"),
        regex=rf"\A{SHAPES['d'].pattern}\Z",
        required=False,
        strip=True,
        help_text=_("留空为医师名册中的科室"),
    )
    station = forms.ChoiceField(label=_("工作站"), choices=STATION_NAMES)
    page = forms.ChoiceField(label=_("打开的页面"), choices=[("my", _("我的权限"))])
    patient = forms.CharField(label=_("病人ID"), max_length=32, required=False)
    visit = forms.CharField(label=_("就诊ID或主页ID"), max_length=32, required=False)

    def clean_doctor(self) -> Practitioner:
        found = practitioner_by_emp_no(self.cleaned_data["doctor"])
        if found is None:
            raise forms.ValidationError(_("医师名册里没有这个工号，请核对后重新填写。"))
        return found

    def asked(self) -> Asked:
        """Of a form that is right."""
        said: dict[str, Any] = self.cleaned_data
        return Asked(
            doctor=said["doctor"],
            department=said["department"] or said["doctor"].department.code,
            station=said["station"],
            patient=said["patient"],
            visit=said["visit"],
        )


class FailingForm(WithoutColons):
    """A link as it was opened, whole."""

    address = forms.CharField(
        label=_("打不开的链接"),
        max_length=LONGEST_LINK,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        help_text=_("把完整地址粘贴到这里，只核对，不打开，不占用随机数"),
    )
