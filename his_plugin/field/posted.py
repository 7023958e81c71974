"""The group as a form without script: read what was posted, show it again as typed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError

from his_plugin.api.errors import answer_of, words_of_fields
from his_plugin.field.parts import field_parts
from his_plugin.field.texts import field_texts
from portal.parameters.days import ZONE

PREFIX = "yw_"
TICKED = "1"
# A field of the form: the application it showed, and when that had been declared.
SEEN = "seen"
# Lines offered; a station that sends more gets as many as it sent.
PROCEDURE_LINES, ASSISTANT_LINES = 3, 2
# What the address of the page may say beside the signed parameters.
QUESTION = (
    "application_no",
    "surgeon",
    "procedures",
    "planned_at",
    "assistants",
    "supervisor",
)
# Asked of every operation; the rest as the catalogue demands.
ALWAYS = frozenset({"is_planned", "nature", "reoperation"})


@dataclass
class Sheet:
    """What was typed, what is wrong with it, and what was answered.

    ``standing`` has labels and values of what a colleague declared meanwhile.
    """

    given: QueryDict
    errors: dict[str, str] = field(default_factory=dict)
    verdict: Mapping[str, Any] | None = None
    declaration: int | None = None
    standing: Sequence[tuple[str, str]] = ()
    seen: str = ""

    def __post_init__(self) -> None:
        self.seen = self.one(SEEN)

    def one(self, name: str) -> str:
        return self.given.get(name, "").strip()

    def many(self, name: str) -> list[str]:
        """Codes or staff numbers; a name behind one is no part of it."""
        lines = [line.split() for line in self.given.getlist(name)]
        return [words[0] for words in lines if words]

    def lines(self, name: str, least: int) -> list[str]:
        """As typed, with empty lines up to ``least``."""
        typed = [line for line in self.given.getlist(name) if line.strip()]
        return typed + [""] * (least - len(typed))

    def question(self) -> dict[str, Any]:
        """The body of the check, of what was filled in."""
        surgeon, supervisor = self.many("surgeon"), self.many("supervisor")
        team = [{"emp_no": one, "role": "ASSIST"} for one in self.many("assistants")]
        team += [{"emp_no": one, "role": "SUPERVISE"} for one in supervisor]
        return {
            "surgeon": surgeon[0] if surgeon else "",
            "procedures": self.many("procedures"),
            "planned_at": self.one("planned_at"),
            "team": team,
            **self.choices(),
        }

    def choices(self) -> dict[str, Any]:
        chosen: dict[str, Any] = {}
        for part in field_parts():
            name, value = part["name"], self.one(PREFIX + part["name"])
            if part["kind"] == "check":
                chosen[name] = value == TICKED
            elif value:
                chosen[name] = value
        return chosen

    def saw(self, known: Mapping[str, Any]) -> None:
        """The form shows what is declared: it may be changed by who has read it."""
        self.seen = f"{known['application_no']} {known['declared_at']}"

    def seen_at(self) -> str | None:
        """``declared_at`` of what the form showed of this application; None: nothing."""
        application, _space, declared_at = self.seen.rpartition(" ")
        return declared_at if application == self.one("application_no") else None

    def refuse(self, problem: Exception) -> None:
        """Each refusal beside what it is about, in words; else above the form."""
        if isinstance(problem, ValidationError):
            self.errors = words_of_fields(problem)
        else:
            response = answer_of(problem, {})
            if response is None:
                raise problem
            about = str(response.data.get("field", ""))
            self.errors = {about: str(response.data["message"])}
        for name, words in _words_of_emptiness().items():
            is_empty = not self.one(PREFIX + name) and not self.many(name)
            if name in self.errors and is_empty:
                self.errors[name] = words


def recalled(known: Mapping[str, Any], typed: QueryDict) -> QueryDict:
    """What is declared, as if it were typed; what is typed already goes before it."""

    def members(role: str) -> list[str]:
        return [one["emp_no"] for one in known["team"] if one["role"] == role]

    values = {
        "application_no": [known["application_no"]],
        "surgeon": [known["surgeon"]],
        "procedures": known["procedures"],
        "planned_at": [_written(known["planned_at"], "moment")],
        "assistants": members("ASSIST"),
        "supervisor": members("SUPERVISE"),
    }
    for part in field_parts():
        name, kind = part["name"], part["kind"]
        values[PREFIX + name] = [_written(known[name], kind)]
    given = typed.copy()
    for name, texts in values.items():
        if not any(given.getlist(name)):
            given.setlist(name, texts)
    return given


def _written(value: Any, kind: str) -> str:
    """As an input of the form has it; moments in the hospital's time."""
    if kind == "check":
        return TICKED if value else ""
    if kind == "moment" and value:
        moment = datetime.fromisoformat(value).astimezone(ZONE)
        return f"{moment:%Y-%m-%dT%H:%M}"
    return "" if value is None else str(value)


def _words_of_emptiness() -> dict[str, str]:
    """What to do about something that was left empty."""
    texts = field_texts()
    choices = {name: texts[f"choose_{name}"] for name in ALWAYS}
    return choices | {
        "application_no": _("请填写申请单号。"),
        "procedures": _("请填写手术编码。"),
        "surgeon": _("请填写主刀工号。"),
        "planned_at": _("请填写手术时间。"),
    }


@dataclass(frozen=True)
class Row:
    """A part as the form shows it."""

    name: str
    label: str
    hint: str
    kind: str
    options: Sequence[Sequence[str]]
    most: int | None
    value: str
    is_must: bool
    why: str
    error: str

    @property
    def input_type(self) -> str:
        return "datetime-local" if self.kind == "moment" else "text"


def rows_of(sheet: Sheet) -> list[Row]:
    """What is demanded, and whatever has a value or an error: nothing typed is lost."""
    demands = (sheet.verdict or {}).get("demands", {})
    rows = [_row(sheet, part, demands.get(part["name"], {})) for part in field_parts()]
    return [
        row
        for row in rows
        if demands.get(row.name, {}).get("need") != "no" or row.value or row.error
    ]


def _row(sheet: Sheet, part: Mapping[str, Any], demand: Mapping[str, str]) -> Row:
    name = part["name"]
    return Row(
        name=name,
        label=part["label"],
        hint=part["hint"],
        kind=part["kind"],
        options=part.get("options", ()),
        most=part.get("max"),
        value=sheet.one(PREFIX + name),
        is_must=name in ALWAYS or demand.get("need") == "must",
        why="" if name in ALWAYS else demand.get("why", ""),
        error=sheet.errors.get(name, ""),
    )


def told(verdict: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The verdict with what is needed and what there is in words, as the script has it."""
    if verdict is None:
        return None
    texts = field_texts()

    def standing(one: Mapping[str, Any]) -> str:
        if one["until"]:
            return f"{texts['until']} {one['until']}"
        if one["needed"] <= one["held"]:
            return ""
        grades = {name: texts[f"grade_{one[name]}"] for name in ("needed", "held")}
        return texts["standing"] % grades

    procedures = [one | {"standing": standing(one)} for one in verdict["procedures"]]
    return {**verdict, "procedures": procedures}


@dataclass(frozen=True)
class Line:
    """Something of the question: whom, what, when."""

    name: str
    label: str
    values: Sequence[str]
    is_must: bool
    error: str
    kind: str = "text"


def lines_of(sheet: Sheet) -> list[Line]:
    def line(name: str, label: str, *, least: int = 1, **more: Any) -> Line:
        values = sheet.lines(name, least)
        return Line(name, label, values, error=sheet.errors.get(name, ""), **more)

    return [
        line("application_no", _("申请单号"), is_must=True),
        line("procedures", _("手术编码"), least=PROCEDURE_LINES, is_must=True),
        line("surgeon", _("主刀工号"), is_must=True),
        line("planned_at", _("手术时间"), is_must=True, kind="datetime-local"),
        line("assistants", _("助手工号"), least=ASSISTANT_LINES, is_must=False),
        line("supervisor", _("带教工号"), is_must=False),
    ]


def typed_in(sheet: Sheet) -> list[tuple[str, str]]:
    """Labels and values of what was filled in, in the words of the form."""
    found = [
        (one.label, [text for text in one.values if text]) for one in lines_of(sheet)
    ]
    found += [(row.label, [_said(row)]) for row in rows_of(sheet) if row.value]
    return [(label, "、".join(texts)) for label, texts in found if texts]


def _said(row: Row) -> str:
    if row.kind == "check":
        return _("是") if row.value == TICKED else _("否")
    labels = (label for value, label in row.options if value == row.value)
    return next(labels, row.value)
