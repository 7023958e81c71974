"""The columns of a sheet of trainings and what they are called, as hospitals write."""

from __future__ import annotations

from collections.abc import Mapping

from django.conf import settings
from django.db import models
from django.utils import translation
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from permissions.models import Training, TrainingImport, TrainingImportRow
from permissions.models.record_imports import Verdict
from permissions.models.training_imports import APPLY, CHECK, UNDO
from portal.accounts.capabilities import Capability
from portal.sheets import workbooks
from portal.sheets.acts import Acts
from portal.sheets.columns import Columns
from portal.sheets.kinds import ImportKind


class Field(models.TextChoices):
    """What a column may hold."""

    EMP_NO = "EMP_NO", _("工号")
    NAME = "NAME", _("姓名")
    COURSE = "COURSE", _("课程")
    PASSED_ON = "PASSED_ON", _("完成日期")
    VALID_TO = "VALID_TO", _("有效期至")
    SCORE = "SCORE", _("成绩")
    PASS_MARK = "PASS_MARK", _("合格线")
    PROVIDER = "PROVIDER", _("举办单位")
    HOURS = "HOURS", _("学时")
    CERTIFICATE = "CERTIFICATE", _("证书编号")
    DOCUMENT = "DOCUMENT", _("材料")


# The first of each stands in our own template.
HEADINGS: Mapping[Field, tuple[str, ...]] = {
    Field.EMP_NO: ("工号", "职工号", "员工号", "医师工号", "医生工号", "人员编号"),
    Field.NAME: ("姓名", "医师姓名", "医生姓名", "职工姓名"),
    Field.COURSE: ("课程", "课程编码", "课程名称", "培训项目", "培训名称", "考核项目"),
    Field.PASSED_ON: ("完成日期", "培训日期", "考核日期", "考试日期", "日期"),
    Field.VALID_TO: ("有效期至", "有效期止", "到期日期", "截止日期"),
    Field.SCORE: ("成绩", "考核成绩", "分数", "得分"),
    Field.PASS_MARK: ("合格线", "及格线", "合格分"),
    Field.PROVIDER: ("举办单位", "主办单位", "培训单位"),
    Field.HOURS: ("学时", "课时"),
    Field.CERTIFICATE: ("证书编号", "证书号", "合格证编号"),
    Field.DOCUMENT: ("材料", "材料编号", "备注"),
}
COLUMNS = Columns(Field, HEADINGS, (Field.EMP_NO, Field.COURSE, Field.PASSED_ON))
TRAININGS = ImportKind(
    imports=TrainingImport,
    rows=TrainingImportRow,
    link="training_import",
    columns=COLUMNS,
    needs=Capability.CHANGE_GRANT,
    writable=(Verdict.NEW,),
    wrong=(Verdict.CONFLICT, Verdict.ERROR),
    check=CHECK,
    apply=APPLY,
    undo=UNDO,
    uploaded="上传培训考核表格",
    chosen="对应培训考核表格的列并试运行",
    discarded="放弃导入",
)
ACTS = Acts(TRAININGS)
HOW = {
    Field.EMP_NO: _("必填。HIS 医师字典中的工号，前面的 0 不能省略。"),
    Field.NAME: _("填写时用来核对工号，两者不符的行不导入。"),
    Field.COURSE: _("必填。写编码或全称，见「课程」表。"),
    Field.PASSED_ON: _("必填。日期，如 2026-01-05、2026/1/5、2026年1月5日。"),
    Field.VALID_TO: _("最后一天，含当日；长期有效留空或写「长期」。"),
    Field.SCORE: _("0 至 100 的整数；只参加培训、未考核留空。"),
    Field.PASS_MARK: _("留空为 60。"),
}


def template_workbook() -> bytes:
    """An empty sheet with our headings, how to fill it in, and the courses."""
    with translation.override(settings.LANGUAGE_CODE):
        courses = Training.objects.filter(is_enabled=True).order_by("sort", "code")
        rows = [[one.code, one.name] for one in courses]
        return workbooks.template_workbook(
            "培训考核",
            COLUMNS,
            how=HOW,
            choices={},
            widths={Field.COURSE: 26, Field.PROVIDER: 20},
            more={_t("课程"): [[_t("编码"), _t("名称")], *rows]},
        )
