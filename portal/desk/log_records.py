"""What people maintain row by row, as the log reads it: one declaration a model.

The history of such a model is its log. A declaration says how its rows are called,
found and searched, and which fields are told by which title; before and after are the
row and the one before it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, ClassVar

from django.db.models import Model, OuterRef, Q, QuerySet, Subquery
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from permissions.checks.rules import RULES
from permissions.models import (
    Assessment,
    BookingHit,
    GrantImport,
    PostTemplate,
    Review,
    RuleSetting,
    TrainingRecord,
)
from permissions.presenters.words import what_in_one
from permissions.views.lists import practitioner_matches
from portal.desk.log_words import NOTHING
from portal.ui.elements import Change, Chip, Grade, Text
from portal.ui.models import SavedView
from portal.ui.moments import write_moment
from surgery.codes import folded
from surgery.models import (
    CataloguePublication,
    Filing,
    GradeProposal,
    GradeText,
    Procedure,
    ProcedureAlias,
    ProcedureDepartment,
    SurgeryApplication,
)
from surgery.presenters.declarations import FIELDS as DECLARED
from surgery.presenters.declarations import verdict_chip
from surgery.presenters.procedures import TITLES as PROCEDURE_TITLES
from surgery.presenters.procedures import restricted_word

YES_NO: Mapping[bool, Text] = {True: _("是"), False: _("否")}


@dataclass(frozen=True)
class Record:
    """One maintained model.

    ``kind`` is what happened, as the filter names it; ``who`` and ``what`` say what a
    history row is about; ``fields`` are told in this order. ``doctor`` finds rows about
    one doctor, where there is one. ``write`` overrides how a field's value is written.
    ``only`` leaves out what no reader of the log asks for.
    """

    model: type[Model]
    kind: str
    chip: Chip
    who: Callable[[Any], str]
    what: Callable[[Any], str]
    search: Callable[[str], Q]
    fields: Mapping[str, Text]
    url: Callable[[Any], str]
    link: Text
    opens_drawer: bool = False
    doctor: Callable[[str], Q] | None = None
    joined: tuple[str, ...] = ()
    write: Mapping[str, Callable[[Any], Text]] | None = None
    only: Q = field(default_factory=Q)
    at: ClassVar[str] = "history_date"
    by: ClassVar[str] = "history_user_id"

    def rows(self) -> QuerySet[Any]:
        """History rows; what came with the installation was changed by nobody."""
        history: Any = self.model.history  # type: ignore[attr-defined]
        rows: QuerySet[Any] = history.exclude(history_user=None, history_type="+")
        return rows.filter(self.only)

    def with_before(self, keys: Iterable[int]) -> list[Any]:
        """These rows, each with the one before it as ``before``; two queries."""
        history: Any = self.model.history  # type: ignore[attr-defined]
        earlier = history.filter(id=OuterRef("id"), pk__lt=OuterRef("pk"))
        rows = list(
            self.rows()
            .filter(pk__in=list(keys))
            .select_related("history_user", *self.joined)
            .annotate(before_id=Subquery(earlier.order_by("-pk").values("pk")[:1]))
            .order_by("pk")
        )
        before = {
            row.pk: row
            for row in history.filter(pk__in=[one.before_id for one in rows])
            .select_related(*self.joined)
            .order_by("pk")
        }
        for row in rows:
            row.before = before.get(row.before_id)
        return rows

    def changes(self, row: Any) -> list[Change]:
        """Every field told that differs; of a new row every field that says something."""
        found = []
        for name, title in self.fields.items():
            after = self._written(row, name)
            before = NOTHING if row.before is None else self._written(row.before, name)
            if str(before) != str(after) and (row.before is not None or str(after)):
                found.append(Change(title, before or "—", after or "—"))
        return found

    def _written(self, row: Any, name: str) -> Text:
        value = getattr(row, name)
        if self.write and name in self.write:
            return self.write[name](value)
        if hasattr(row, f"get_{name}_display"):
            shown: Text = getattr(row, f"get_{name}_display")()
            return shown
        return written(value)


@dataclass(frozen=True)
class WrittenOnce(Record):
    """A model whose rows are never changed: the row itself is its entry."""

    at: ClassVar[str] = "recorded_at"
    by: ClassVar[str] = "by_id"

    def rows(self) -> QuerySet[Any]:
        return self.model._default_manager.all()

    def with_before(self, keys: Iterable[int]) -> list[Any]:
        """As history rows look, with nothing before; one query."""
        found = self.rows().filter(pk__in=list(keys)).order_by("pk")
        rows: list[Any] = list(found.select_related("by", *self.joined))
        for row in rows:
            row.before = None
            row.history_id, row.history_user = row.pk, row.by
            row.history_date, row.history_change_reason = row.recorded_at, row.note
        return rows


def written(value: Any) -> Text:
    """A value of a field as the log writes it; nothing is empty."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return YES_NO[value]
    if isinstance(value, datetime):
        return write_moment(value)
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


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


def _of_practitioner(text: str) -> Q:
    return practitioner_matches(text, "practitioner__")


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
IMPORT = Record(
    model=GrantImport,
    kind="GRANTS_IMPORTED",
    chip=Chip("info", "file-text", _("批量导入授权")),
    who=lambda row: row.file.name,
    what=lambda row: str(row.get_state_display()),
    search=lambda text: Q(file__name__contains=text) | Q(doc_no__contains=text),
    joined=("file", "applied_by", "second", "undone_by"),
    # Between these the job is at work; it says so on the page of the import.
    only=Q(state__in=["UPLOADED", "APPLIED", "UNDONE", "DISCARDED"]),
    fields={
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
    write=dict.fromkeys(
        ("applied_by", "second", "undone_by"),
        lambda value: f"{value.name} {value.staff_no}" if value else "",
    ),
    url=lambda row: reverse("permissions:grant-import-detail", args=[row.id]),
    link=_("批量导入"),
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
