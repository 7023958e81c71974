"""The columns of a sheet of certificates and what they are called, as hospitals write."""

from __future__ import annotations

from collections.abc import Mapping

from django.conf import settings
from django.db import models
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from permissions.models import CertificateImport, CertificateImportRow
from permissions.models.certificate_imports import APPLY, CHECK, UNDO
from permissions.models.certificates import KEPT_HERE
from permissions.models.record_imports import Verdict
from portal.accounts.capabilities import Capability
from portal.sheets import workbooks
from portal.sheets.acts import Acts
from portal.sheets.columns import Columns
from portal.sheets.kinds import ImportKind


class Field(models.TextChoices):
    """What a column may hold."""

    EMP_NO = "EMP_NO", _("工号")
    NAME = "NAME", _("姓名")
    KIND = "KIND", _("证书")
    NUMBER = "NUMBER", _("证书编号")
    ISSUER = "ISSUER", _("发证单位")
    ISSUED_ON = "ISSUED_ON", _("发证日期")
    VALID_TO = "VALID_TO", _("有效期至")
    DOCUMENT = "DOCUMENT", _("材料")


# The first of each stands in our own template.
HEADINGS: Mapping[Field, tuple[str, ...]] = {
    Field.EMP_NO: ("工号", "职工号", "员工号", "医师工号", "医生工号", "人员编号"),
    Field.NAME: ("姓名", "医师姓名", "医生姓名", "职工姓名"),
    Field.KIND: ("证书", "证书名称", "证书类别", "证书种类", "证书类型"),
    Field.NUMBER: ("证书编号", "证书号", "证书号码", "编号"),
    Field.ISSUER: ("发证单位", "发证机关", "发证机构", "颁发单位"),
    Field.ISSUED_ON: ("发证日期", "发证时间", "颁发日期", "取证日期"),
    Field.VALID_TO: ("有效期至", "有效期止", "到期日期", "截止日期"),
    Field.DOCUMENT: ("材料", "材料编号", "备注"),
}
COLUMNS = Columns(
    Field, HEADINGS, (Field.EMP_NO, Field.KIND, Field.NUMBER, Field.ISSUED_ON)
)
CERTIFICATES = ImportKind(
    imports=CertificateImport,
    rows=CertificateImportRow,
    link="certificate_import",
    columns=COLUMNS,
    needs=Capability.CHANGE_GRANT,
    writable=(Verdict.NEW,),
    wrong=(Verdict.CONFLICT, Verdict.ERROR),
    check=CHECK,
    apply=APPLY,
    undo=UNDO,
    uploaded="上传个人证书表格",
    chosen="对应个人证书表格的列并试运行",
    discarded="放弃导入",
)
ACTS = Acts(CERTIFICATES)
HOW = {
    Field.EMP_NO: _("必填。HIS 医师字典中的工号，前面的 0 不能省略。"),
    Field.NAME: _("填写时用来核对工号，两者不符的行不导入。"),
    Field.KIND: _("必填。从列表中选；执业证书和多机构备案由 HIS 提供，不导入。"),
    Field.NUMBER: _("必填。没有编号的填材料编号；单元格设为文本，前面的 0 才会保留。"),
    Field.ISSUED_ON: _("必填。日期，如 2026-01-05、2026/1/5、2026年1月5日。"),
    Field.VALID_TO: _("最后一天，含当日；长期有效留空或写「长期」。"),
}


def template_workbook() -> bytes:
    """An empty sheet with our headings, how to fill it in, and the kinds to choose."""
    with translation.override(settings.LANGUAGE_CODE):
        return workbooks.template_workbook(
            "个人证书",
            COLUMNS,
            how=HOW,
            choices={Field.KIND: [str(one.label) for one in KEPT_HERE]},
            widths={Field.KIND: 26, Field.NUMBER: 20, Field.ISSUER: 24},
            more={},
        )
