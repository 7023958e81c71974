"""The lists of imports of certificates and of the rows of one, declared."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from permissions.models import CertificateImportRow
from permissions.presenters.certificate_imports import (
    LOOK,
    CertificateSheetRow,
    sheet_rows,
)
from portal.sheets.lists import OUTCOME, list_of_imports, verdict_views
from portal.ui.filters import Search
from portal.ui.lists import Column, ListSpec

IMPORTS = list_of_imports("certificate-imports", LOOK)
ROWS = ListSpec[CertificateImportRow, CertificateSheetRow](
    key="certificate-import-rows",
    columns=(
        Column("number", _("行号"), order=("number",), export=lambda row: row.number),
        Column("who", _("医师"), order=("text",), export=lambda row: row.who),
        Column("kind", _("证书"), export=lambda row: row.kind),
        Column(
            "number_of",
            _("编号、发证单位"),
            export=lambda row: f"{row.certificate_no} {row.issuer}".strip(),
        ),
        Column("issued", _("发证日期"), export=lambda row: row.issued_on),
        Column("until", _("有效期至"), export=lambda row: row.valid_to),
        Column("verdict", _("试运行"), export=lambda row: row.verdict.text),
        Column("outcome", _("写入"), export=lambda row: row.written),
        Column("why", _("原因"), export=lambda row: row.why),
    ),
    search=Search(_("工号、姓名、证书"), ("text__icontains",)),
    filters=(OUTCOME,),
    views=verdict_views(LOOK),
    order=("number",),
    present=sheet_rows,
    row_template="permissions/_certificate_sheet_row.html",
    nothing=_("没有符合条件的行"),
)
