"""The rules of an operation told again: slow, flat, with nothing compiled.

Written from the regulation, not from the engine: it walks over raw facts for every
question and knows neither tracks nor spans.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from permissions.checks.facts import (
    Line,
    PersonFacts,
    ProcedureFacts,
    Setting,
    Side,
    Terms,
)
from permissions.checks.question import Question

REACH = {"SG01": 1, "SG02": 2, "SG03": 3, "SG04": 4}
BY_LIST = {"SG05", "SG06", "DS02", "DS03", "DS04", "DS05", "DS06", "DS07"}
BY_LIST |= {"RT02", "RT03"}
TITLES_BY_ASA = {1: 2, 2: 2, 3: 3, 4: 4, 5: 4, 6: 4}
ASSISTANTS = {"FIRST_ASSISTANT", "SECOND_ASSISTANT", "THIRD_ASSISTANT"}


class Oracle:
    """A world as plain lists."""

    def __init__(
        self,
        people: Iterable[PersonFacts],
        procedures: Iterable[ProcedureFacts],
        *,
        overdue_suspends: bool,
        operate_implies_order: bool,
        duty_counts: bool = True,
        title_decides: bool = True,
    ) -> None:
        self.people = {person.emp_no: person for person in people}
        self.procedures = {one.code: one for one in procedures}
        self.overdue_suspends = overdue_suspends
        self.operate_implies_order = operate_implies_order
        self.duty_counts = duty_counts
        self.title_decides = title_decides

    def codes(self, question: Question) -> list[str]:
        return [
            self.opened(question, member.emp_no, member.part, procedure)
            for member in question.team
            for procedure in question.procedures
        ]

    def opened(self, question: Question, who: str, part: str, procedure: str) -> str:
        code = self.code(question, who, part, procedure)
        if question.urgency != "RESCUE":
            return code
        if code == "2S" and self.is_led(question, who, procedure):
            return code
        return "8" if code in {"1", "1G", "3", "2A", "2S"} else code

    def is_led(self, question: Question, who: str, procedure: str) -> bool:
        return any(
            member.part == "SUPERVISOR"
            and member.emp_no != who
            and self.code(question, member.emp_no, "SUPERVISOR", procedure) == "0"
            for member in question.team
        )

    def code(self, question: Question, who: str, part: str, code: str) -> str:
        person, procedure = self.people.get(who), self.procedures.get(code)
        closed = self.closed_person(question, person) or self.closed_here(procedure)
        if closed:
            return closed
        assert person is not None
        assert procedure is not None
        if self.outside(question, person, part, procedure):
            return "7"
        counting = [line for line in person.lines if counts(line.terms, question)]
        if part == "ANESTHETIST":
            mine = [one for one in counting if one == ("", one.terms)]
            found = self.of_flag(
                [t for _i, t in mine if t.privilege == "AN01"], question
            )
            return "1G" if found == "0" and self.too_sick(person, question) else found
        found = self.of_surgery(question, counting, part, procedure)
        on_duty = part == "SURGEON" and self.on_duty(question, counting, procedure)
        return "0" if found in {"1", "2A", "3"} and on_duty else found

    def too_sick(self, person: PersonFacts, question: Question) -> bool:
        asa = question.asa
        if asa is None or not self.title_decides:
            return False
        return person.title_rank < TITLES_BY_ASA[asa]

    def on_duty(
        self, question: Question, counting: list[Line], procedure: ProcedureFacts
    ) -> bool:
        """急诊手术主刀权: an emergency, no higher than anything else the person holds."""
        if question.urgency == "ROUTINE" or procedure.is_restricted:
            return False
        lists_them = self.duty_counts and any(
            line.item == ""
            and line.terms.privilege == "SG08"
            and role(line.terms) == "OPERATE"
            and self.holds(line.terms, question.moment)
            for line in counting
        )
        highest = max(self.grades(counting, question.moment), default=0)
        return lists_them and highest >= procedure.grade

    def grades(self, counting: list[Line], moment: datetime) -> list[int]:
        return [
            REACH[line.terms.privilege]
            for line in counting
            if line.terms.privilege in REACH
            and role(line.terms) == "OPERATE"
            and self.holds(line.terms, moment)
        ]

    def of_surgery(
        self,
        question: Question,
        counting: list[Line],
        part: str,
        procedure: ProcedureFacts,
    ) -> str:
        lines = [line for line in counting if covers(line, procedure)]
        if part in ASSISTANTS:
            lines += [one for one in counting if is_hand(one)]
        found = self.of_lines(lines, part, question.moment)
        if found:
            return found
        if part != "SURGEON":
            return "1"
        return self.nothing(counting, lines, procedure, question.moment)

    def closed_person(self, question: Question, person: PersonFacts | None) -> str:
        if person is None or person.standing != "PRACTISING":
            return "7"
        end = person.registered_until
        return "7" if end is not None and question.moment >= end else ""

    def closed_here(self, procedure: ProcedureFacts | None) -> str:
        if procedure is None:
            return "5"
        if not procedure.is_enabled:
            return "6"
        if procedure.grade == 0:
            return "5"
        return "6" if procedure.is_restricted and not procedure.is_filed else ""

    def outside(
        self, question: Question, person: PersonFacts, part: str, one: ProcedureFacts
    ) -> bool:
        scoped = part in {"SURGEON", "SUPERVISOR", "ORDERER"} and one.scopes
        if scoped and person.scopes is not None:
            gone = {code for code, end in person.scope_ends if end <= question.moment}
            if not one.scopes & (person.scopes - gone):
                return True
        if person.campuses is None or question.campus == "":
            return False
        closed = {code for code, end in person.campus_ends if end <= question.moment}
        return question.campus not in person.campuses - closed

    def of_flag(self, lines: list[Terms], question: Question) -> str:
        moment = question.moment
        if any(self.holds(terms, moment) for terms in lines):
            return "0"
        if any(self.is_suspended(terms, moment) for terms in lines):
            return "4"
        return "3" if any(has_ended(terms, moment) for terms in lines) else "1"

    def of_lines(self, lines: list[Line], part: str, moment: datetime) -> str:
        mine = [one.terms for one in lines if self.is_right(one.terms, part)]
        force = [terms for terms in mine if self.holds(terms, moment)]
        alone = [
            terms
            for terms in force
            if part != "SURGEON" or role(terms) != "OPERATE_SUPERVISED"
        ]
        if alone:
            return "0"
        if force:
            return "2S"
        if any(self.is_suspended(terms, moment) for terms in mine):
            return "4"
        return "3" if any(has_ended(terms, moment) for terms in mine) else ""

    def nothing(
        self,
        counting: list[Line],
        lines: list[Line],
        procedure: ProcedureFacts,
        moment: datetime,
    ) -> str:
        def helps(line: Line) -> bool:
            return role(line.terms) == "ASSIST" and self.holds(line.terms, moment)

        if any(line.item == procedure.code and helps(line) for line in lines):
            return "2A"
        if procedure.is_restricted:
            return "6"
        grades = self.grades(counting, moment)
        if grades and max(grades) < procedure.grade:
            return "1G"
        hands = [line for line in counting if is_hand(line)]
        return "2A" if any(helps(line) for line in [*hands, *lines]) else "1"

    def is_right(self, terms: Terms, part: str) -> bool:
        given = role(terms)
        if part == "SURGEON":
            return given in {"OPERATE", "OPERATE_SUPERVISED"}
        if part == "SUPERVISOR":
            return given in {"OPERATE", "SUPERVISE"}
        if part == "ORDERER":
            implied = self.operate_implies_order and given == "OPERATE"
            return given == "ORDER" or implied
        return given != "ORDER"

    def holds(self, terms: Terms, moment: datetime) -> bool:
        if terms.status == "VOID" or is_changed(terms, moment):
            return False
        if self.overdue_suspends and is_overdue(terms, moment):
            return False
        return terms.valid_from <= moment and not is_past(terms, moment)

    def is_suspended(self, terms: Terms, moment: datetime) -> bool:
        if is_past(terms, moment) or terms.status == "VOID":
            return False
        if terms.status == "SUSPENDED" and is_changed(terms, moment):
            return True
        by_time = self.overdue_suspends and is_overdue(terms, moment)
        begun = terms.valid_from <= moment and not is_changed(terms, moment)
        return by_time and begun


def role(terms: Terms) -> str:
    return {"SG05": "ORDER", "SG07": "ASSIST"}.get(terms.privilege, terms.role)


def is_hand(line: Line) -> bool:
    return line.terms.privilege == "SG07" and line.item == ""


def covers(line: Line, procedure: ProcedureFacts) -> bool:
    name, same = line.terms.privilege, line.item == procedure.code
    if procedure.is_restricted:
        return same and name == "RT01"
    if name in {"SG01", "SG02"}:
        return line.item == "" and REACH[name] >= procedure.grade
    if name in {"SG03", "SG04"}:
        return same and REACH[name] >= procedure.grade
    return same and name in BY_LIST


def counts(terms: Terms, question: Question) -> bool:
    places = {Setting.ALL, Setting.OPERATING_ROOM, question.setting}
    if question.urgency != "ROUTINE":
        places.add(Setting.EMERGENCY)
    if terms.setting not in places:
        return False
    if terms.campus and question.campus and terms.campus != question.campus:
        return False
    one_side = question.side in {Side.LEFT, Side.RIGHT, Side.UNILATERAL}
    return (
        terms.side == ""
        or question.side in ("", terms.side)
        or (terms.side == "UNILATERAL" and one_side)
    )


def is_past(terms: Terms, moment: datetime) -> bool:
    return terms.valid_to is not None and moment >= terms.valid_to


def is_changed(terms: Terms, moment: datetime) -> bool:
    since = terms.changed_from
    is_other = terms.status in {"SUSPENDED", "REVOKED"}
    is_over = terms.resumes_at is not None and terms.resumes_at <= moment
    return is_other and not is_over and (since is None or since <= moment)


def is_overdue(terms: Terms, moment: datetime) -> bool:
    return terms.assessment_due is not None and terms.assessment_due <= moment


def has_ended(terms: Terms, moment: datetime) -> bool:
    end, since = terms.valid_to, terms.changed_from
    if terms.status == "VOID" or end is None or moment < end:
        return False
    return terms.status != "REVOKED" or since is None or since >= end
