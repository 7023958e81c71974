"""The regulation as a table: rights held, operation asked, code answered."""

from __future__ import annotations

from dataclasses import replace

import pytest

from permissions.checks.codes import Code
from permissions.checks.engine import NothingToCheck, check
from permissions.checks.facts import (
    GrantFacts,
    ProcedureFacts,
    Setting,
    Standing,
    Status,
    SurgeonFacts,
    UnlistedProcedure,
    Urgency,
)
from permissions.checks.findings import Finding, Reason, ReasonKey, Remedy, Verdict
from tests.permissions.checks.cases import at, line

LUMBAR_PUNCTURE = ProcedureFacts("03.3101", "腰椎穿刺术", 1)
APPENDECTOMY = ProcedureFacts("47.0901", "阑尾切除术", 2)
LAP_CHOLECYSTECTOMY = ProcedureFacts("51.2300", "腹腔镜下胆囊切除术", 3)
MASTECTOMY = ProcedureFacts("85.4301", "单侧乳腺改良根治术", 3)
LOBECTOMY = ProcedureFacts("50.3x00", "肝叶切除术", 4)
ECMO = ProcedureFacts("39.6500", "体外膜氧合[ECMO]", 4, is_restricted=True)
UNGRADED = ProcedureFacts("86.0100", "皮肤抽吸术", 0)
STOPPED = replace(APPENDECTOMY, is_enabled=False)
NEVER_HEARD_OF = UnlistedProcedure("99.9999")

PLANNED = at("2026-11-25 08:30")


def judge(
    grants: list[GrantFacts],
    procedure: ProcedureFacts | UnlistedProcedure,
    *,
    urgency: Urgency = Urgency.ROUTINE,
    setting: Setting = Setting.INPATIENT,
    surgeon: SurgeonFacts | None = None,
) -> Finding:
    surgeon = surgeon or SurgeonFacts(Standing.PRACTISING)
    verdict = check(
        surgeon=replace(surgeon, grants=tuple(grants)),
        procedures=[procedure],
        moment=PLANNED,
        urgency=urgency,
        setting=setting,
    )
    return verdict.findings[0]


def keys(finding: Finding) -> list[ReasonKey]:
    return [reason.key for reason in finding.reasons]


SG01, SG02 = line("SG01"), line("SG02")
CHOLE = line("SG03", "51.2300")
LOBE = line("SG04", "50.3x00")
ASSIST = line("SG07")

REGULATION = [
    # GR06: grades 1 and 2 are granted as a class; the second includes the first
    ("grade 1 with class 1", [SG01], LUMBAR_PUNCTURE, "0"),
    ("grade 1 with class 2", [SG02], LUMBAR_PUNCTURE, "0"),
    ("grade 2 with class 2", [SG02], APPENDECTOMY, "0"),
    ("grade 2 with class 1", [SG01], APPENDECTOMY, "1G"),
    # GR06: grades 3 and 4 are granted procedure by procedure
    ("grade 3 with its item", [CHOLE], LAP_CHOLECYSTECTOMY, "0"),
    ("grade 4 with its item", [LOBE], LOBECTOMY, "0"),
    ("grade 3 with the item of another", [CHOLE], MASTECTOMY, "1"),
    ("grade 3 with class 2 only", [SG01, SG02], LAP_CHOLECYSTECTOMY, "1G"),
    ("grade 4 with items of grade 3", [SG02, CHOLE], LOBECTOMY, "1G"),
    ("grade 3 with its item as grade 4", [line("SG04", "51.2300")], LAP_CHOLECYSTECTOMY, "0"),
    ("raised to 4, item still of grade 3", [line("SG03", "50.3x00")], LOBECTOMY, "1G"),
    ("lowered to 2, item of grade 3", [line("SG03", "47.0901")], APPENDECTOMY, "0"),
    ("grade 2 with an item of another", [LOBE], APPENDECTOMY, "1"),
    ("item line without an item", [line("SG03")], LAP_CHOLECYSTECTOMY, "1"),
    # nothing, or not enough
    ("no right at all", [], APPENDECTOMY, "1"),
    ("rights of other kinds only", [line("RX01"), line("AB03")], APPENDECTOMY, "1"),
    ("may assist only", [ASSIST], LOBECTOMY, "2A"),
    ("may assist, holds another item", [CHOLE, ASSIST], MASTECTOMY, "2A"),
    ("above the ceiling, may assist", [SG02, ASSIST], LOBECTOMY, "1G"),
    # the end date alone ends the right; valid_to is exclusive
    ("ended last month", [line("SG02", end="2026-10-01")], APPENDECTOMY, "3"),
    ("ends at this very moment", [line("SG02", end="2026-11-25 08:30")], APPENDECTOMY, "3"),
    ("ends a minute later", [line("SG02", end="2026-11-25 08:31")], APPENDECTOMY, "0"),
    ("begins at this very moment", [line("SG02", start="2026-11-25 08:30")], APPENDECTOMY, "0"),
    ("begins a minute later", [line("SG02", start="2026-11-25 08:31")], APPENDECTOMY, "1"),
    ("without end", [line("SG02", end=None)], APPENDECTOMY, "0"),
    ("ended, but renewed", [line("SG02", end="2026-10-01"), line("SG02", start="2026-10-01")], APPENDECTOMY, "0"),
    ("ended, class 1 still valid", [SG01, line("SG02", end="2026-10-01")], APPENDECTOMY, "3"),
    ("an ended right to assist", [line("SG07", end="2026-10-01")], LOBECTOMY, "1"),
    # suspend, restore, revoke, void
    ("suspended", [line("SG02", status=Status.SUSPENDED, since="2026-11-01")], APPENDECTOMY, "4"),
    ("suspended from next month on", [line("SG02", status=Status.SUSPENDED, since="2026-12-01")], APPENDECTOMY, "0"),
    ("suspended, and ended meanwhile", [line("SG02", end="2026-11-20", status=Status.SUSPENDED, since="2026-11-01")], APPENDECTOMY, "3"),
    ("suspended, item still valid", [line("SG02", status=Status.SUSPENDED, since="2026-11-01"), line("SG03", "47.0901")], APPENDECTOMY, "0"),
    ("one line suspended, one ended", [line("SG02", status=Status.SUSPENDED, since="2026-11-01"), line("SG02", end="2026-10-01")], APPENDECTOMY, "4"),
    ("revoked", [line("SG02", status=Status.REVOKED, since="2026-11-01")], APPENDECTOMY, "1"),
    ("revoked from next month on", [line("SG02", status=Status.REVOKED, since="2026-12-01")], APPENDECTOMY, "0"),
    ("void was never valid", [line("SG02", status=Status.VOID)], APPENDECTOMY, "1"),
    ("void, past its end", [line("SG02", end="2026-10-01", status=Status.VOID)], APPENDECTOMY, "1"),
    # the catalogue decides first
    ("not in the catalogue", [SG02], NEVER_HEARD_OF, "5"),
    ("not graded yet", [SG02, LOBE], UNGRADED, "5"),
    ("stopped in this hospital", [SG02], STOPPED, "6"),
    # GR09: restricted techniques need their own line; no grade replaces it
    ("restricted with its line", [line("RT01", "39.6500")], ECMO, "0"),
    ("restricted with a grade-4 item", [line("SG04", "39.6500")], ECMO, "6"),
    ("restricted with the line of another", [line("RT01", "41.0800")], ECMO, "6"),
    ("restricted with an ended line", [line("RT01", "39.6500", end="2026-10-01")], ECMO, "3"),
    ("restricted with a suspended line", [line("RT01", "39.6500", status=Status.SUSPENDED, since="2026-11-01")], ECMO, "4"),
    ("an RT01 line opens no common procedure", [line("RT01", "50.3x00")], LOBECTOMY, "1"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("grants", "procedure", "code"),
    [pytest.param(*case[1:], id=case[0]) for case in REGULATION],
)
def test_check_follows_the_regulation(
    grants: list[GrantFacts],
    procedure: ProcedureFacts | UnlistedProcedure,
    code: str,
) -> None:
    assert judge(grants, procedure).code == Code(code)


RESCUE = [
    ("nothing held", [], LOBECTOMY, "8", "1"),
    ("above the ceiling", [SG02], LOBECTOMY, "8", "1G"),
    ("ended", [line("SG02", end="2026-10-01")], APPENDECTOMY, "8", "3"),
    ("may assist only", [ASSIST], LOBECTOMY, "8", "2A"),
    ("authorized anyway", [LOBE], LOBECTOMY, "0", None),
    ("suspended", [line("SG02", status=Status.SUSPENDED)], APPENDECTOMY, "4", None),
    ("not in the catalogue", [], NEVER_HEARD_OF, "5", None),
    ("stopped here", [SG02], STOPPED, "6", None),
    ("restricted", [], ECMO, "6", None),
]


@pytest.mark.parametrize(
    ("grants", "procedure", "code", "instead_of"),
    [pytest.param(*case[1:], id=case[0]) for case in RESCUE],
)
def test_check_of_a_rescue_opens_only_what_was_not_shut_on_purpose(
    grants: list[GrantFacts],
    procedure: ProcedureFacts | UnlistedProcedure,
    code: str,
    instead_of: str | None,
) -> None:
    finding = judge(grants, procedure, urgency=Urgency.RESCUE)

    assert (finding.code, finding.instead_of) == (Code(code), instead_of)


def test_check_of_an_emergency_that_is_no_rescue_changes_nothing() -> None:
    assert judge([], LOBECTOMY, urgency=Urgency.EMERGENCY).code is Code.NO_RIGHT


def test_check_of_a_rescue_names_the_duty_to_make_up_for_it() -> None:
    finding = judge([SG02], LOBECTOMY, urgency=Urgency.RESCUE)

    assert finding.remedy is Remedy.MAKE_UP
    assert keys(finding) == [
        ReasonKey.NEEDS_ITEM,
        ReasonKey.CEILING,
        ReasonKey.RESCUE,
    ]


@pytest.mark.parametrize(
    ("standing", "reason"),
    [
        (Standing.NOT_PRACTISING, ReasonKey.NOT_PRACTISING),
        (Standing.UNKNOWN_PERSON, ReasonKey.UNKNOWN_PERSON),
    ],
)
@pytest.mark.parametrize("procedure", [APPENDECTOMY, NEVER_HEARD_OF, STOPPED, ECMO])
@pytest.mark.parametrize("urgency", list(Urgency))
def test_check_of_somebody_who_does_not_practise_is_out_of_scope(
    standing: Standing,
    reason: ReasonKey,
    procedure: ProcedureFacts | UnlistedProcedure,
    urgency: Urgency,
) -> None:
    finding = judge([SG02], procedure, urgency=urgency, surgeon=SurgeonFacts(standing))

    assert (finding.code, keys(finding)) == (Code.OUT_OF_SCOPE, [reason])


@pytest.mark.parametrize(
    ("registered_until", "code"),
    [("2026-11-25 08:30", Code.OUT_OF_SCOPE), ("2026-11-25 08:31", Code.ALLOWED)],
)
def test_check_after_the_registration_ended_is_out_of_scope(
    registered_until: str, code: Code
) -> None:
    surgeon = SurgeonFacts(Standing.PRACTISING, registered_until=at(registered_until))

    assert judge([SG02], APPENDECTOMY, surgeon=surgeon).code is code


@pytest.mark.parametrize(
    ("granted_for", "asked_in", "urgency", "code"),
    [
        (Setting.ALL, Setting.INPATIENT, Urgency.ROUTINE, Code.ALLOWED),
        (Setting.INPATIENT, Setting.INPATIENT, Urgency.ROUTINE, Code.ALLOWED),
        (Setting.OPERATING_ROOM, Setting.OUTPATIENT, Urgency.ROUTINE, Code.ALLOWED),
        (Setting.OUTPATIENT, Setting.OUTPATIENT, Urgency.ROUTINE, Code.ALLOWED),
        (Setting.OUTPATIENT, Setting.INPATIENT, Urgency.ROUTINE, Code.NO_RIGHT),
        (Setting.INPATIENT, Setting.OUTPATIENT, Urgency.ROUTINE, Code.NO_RIGHT),
        (Setting.EMERGENCY, Setting.INPATIENT, Urgency.ROUTINE, Code.NO_RIGHT),
        (Setting.EMERGENCY, Setting.INPATIENT, Urgency.EMERGENCY, Code.ALLOWED),
    ],
)
def test_check_counts_a_line_only_in_its_setting(
    granted_for: Setting, asked_in: Setting, urgency: Urgency, code: Code
) -> None:
    finding = judge(
        [line("SG02", setting=granted_for)],
        APPENDECTOMY,
        urgency=urgency,
        setting=asked_in,
    )

    assert finding.code is code


def test_check_says_what_is_needed_and_held_above_the_ceiling() -> None:
    finding = judge([SG02, CHOLE], LOBECTOMY)

    assert (finding.needed, finding.held, finding.until) == (4, 3, None)
    assert finding.reasons == (
        Reason(ReasonKey.NEEDS_ITEM, {"grade": 4, "procedure": "50.3x00"}),
        Reason(ReasonKey.CEILING, {"grade": 3}),
    )
    assert finding.remedy is Remedy.APPLY


def test_check_says_until_when_the_longest_line_lasts() -> None:
    finding = judge(
        [
            line("SG02", end="2026-12-01"),
            line("SG03", "47.0901", end="2028-07-01"),
            line("SG02", end="2027-01-01"),
        ],
        APPENDECTOMY,
    )

    assert finding.until == at("2028-07-01")
    assert finding.reasons == (Reason(ReasonKey.HOLDS_IT, {"privilege": "SG03"}),)
    assert finding.remedy is Remedy.NONE


def test_check_prefers_a_line_without_end() -> None:
    finding = judge([SG02, line("SG02", end=None)], APPENDECTOMY)

    assert finding.until is None


def test_check_of_an_ended_right_names_its_last_end_and_the_renewal() -> None:
    finding = judge(
        [
            line("SG02", start="2024-01-01", end="2025-01-01"),
            line("SG02", start="2025-01-01", end="2026-10-01"),
            line("SG02", start="2026-12-01"),
        ],
        APPENDECTOMY,
    )

    assert finding.reasons == (
        Reason(ReasonKey.NEEDS_CLASS, {"grade": 2}),
        Reason(ReasonKey.ENDED, {"at": at("2026-10-01")}),
        Reason(ReasonKey.BEGINS, {"at": at("2026-12-01")}),
    )
    assert finding.remedy is Remedy.RENEW


def test_check_of_a_revoked_right_says_so() -> None:
    finding = judge(
        [line("SG02", status=Status.REVOKED, since="2026-11-01")], APPENDECTOMY
    )

    assert keys(finding) == [
        ReasonKey.NEEDS_CLASS,
        ReasonKey.HOLDS_NOTHING,
        ReasonKey.REVOKED,
    ]


def test_check_of_a_right_revoked_before_its_end_stays_revoked_afterwards() -> None:
    finding = judge(
        [line("SG02", end="2026-11-20", status=Status.REVOKED, since="2026-11-01")],
        APPENDECTOMY,
    )

    assert finding.code is Code.NO_RIGHT


def ask(*procedures: ProcedureFacts | UnlistedProcedure) -> Verdict:
    return check(
        surgeon=SurgeonFacts(Standing.PRACTISING, (SG02, CHOLE)),
        procedures=procedures,
        moment=PLANNED,
        urgency=Urgency.ROUTINE,
    )


def test_check_of_several_procedures_answers_each_and_the_most_severe() -> None:
    verdict = ask(APPENDECTOMY, LOBECTOMY, LAP_CHOLECYSTECTOMY)

    assert [finding.code for finding in verdict.findings] == [
        Code.ALLOWED,
        Code.ABOVE_CEILING,
        Code.ALLOWED,
    ]
    assert verdict.code is Code.ABOVE_CEILING
    assert [finding.procedure_code for finding in verdict.blocking] == ["50.3x00"]
    assert verdict.moment == PLANNED


def test_check_of_no_procedure_is_refused() -> None:
    with pytest.raises(NothingToCheck):
        ask()


def test_every_code_has_label_tone_and_place_in_the_order() -> None:
    tones = {"ok", "warn", "bad", "info", "vio", "mute"}

    assert sorted(code.severity for code in Code) == list(range(12))
    assert {code.tone for code in Code} == tones
    assert len({code.label for code in Code}) == 12
    assert [code for code in Code if code.lets_through] == [
        Code.ALLOWED,
        Code.OVERRIDE,
    ]
