"""What is maintained of rights and of the portal itself, as the log reads it."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from permissions.checks.rules import RULES
from permissions.models import (
    Assessment,
    BookingHit,
    CertificateImport,
    DriftDecision,
    GrantImport,
    PersonalCertificate,
    PostTemplate,
    Review,
    RuleSetting,
    TrainingImport,
    TrainingRecord,
)
from permissions.presenters.drifts import codes_of
from permissions.presenters.words import what_in_one
from permissions.views.lists import practitioner_matches
from portal.desk.log_record import Record, WrittenOnce
from portal.ui.elements import Chip, Text
from portal.ui.models import SavedView


def _of_practitioner(text: str) -> Q:
    return practitioner_matches(text, "practitioner__")


RULE = Record(
    model=RuleSetting,
    kind="RULE_CHANGED",
    chip=Chip("info", "adjustments-horizontal", _("修改核对规则")),
    who=lambda row: str(_rule_text(row.rule)),
    what=lambda row: row.rule,
    search=lambda text: Q(rule__istartswith=text) | Q(text__contains=text),
    fields={
        "mode": _("严格程度"),
        "text": _("规则文字"),
        "remedy": _("下一步"),
    },
    url=lambda row: reverse("permissions:rule-list"),
    link=_("核对规则"),
)
TRAINING = Record(
    model=TrainingRecord,
    kind="TRAINING_CHANGED",
    chip=Chip("info", "pencil", _("登记培训考核")),
    who=lambda row: row.practitioner.name,
    what=lambda row: row.training.name,
    search=lambda text: _of_practitioner(text) | Q(training__name__contains=text),
    doctor=lambda emp_no: Q(practitioner__emp_no=emp_no),
    joined=("practitioner", "training"),
    fields={
        "training": _("课程"),
        "passed_on": _("完成日期"),
        "valid_to": _("有效期至"),
        "score": _("考核成绩"),
        "pass_mark": _("合格线"),
        "certificate_no": _("证书编号"),
        "is_void": _("作废"),
    },
    write={"training": lambda value: value.name},
    url=lambda row: reverse(
        "permissions:practitioner-detail", args=[row.practitioner.emp_no]
    ),
    link=_("医师档案"),
)
CERTIFICATE = Record(
    model=PersonalCertificate,
    kind="CERTIFICATE_CHANGED",
    chip=Chip("info", "pencil", _("登记个人证书")),
    who=lambda row: row.practitioner.name,
    what=lambda row: str(row.get_kind_display()),
    search=lambda text: _of_practitioner(text) | Q(number__istartswith=text),
    doctor=lambda emp_no: Q(practitioner__emp_no=emp_no),
    joined=("practitioner",),
    fields={
        "kind": _("证书"),
        "number": _("证书编号"),
        "issuer": _("发证单位"),
        "issued_on": _("发证日期"),
        "valid_to": _("有效期至"),
        "document": _("材料"),
        "is_void": _("作废"),
    },
    url=lambda row: reverse(
        "permissions:practitioner-detail", args=[row.practitioner.emp_no]
    ),
    link=_("医师档案"),
)
TEMPLATE = Record(
    model=PostTemplate,
    kind="TEMPLATE_CHANGED",
    chip=Chip("info", "pencil", _("修改岗位模板")),
    who=lambda row: row.name,
    what=lambda row: str(_("岗位模板")),
    search=lambda text: Q(name__contains=text),
    fields={"name": _("名称"), "note": _("说明"), "is_enabled": _("启用")},
    url=lambda row: reverse("permissions:grant-template-detail", args=[row.id]),
    link=_("岗位模板"),
)
REVIEW = Record(
    model=Review,
    kind="REVIEW_CHANGED",
    chip=Chip("info", "scale", _("授权复核")),
    who=lambda row: row.practitioner.name if row.practitioner else str(_("多位医师")),
    what=lambda row: str(row.get_trigger_display()),
    search=lambda text: _of_practitioner(text) | Q(why__contains=text),
    doctor=lambda emp_no: Q(practitioner__emp_no=emp_no),
    joined=("practitioner", "owner"),
    fields={
        "state": _("状态"),
        "owner": _("经办人"),
        "due_on": _("办结期限"),
        "conclusion": _("结论"),
    },
    write={"owner": lambda value: value.name if value else ""},
    url=lambda row: reverse("permissions:review-list"),
    link=_("授权复核"),
)


ASSESSMENT = WrittenOnce(
    model=Assessment,
    kind="ASSESSED",
    chip=Chip("info", "report", _("登记能力评估")),
    who=lambda row: row.state.practitioner.name,
    what=lambda row: what_in_one(row.state.grant),
    search=lambda text: (
        practitioner_matches(text, "state__practitioner__") | Q(doc_no__contains=text)
    ),
    doctor=lambda emp_no: Q(state__practitioner__emp_no=emp_no),
    joined=("state__practitioner", "state__grant__privilege"),
    fields={
        "assessed_on": _("评估日期"),
        "result": _("结论"),
        "next_due": _("下次评估不晚于"),
        "doc_no": _("依据文号"),
    },
    url=lambda row: reverse("permissions:assessment-list"),
    link=_("能力评估"),
)
DRIFT = WrittenOnce(
    model=DriftDecision,
    kind="DRIFT_DECIDED",
    chip=Chip("info", "git-compare", _("处理 HIS 差异")),
    who=lambda row: (
        row.drift.practitioner.name if row.drift.practitioner else row.drift.emp_no
    ),
    what=lambda row: f"{row.drift.name} {codes_of(row.drift)}".strip(),
    search=lambda text: (
        practitioner_matches(text, "drift__practitioner__")
        | Q(drift__emp_no__startswith=text)
        | Q(drift__code__istartswith=text)
        | Q(drift__item__istartswith=text)
    ),
    doctor=lambda emp_no: Q(drift__emp_no=emp_no),
    joined=("drift__practitioner",),
    fields={"act": _("处理")},
    url=lambda row: reverse("permissions:drift-detail", args=[row.drift_id]),
    link=_("HIS 差异"),
)
# What the log tells of every import by sheet.
_IMPORTED: dict[str, Any] = {
    "who": lambda row: row.file.name,
    "what": lambda row: str(row.get_state_display()),
    "search": lambda text: Q(file__name__contains=text) | Q(doc_no__contains=text),
    "joined": ("file", "applied_by", "second", "undone_by"),
    # Between these the job is at work; it says so on the page of the import.
    "only": Q(state__in=["UPLOADED", "APPLIED", "UNDONE", "DISCARDED"]),
    "fields": {
        "state": _("状态"),
        "doc_no": _("依据文号"),
        "is_all_or_nothing": _("全部成功才写"),
        "applied_by": _("写入人"),
        "second": _("第二人"),
        "undone_by": _("撤销人"),
        "reason": _("说明"),
        "undo_reason": _("撤销原因"),
        "problem": _("问题"),
    },
    "write": dict.fromkeys(
        ("applied_by", "second", "undone_by"),
        lambda value: f"{value.name} {value.staff_no}" if value else "",
    ),
}
IMPORT = Record(
    model=GrantImport,
    kind="GRANTS_IMPORTED",
    chip=Chip("info", "file-text", _("批量导入授权")),
    url=lambda row: reverse("permissions:grant-import-detail", args=[row.id]),
    link=_("批量导入"),
    **_IMPORTED,
)
TRAINING_IMPORT = Record(
    model=TrainingImport,
    kind="TRAININGS_IMPORTED",
    chip=Chip("info", "file-text", _("导入培训考核")),
    url=lambda row: reverse("permissions:training-import-detail", args=[row.id]),
    link=_("导入培训考核"),
    **_IMPORTED,
)
CERTIFICATE_IMPORT = Record(
    model=CertificateImport,
    kind="CERTIFICATES_IMPORTED",
    chip=Chip("info", "file-text", _("导入个人证书")),
    url=lambda row: reverse("permissions:certificate-import-detail", args=[row.id]),
    link=_("导入个人证书"),
    **_IMPORTED,
)
SAVED_VIEW = Record(
    model=SavedView,
    kind="VIEW_SAVED",
    chip=Chip("mute", "bookmark", _("保存视图")),
    who=lambda row: row.owner.name,
    what=lambda row: row.name,
    search=lambda text: (
        Q(name__contains=text)
        | Q(owner__name__contains=text)
        | Q(owner__staff_no__istartswith=text)
    ),
    joined=("owner",),
    fields={
        "name": _("名称"),
        "list_key": _("列表"),
        "query": _("筛选"),
        "is_shared": _("与本部门共享"),
        "is_default": _("打开列表时先用这个视图"),
        "removed_at": _("删除时间"),
    },
    url=lambda row: "",
    link="",
)
BOOKING = Record(
    model=BookingHit,
    kind="BOOKING_HANDLED",
    chip=Chip("info", "calendar-due", _("受影响手术")),
    who=lambda row: row.surgeon.name,
    what=lambda row: row.procedures,
    search=lambda text: (
        practitioner_matches(text, "surgeon__") | Q(application_no__contains=text)
    ),
    doctor=lambda emp_no: Q(surgeon__emp_no=emp_no),
    joined=("surgeon", "owner"),
    fields={
        "application_no": _("申请单号"),
        "state": _("状态"),
        "owner": _("承办人"),
        "due_at": _("期限"),
        "outcome": _("处理结果"),
        "note": _("说明"),
    },
    write={
        "owner": lambda value: value.name if value else "",
    },
    url=lambda row: reverse("permissions:booking-hit", args=[row.id]),
    link=_("受影响手术"),
    opens_drawer=True,
)


def _rule_text(rule: str) -> Text:
    known = RULES.get(rule)
    return gettext(known.text) if known else rule
