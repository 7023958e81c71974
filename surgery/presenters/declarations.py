"""Rows and histories of what doctors declared in the station's field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.directory.models import Practitioner
from portal.ui.elements import Change, Chip, Diff, Grade, Text
from portal.ui.moments import write_moment, write_second, write_short
from portal.ui.phrases import noted, said
from surgery.enums import (
    DeclaredRole,
    Nature,
    OperatedSide,
    Planned,
    Reoperation,
    ReoperationCause,
    Technique,
    VerdictCode,
)
from surgery.models import SurgeryApplication

V = VerdictCode
VERDICT_CHIPS: Mapping[str, Chip] = {
    V.ALLOWED: Chip("ok", "circle-check", V.ALLOWED.label),
    V.SUPERVISED: Chip("info", "user-check", V.SUPERVISED.label),
    V.ASSIST_ONLY: Chip("info", "users", V.ASSIST_ONLY.label),
    V.NO_RIGHT: Chip("bad", "ban", V.NO_RIGHT.label),
    V.ABOVE_CEILING: Chip("warn", "alert-triangle", V.ABOVE_CEILING.label),
    V.EXPIRED: Chip("mute", "calendar-off", V.EXPIRED.label),
    V.SUSPENDED: Chip("warn", "player-pause", V.SUSPENDED.label),
    V.NOT_IN_CATALOGUE: Chip("bad", "help-circle", V.NOT_IN_CATALOGUE.label),
    V.NOT_DONE_HERE: Chip("bad", "x", V.NOT_DONE_HERE.label),
    V.OUT_OF_SCOPE: Chip("bad", "circle-x", V.OUT_OF_SCOPE.label),
    V.OVERRIDE: Chip("vio", "urgent", V.OVERRIDE.label),
    V.UNKNOWN: Chip("mute", "help-circle", V.UNKNOWN.label),
}
FIELDS: Mapping[str, Text] = {
    "surgeon": gettext_lazy("主刀"),
    "procedures": gettext_lazy("拟行手术"),
    "planned_at": gettext_lazy("手术时间"),
    "is_planned": gettext_lazy("是否计划手术"),
    "nature": gettext_lazy("手术性质"),
    "is_rescue": gettext_lazy("抢救生命"),
    "reoperation": gettext_lazy("再次手术"),
    "reoperation_cause": gettext_lazy("再次手术原因分类"),
    "reoperation_reason": gettext_lazy("再次手术原因"),
    "first_operation": gettext_lazy("首次手术"),
    "is_day": gettext_lazy("日间手术"),
    "side": gettext_lazy("侧别"),
    "site": gettext_lazy("部位"),
    "is_mini": gettext_lazy("微创"),
    "technique": gettext_lazy("技术类别"),
    "technique_text": gettext_lazy("技术名称"),
    "preop_discussion": gettext_lazy("术前讨论编号"),
    "preop_discussed_at": gettext_lazy("术前讨论时间"),
    "mdt": gettext_lazy("MDT 编号"),
    "team": gettext_lazy("助手和带教"),
    "verdict": gettext_lazy("判定"),
}


@dataclass(frozen=True)
class ProcedureLine:
    code: str
    name: str
    grade: Grade

    @property
    def in_one(self) -> str:
        return noted(self.name, f"{self.code} {self.grade.text}")


LABELS: Mapping[str, Any] = {
    "reoperation_cause": ReoperationCause,
    "side": OperatedSide,
    "technique": Technique,
}
# Shown in the drawer, each where it says something, beside what the row shows.
DETAILS = (
    *("reoperation_cause", "first_operation", "is_day", "side", "site", "is_mini"),
    *("technique", "technique_text", "preop_discussion", "preop_discussed_at", "mdt"),
)


@dataclass(frozen=True)
class DeclarationRow:
    """One declared surgery application as the list shows it."""

    id: int
    application_no: str
    url: str
    procedures: Sequence[ProcedureLine]
    surgeon: str
    surgeon_no: str
    department: str
    applicant: str
    planned_at: str
    planned_in_full: str
    is_planned: Text
    is_unplanned: bool
    nature: Text
    is_rescue: bool
    reoperation: Text
    reoperation_reason: str
    verdict: Chip
    declared_at: str
    declared_in_full: str

    @property
    def procedures_in_one(self) -> str:
        return _("；").join(line.in_one for line in self.procedures)

    @property
    def nature_in_one(self) -> str:
        rescue = f" {_('抢救生命')}" if self.is_rescue else ""
        return f"{self.nature}{rescue}"

    @property
    def reoperation_in_one(self) -> str:
        if not self.reoperation_reason:
            return str(self.reoperation)
        return said(self.reoperation, self.reoperation_reason)


def verdict_chip(code: str) -> Chip:
    return VERDICT_CHIPS.get(code, Chip("mute", "help-circle", code))


def declaration_rows(
    applications: Sequence[SurgeryApplication],
) -> list[DeclarationRow]:
    return [declaration_row(application) for application in applications]


def declaration_row(application: SurgeryApplication) -> DeclarationRow:
    surgeon = application.surgeon
    lines: Sequence[Any] = application.current_procedures  # type: ignore[attr-defined]
    return DeclarationRow(
        id=application.pk,
        application_no=application.application_no,
        url=reverse("surgery:application-history", args=[application.pk]),
        procedures=[
            ProcedureLine(line.code, line.name or _("不在目录"), Grade(line.grade))
            for line in lines
        ],
        surgeon=surgeon.name,
        surgeon_no=surgeon.emp_no,
        department=surgeon.department.name,
        applicant=application.applicant.name,
        planned_at=write_short(application.planned_at),
        planned_in_full=write_moment(application.planned_at),
        is_planned=application.get_is_planned_display(),
        is_unplanned=application.is_planned == Planned.UNPLANNED,
        nature=application.get_nature_display(),
        is_rescue=application.is_rescue,
        reoperation=application.get_reoperation_display(),
        reoperation_reason=application.reoperation_reason,
        verdict=verdict_chip(application.verdict_code),
        declared_at=write_short(application.declared_at),
        declared_in_full=write_second(application.declared_at),
    )


# --- the drawer -----------------------------------------------------------------------


@dataclass(frozen=True)
class JudgedProcedure:
    """One procedure as it was judged, in the words the doctor read."""

    name: str
    code: str
    grade: Grade
    chip: Chip
    reasons: Sequence[str]
    remedy: str


@dataclass(frozen=True)
class JudgedMember:
    """Somebody beside the surgeon, as they were judged."""

    name: str
    emp_no: str
    role: str
    chip: Chip
    reasons: Sequence[str]


@dataclass(frozen=True)
class Version:
    """One time somebody declared: who, when, and what it changed."""

    at: str
    by: str
    title: str
    diff: Diff | None
    verdict: Chip


@dataclass(frozen=True)
class DeclarationDrawer:
    """``details`` are labels and values of what was said beside the row."""

    row: DeclarationRow
    details: Sequence[tuple[Text, str]]
    team: Sequence[JudgedMember]
    judged: Sequence[JudgedProcedure]
    versions: Sequence[Version]


def declaration_drawer(
    application: SurgeryApplication, versions: Sequence[Any]
) -> DeclarationDrawer:
    """The verdict as it stood and every declaration, newest first."""
    shown = []
    before: Any = None
    for version in versions:
        shown.append(_version(before, version))
        before = version
    return DeclarationDrawer(
        row=declaration_row(application),
        details=[
            (FIELDS[name], value)
            for name, value in _details(application).items()
            if value
        ],
        team=[_member(one) for one in application.verdict.get("team", [])],
        judged=[_judged(one) for one in _procedures_of(application.verdict)],
        versions=shown[::-1],
    )


def _procedures_of(verdict: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    found: Sequence[Mapping[str, Any]] = verdict.get("procedures", [])
    return found


def _judged(one: Mapping[str, Any]) -> JudgedProcedure:
    return JudgedProcedure(
        name=one.get("name") or _("不在目录"),
        code=one.get("procedure", ""),
        grade=Grade(one.get("grade")),
        chip=verdict_chip(one.get("code", "")),
        reasons=one.get("reasons", []),
        remedy=one.get("remedy", ""),
    )


def _member(one: Mapping[str, Any]) -> JudgedMember:
    code, label = one.get("code", ""), one.get("label", "")
    chip = verdict_chip(code)
    return JudgedMember(
        name=one.get("name", ""),
        emp_no=one.get("emp_no", ""),
        role=str(DeclaredRole(one["role"]).label),
        # What 0 says of a surgeon it does not say of those beside.
        chip=Chip(chip.tone, chip.icon, _(label)) if label else chip,
        reasons=one.get("reasons", []),
    )


def _details(declared: Any) -> dict[str, str]:
    """By name what a declaration or one of its versions says; "" for nothing."""
    shown = {}
    for name in DETAILS:
        value = getattr(declared, name)
        if isinstance(value, bool):
            shown[name] = _("是") if value else ""
        elif isinstance(value, datetime):
            shown[name] = write_moment(value)
        elif value and name in LABELS:
            shown[name] = str(LABELS[name](value).label)
        else:
            shown[name] = value or ""
    return shown


def _team_of(verdict: Mapping[str, Any]) -> str:
    return _("；").join(
        f"{DeclaredRole(one['role']).label} {one['name']} {one['emp_no']}"
        for one in verdict.get("team", [])
    )


def _version(before: Any, after: Any) -> Version:
    new = _values(after)
    old = _values(before) if before is not None else {}
    changes = [
        Change(FIELDS[name], old.get(name, "") or "—", new[name] or "—")
        for name in FIELDS
        if old.get(name, "") != new[name]
    ]
    user = after.history_user
    return Version(
        at=write_second(after.history_date),
        by=f"{user.name} {user.staff_no}" if user else _("系统"),
        title=_("修改申报") if before is not None else _("首次申报"),
        diff=Diff(tuple(changes)) if changes else None,
        verdict=verdict_chip(after.verdict_code),
    )


def _values(version: Any) -> dict[str, str]:
    surgeon: Practitioner = version.surgeon
    rescue = _("是") if version.is_rescue else ""
    return {
        "surgeon": f"{surgeon.name} {surgeon.emp_no}",
        "procedures": _("；").join(
            f"{one.get('name', '')} {one.get('procedure', '')}".strip()
            for one in _procedures_of(version.verdict)
        ),
        "planned_at": write_moment(version.planned_at),
        "is_planned": str(Planned(version.is_planned).label),
        "nature": str(Nature(version.nature).label),
        "is_rescue": rescue,
        "reoperation": str(Reoperation(version.reoperation).label),
        "reoperation_reason": version.reoperation_reason,
        **_details(version),
        "team": _team_of(version.verdict),
        "verdict": str(verdict_chip(version.verdict_code).text),
    }
