"""What a verdict says beside its code: reasons, missing rights, trace, who else may."""

from __future__ import annotations

from dataclasses import replace

import pytest

from permissions.checks.codes import Code
from permissions.checks.engine import Verdict, check
from permissions.checks.facts import Line, PersonFacts, ProcedureFacts, Role, Status
from permissions.checks.findings import Finding, Reason, ReasonKey
from permissions.checks.question import Member, Part, Question, surgeon
from permissions.checks.reverse import Candidate, Span, who_may
from permissions.checks.rules import RULES, TABLE, Mode, RuleMode
from permissions.checks.world import World
from tests.permissions.checks.cases import at, line

APPENDIX = ProcedureFacts("47.0901", "阑尾切除术", 2)
CHOLE = ProcedureFacts("51.2300", "腹腔镜下胆囊切除术", 3)
LOBE = ProcedureFacts("50.3x00", "肝叶切除术", 4)
PLANNED = at("2026-11-25 08:30")
SG02, CHOLE_LINE = line("SG02"), line("SG03", "51.2300")


def world_of(*people: PersonFacts, **more: dict[str, RuleMode]) -> World:
    return World(people=people, procedures=[APPENDIX, CHOLE, LOBE], **more)  # type: ignore[arg-type]


def asked(lines: list[Line], *procedures: ProcedureFacts) -> Verdict:
    world = world_of(PersonFacts("1", lines=tuple(lines)))
    return check(surgeon("1", [one.code for one in procedures], PLANNED), world)


def only(verdict: Verdict) -> Finding:
    [finding] = verdict.findings
    return finding


def keys(finding: Finding) -> list[ReasonKey]:
    return [reason.key for reason in finding.reasons]


def test_finding_above_the_ceiling_says_needed_held_missing_and_the_next_step() -> None:
    finding = only(asked([SG02, CHOLE_LINE], LOBE))

    assert (finding.needed, finding.held, finding.until) == (4, 3, None)
    assert finding.missing == ("SG04:50.3x00",)
    assert finding.reasons == (
        Reason(ReasonKey.NEEDS_ITEM, {"grade": 4, "procedure": "50.3x00"}),
        Reason(ReasonKey.CEILING, {"grade": 3}),
    )
    assert (finding.rule.id, finding.source) == ("S07", "REG01 GR06；1.3")
    assert finding.remedy.startswith("改由有权限的医师主刀；或由科室提出授权申请")


def test_finding_names_the_longest_line_and_its_end() -> None:
    finding = only(
        asked(
            [
                line("SG02", end="2026-12-01"),
                line("SG03", "47.0901", end="2028-07-01"),
                line("SG02", end="2027-01-01"),
            ],
            APPENDIX,
        )
    )

    assert finding.until == at("2028-07-01")
    assert finding.reasons == (Reason(ReasonKey.HOLDS_IT, {"privilege": "SG03"}),)
    assert (finding.remedy, finding.missing) == ("", ())


def test_finding_prefers_a_line_without_end() -> None:
    assert only(asked([SG02, line("SG02", end=None)], APPENDIX)).until is None


def test_finding_of_an_ended_right_names_its_last_end_and_the_renewal() -> None:
    finding = only(
        asked(
            [
                line("SG02", start="2024-01-01", end="2025-01-01"),
                line("SG02", start="2025-01-01", end="2026-10-01"),
                line("SG02", start="2026-12-01"),
            ],
            APPENDIX,
        )
    )

    assert finding.reasons == (
        Reason(ReasonKey.NEEDS_CLASS, {"grade": 2}),
        Reason(ReasonKey.ENDED, {"at": at("2026-10-01")}),
        Reason(ReasonKey.BEGINS, {"at": at("2026-12-01")}),
    )
    assert "续期" in finding.remedy


def test_finding_of_a_revoked_right_says_so() -> None:
    finding = only(
        asked([line("SG02", status=Status.REVOKED, since="2026-11-01")], APPENDIX)
    )

    assert keys(finding) == [
        ReasonKey.NEEDS_CLASS,
        ReasonKey.HOLDS_NOTHING,
        ReasonKey.REVOKED,
    ]


def test_verdict_of_several_procedures_answers_each_and_the_most_severe() -> None:
    verdict = asked([SG02, CHOLE_LINE], APPENDIX, LOBE, CHOLE)

    assert verdict.codes == (Code.ALLOWED, Code.ABOVE_CEILING, Code.ALLOWED)
    assert verdict.code is Code.ABOVE_CEILING
    assert [finding.procedure_code for finding in verdict.blocking] == ["50.3x00"]


def test_trace_tells_every_question_up_to_the_one_that_decided() -> None:
    verdict = asked([SG02], LOBE)

    assert [(step.rule, step.holds) for step in verdict.trace] == [
        ("P01", True),
        ("P02", True),
        ("P03", None),
        ("P04", None),
        ("S01", True),
        ("S02", True),
        ("S03", True),
        ("S04", True),
        ("S07", False),
        ("S14", None),
        ("S15", None),
        ("S18", None),
    ]


def test_hospital_words_a_rule_its_own_way() -> None:
    own = RuleMode(Mode.SUGGEST, "四级手术先做 MDT")
    world = World(
        people=[PersonFacts("1", lines=(line("SG04", "50.3x00"),))],
        procedures=[LOBE],
        modes={"S14": own},
    )
    verdict = check(Question((Member("1"),), PLANNED, (LOBE.code,), mdt_id=""), world)

    [told] = verdict.conditions
    assert (told.rule.text, told.rule.mode) == ("四级手术先做 MDT", Mode.SUGGEST)
    assert told.rule.source == RULES["S14"].source


def test_person_who_is_replaced_is_judged_by_the_new_lines_at_once() -> None:
    world = world_of(PersonFacts("1", lines=(SG02,)))
    question = surgeon("1", [APPENDIX.code], PLANNED)
    assert check(question, world).code is Code.ALLOWED

    stopped = line("SG02", status=Status.SUSPENDED, since="2026-11-01")
    world.put(PersonFacts("1", lines=(stopped,)))

    assert check(question, world).code is Code.SUSPENDED


def test_procedure_that_is_regraded_is_judged_by_the_new_grade_at_once() -> None:
    world = world_of(PersonFacts("1", lines=(CHOLE_LINE,)))
    question = surgeon("1", [CHOLE.code], PLANNED)
    assert check(question, world).code is Code.ALLOWED

    world.put_procedure(replace(CHOLE, grade=4))

    assert check(question, world).code is Code.ABOVE_CEILING


def who(question: Question, *people: PersonFacts, days: int) -> list[Candidate]:
    return who_may(question, world_of(*people), days=days)


def test_who_may_lists_those_who_may_now() -> None:
    learner = line("SG03", CHOLE.code, role=Role.OPERATE_SUPERVISED)
    found = who(
        surgeon("", [CHOLE.code], PLANNED),
        PersonFacts("3", lines=(CHOLE_LINE,)),
        PersonFacts("1", lines=(learner,)),
        PersonFacts("2", lines=(SG02,)),
        PersonFacts("4", lines=(line("SG03", CHOLE.code, start="2026-12-01"),)),
        days=0,
    )

    assert [(one.emp_no, one.first.code) for one in found] == [
        ("3", Code.ALLOWED),
        ("1", Code.SUPERVISED),
    ]


def test_who_may_tells_when_within_the_days_asked() -> None:
    renewed = [
        line("SG03", CHOLE.code, end="2026-12-01"),
        line("SG03", CHOLE.code, start="2026-12-05", end="2026-12-08"),
        line("SG03", CHOLE.code, start="2026-12-08", end="2028-01-01"),
    ]
    [found] = who(
        surgeon("", [CHOLE.code], PLANNED),
        PersonFacts("1", lines=tuple(renewed), registered_until=at("2026-12-20")),
        days=30,
    )

    assert found.spans == (
        Span(Code.ALLOWED, PLANNED, at("2026-12-01")),
        Span(Code.ALLOWED, at("2026-12-05"), at("2026-12-20")),
    )


def test_who_may_answers_for_other_parts_too() -> None:
    question = Question((Member("", Part.ANESTHETIST),), PLANNED, (LOBE.code,))
    found = who(
        question,
        PersonFacts("1", lines=(line("AN01"),)),
        PersonFacts("2", lines=(SG02,)),
        days=0,
    )

    assert [one.emp_no for one in found] == ["1"]


def test_every_code_has_label_tone_and_place_in_the_order() -> None:
    tones = {"ok", "warn", "bad", "info", "vio", "mute"}

    assert sorted(code.severity for code in Code) == list(range(12))
    assert {code.tone for code in Code} == tones
    assert len({code.label for code in Code}) == 12
    assert [code for code in Code if code.lets_through] == [
        Code.ALLOWED,
        Code.OVERRIDE,
    ]


@pytest.mark.parametrize("rule", TABLE, ids=lambda rule: rule.id)
def test_every_rule_says_what_where_and_what_next(rule: object) -> None:
    found = RULES[rule.id]  # type: ignore[attr-defined]
    assert found.text
    assert found.remedy
    assert found.source
    assert found.mode is Mode.MUST or not found.is_fixed


def test_every_rule_has_an_id_of_its_own() -> None:
    assert len(RULES) == len(TABLE)
