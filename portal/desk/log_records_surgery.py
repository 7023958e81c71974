"""What is maintained of procedures, as the log reads it."""

from __future__ import annotations

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from permissions.views.lists import practitioner_matches
from portal.desk.log_record import Record
from portal.ui.elements import Chip, Grade
from surgery.codes import folded
from surgery.models import (
    CataloguePublication,
    Filing,
    GradeProposal,
    GradeText,
    Procedure,
    ProcedureAlias,
    ProcedureDepartment,
    Recoding,
    RecodingLine,
    SurgeryApplication,
)
from surgery.presenters.declarations import DETAILS, verdict_chip
from surgery.presenters.declarations import FIELDS as DECLARED
from surgery.presenters.procedures import TITLES as PROCEDURE_TITLES
from surgery.presenters.procedures import restricted_word


def _procedure_matches(text: str) -> Q:
    return (
        Q(code__istartswith=text)
        | Q(name__contains=text)
        | Q(initials__istartswith=text)
    )


def _declaration_matches(text: str) -> Q:
    return practitioner_matches(text, "surgeon__") | Q(application_no__contains=text)


PROCEDURE = Record(
    model=Procedure,
    kind="PROCEDURE_CHANGED",
    chip=Chip("info", "pencil", _("修改手术目录")),
    who=lambda row: row.name,
    what=lambda row: row.code,
    search=_procedure_matches,
    fields=PROCEDURE_TITLES,
    write={
        "grade": lambda value: Grade(value).text,
        "restricted_class": restricted_word,
    },
    url=lambda row: reverse("surgery:procedure-detail", args=[row.id]),
    link=_("手术目录"),
    opens_drawer=True,
)


def _of_procedure(text: str) -> Q:
    found = Q(procedure__search_text__contains=folded(text)) if folded(text) else Q()
    return found | Q(procedure__name__contains=text)


ALIAS = Record(
    model=ProcedureAlias,
    kind="PROCEDURE_NAMED",
    chip=Chip("info", "pencil", _("修改手术别名")),
    who=lambda row: row.procedure.name,
    what=lambda row: row.procedure.code,
    search=_of_procedure,
    joined=("procedure",),
    fields={"name": _("别名"), "is_dropped": _("已去掉")},
    url=lambda row: reverse("surgery:procedure-detail", args=[row.procedure_id]),
    link=_("手术目录"),
    opens_drawer=True,
)
DEPARTMENT = Record(
    model=ProcedureDepartment,
    kind="PROCEDURE_PLACED",
    chip=Chip("info", "pencil", _("修改可开展科室")),
    who=lambda row: row.procedure.name,
    what=lambda row: row.procedure.code,
    search=_of_procedure,
    joined=("procedure", "department"),
    fields={"department": _("科室"), "is_dropped": _("已去掉")},
    write={"department": lambda value: value.name},
    url=lambda row: reverse("surgery:procedure-detail", args=[row.procedure_id]),
    link=_("手术目录"),
    opens_drawer=True,
)
GRADE = Record(
    model=GradeText,
    kind="GRADE_WORDED",
    chip=Chip("info", "pencil", _("修改手术等级字典")),
    who=lambda row: str(Grade(row.grade).text),
    what=lambda row: str(_("手术等级字典")),
    search=lambda text: Q(criteria__contains=text),
    fields={"criteria": _("判定标准")},
    url=lambda row: reverse("surgery:procedure-grades"),
    link=_("手术等级字典"),
)
GRADE_PROPOSAL = Record(
    model=GradeProposal,
    kind="GRADE_PROPOSED",
    chip=Chip("info", "send", _("定级申请")),
    who=lambda row: row.procedure.name,
    what=lambda row: row.procedure.code,
    search=lambda text: (
        Q(procedure__code__istartswith=text)
        | Q(procedure__name__contains=text)
        | Q(doc_no__contains=text)
    ),
    joined=("procedure",),
    fields={
        "state": _("状态"),
        "act": _("申请"),
        "grade_before": _("原级别"),
        "grade": _("新级别"),
        "effective_on": _("施行日期"),
        "score_risk": _("手术风险"),
        "score_difficulty": _("难易程度"),
        "score_resources": _("资源消耗"),
        "score_ethics": _("伦理风险"),
        "doc_no": _("文号"),
        "meeting": _("会议"),
    },
    url=lambda row: reverse("permissions:grade-proposal-detail", args=[row.id]),
    link=_("定级审定"),
)
PUBLICATION = Record(
    model=CataloguePublication,
    kind="CATALOGUE_PUBLISHED",
    chip=Chip("info", "send", _("上报、公示")),
    who=lambda row: str(_("三、四级手术目录")),
    what=lambda row: row.version.number,
    search=lambda text: Q(to__contains=text) | Q(receipt__contains=text),
    joined=("version",),
    fields={
        "kind": _("事项"),
        "on": _("日期"),
        "to": _("对象"),
        "receipt": _("回执号、网址"),
        "count": _("条数"),
        "check_code": _("校验码"),
    },
    url=lambda row: reverse("surgery:grade-version-detail", args=[row.version_id]),
    link=_("目录版本"),
)
RECODING = Record(
    model=Recoding,
    kind="RECODED",
    chip=Chip("info", "git-compare", _("编码调整")),
    who=lambda row: str(_("第 %(number)s 号编码调整") % {"number": row.id}),
    what=lambda row: row.doc_no,
    search=lambda text: Q(doc_no__contains=text) | Q(reason__contains=text),
    fields={
        "state": _("状态"),
        "effective_on": _("施行日期"),
        "doc_no": _("文号"),
        "meeting": _("会议"),
        "applied_at": _("施行时间"),
        "problem": _("未能施行的原因"),
        "end_reason": _("撤回、撤销的理由"),
    },
    url=lambda row: reverse("permissions:recoding-detail", args=[row.id]),
    link=_("编码调整"),
)
RECODED_CODE = Record(
    model=RecodingLine,
    kind="CODE_CHANGED",
    chip=Chip("info", "git-compare", _("编码替换、合并、拆分")),
    who=lambda row: row.new_name,
    what=lambda row: f"{row.old_code} → {row.new_code}",
    search=lambda text: (
        Q(old_code__istartswith=text)
        | Q(new_code__istartswith=text)
        | Q(old_name__contains=text)
        | Q(new_name__contains=text)
    ),
    fields={
        "kind": _("调整方式"),
        "old_code": _("旧编码"),
        "new_code": _("新编码"),
        "new_name": _("新名称"),
        "is_made": _("新增条目"),
        "note": _("依据"),
    },
    url=lambda row: reverse("permissions:recoding-detail", args=[row.recoding_id]),
    link=_("编码调整"),
)
DECLARATION = Record(
    model=SurgeryApplication,
    kind="SURGERY_DECLARED",
    chip=Chip("info", "clipboard-check", _("手术申报")),
    who=lambda row: row.surgeon.name,
    what=lambda row: row.application_no,
    search=_declaration_matches,
    doctor=lambda emp_no: Q(surgeon__emp_no=emp_no) | Q(applicant__emp_no=emp_no),
    joined=("surgeon",),
    fields={
        "surgeon": DECLARED["surgeon"],
        "planned_at": DECLARED["planned_at"],
        "is_planned": DECLARED["is_planned"],
        "nature": DECLARED["nature"],
        "is_rescue": DECLARED["is_rescue"],
        "reoperation": DECLARED["reoperation"],
        "reoperation_reason": DECLARED["reoperation_reason"],
        **{name: DECLARED[name] for name in DETAILS},
        "verdict_code": DECLARED["verdict"],
    },
    write={
        "surgeon": lambda value: f"{value.name} {value.emp_no}",
        "verdict_code": lambda value: verdict_chip(value).text,
    },
    url=lambda row: reverse("surgery:application-history", args=[row.id]),
    link=_("手术申报"),
    opens_drawer=True,
)


FILING = Record(
    model=Filing,
    kind="FILING_CHANGED",
    chip=Chip("info", "file-check", _("限制类技术备案")),
    who=lambda row: row.procedure.name,
    what=lambda row: row.procedure.code,
    search=_of_procedure,
    joined=("procedure",),
    fields={
        "filed_on": _("备案日期"),
        "authority": _("备案机关"),
        "document_no": _("备案文号"),
        "document": _("材料"),
    },
    url=lambda row: reverse("surgery:technique-list"),
    link=_("限制类与停用"),
)
