"""The form of a personal certificate."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from permissions.forms.grants import LONG_REASON, WithoutColons, day_field
from permissions.models.certificates import KEPT_HERE


class CertificateForm(WithoutColons):
    """登记证书."""

    kind = forms.ChoiceField(
        label=_("证书"),
        choices=[("", _("选择证书")), *((one.value, one.label) for one in KEPT_HERE)],
    )
    number = forms.CharField(label=_("证书编号"), max_length=50)
    issuer = forms.CharField(label=_("发证单位"), max_length=80, required=False)
    issued_on = day_field(_("发证日期"), required=True)
    valid_to = day_field(
        _("有效期至"), required=False, help_text=_("含当日；长期有效留空")
    )
    document = forms.CharField(
        label=_("材料"),
        max_length=100,
        required=False,
        help_text=_("材料编号或存放处"),
    )
    reason = forms.CharField(
        label=_("说明"), strip=True, widget=forms.Textarea(attrs=LONG_REASON)
    )
