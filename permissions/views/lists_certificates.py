"""The list of personal certificates, declared."""

from __future__ import annotations

from datetime import date, timedelta

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from permissions.models import PersonalCertificate
from permissions.models.certificates import KEPT_HERE
from permissions.presenters.certificates import CertificateRow, certificate_rows
from permissions.queries.grants import departments
from permissions.views.lists import practitioner_matches
from portal.ui.filters import ChoiceFilter, DateRange, Search
from portal.ui.lists import Column, ListSpec, QuickView

GOOD = Q(is_void=False)
SOON_DAYS = 90


def certificate_list_spec(
    today: date,
) -> ListSpec[PersonalCertificate, CertificateRow]:
    """What ends soon is a matter of the day."""
    soon = Q(valid_to__range=(today, today + timedelta(days=SOON_DAYS)))
    return ListSpec[PersonalCertificate, CertificateRow](
        key="certificates",
        columns=(
            Column(
                "practitioner",
                _("医师"),
                order=("practitioner__pinyin", "practitioner__emp_no"),
                export=lambda row: f"{row.name} {row.emp_no}",
            ),
            Column("department", _("科室"), export=lambda row: row.department),
            Column("kind", _("证书"), order=("kind",), export=lambda row: row.kind),
            Column(
                "number",
                _("编号、发证单位"),
                export=lambda row: f"{row.number} {row.issuer}".strip(),
            ),
            Column(
                "issued",
                _("发证日期"),
                order=("issued_on",),
                export=lambda row: row.issued_on,
            ),
            Column(
                "until",
                _("有效期至"),
                order=("valid_to",),
                export=lambda row: row.valid_to,
            ),
            Column("state", _("状态"), export=lambda row: row.state.text),
            Column("acts", _("操作"), css="w-104"),
        ),
        search=Search(
            _("医师、工号、证书编号或拼音首字母"),
            lambda text: (
                practitioner_matches(text, "practitioner__")
                | Q(number__istartswith=text)
            ),
        ),
        filters=(
            ChoiceFilter(
                "dept", _("科室"), departments, "practitioner__department__code"
            ),
            ChoiceFilter(
                "kind",
                _("证书"),
                [(one.value, one.label) for one in KEPT_HERE],
                "kind",
            ),
            DateRange("until", _("有效期至"), "valid_to"),
        ),
        views=(
            QuickView("good", _("登记"), GOOD),
            QuickView("soon", _("90 天内到期"), GOOD & soon, "warn"),
            QuickView("ended", _("已到期"), GOOD & Q(valid_to__lt=today), "bad"),
            QuickView("void", _("作废"), ~GOOD),
            QuickView("all", _("全部")),
        ),
        order=("valid_to", "pk"),
        present=certificate_rows,
        row_template="permissions/_certificate_row.html",
        nothing=_("没有符合条件的证书"),
    )
