"""权限字典要求的证书，一行一条：有什么权、持什么证、判定为什么（2.5-7）。"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from permissions.checks.engine import Verdict, check
from permissions.checks.facts import (
    Certificate,
    DrugFacts,
    Line,
    PersonFacts,
    ProcedureFacts,
    Setting,
    Urgency,
)
from permissions.checks.granting import Demands, Granting, granting_findings
from permissions.checks.question import (
    BloodOrder,
    DrugOrder,
    Member,
    Part,
    Question,
)
from permissions.checks.rules import Mode, RuleMode
from permissions.checks.world import World
from tests.permissions.checks.cases import at, line

NOW = at("2026-11-25 08:30")
STENT = ProcedureFacts("36.0700", "冠状动脉支架置入术", 3)
IODINE = DrugFacts("r1", is_radioactive=True)
DEMANDED = {
    "DS02": ("INTERVENTION",),
    "ND05": ("RADIATION",),
    "BL01": ("RESIDENCY",),
    "RX01": ("SPECIMEN",),
}
INTERVENTION, BY_ITEM = line("DS02", "36.0700"), line("SG03", "36.0700")
RX, ND05 = line("RX01"), line("ND05")


def held(kind: str, start: str = "2026-01-01", end: str | None = None) -> Certificate:
    return Certificate(kind, at(start), at(end) if end else None)


GOOD = held("INTERVENTION")
SIGNED, SHIELDED = held("SPECIMEN"), held("RADIATION")


def judged(
    lines: list[Line],
    certificates: tuple[Certificate, ...] | None,
    *,
    modes: dict[str, RuleMode] | None = None,
    demanded: dict[str, tuple[str, ...]] | None = None,
    **question: Any,
) -> Verdict:
    world = World(
        people=[
            PersonFacts(
                "1", lines=tuple(lines), title_rank=4, certificates=certificates
            )
        ],
        procedures=[STENT],
        drugs=[IODINE],
        modes=modes or {},
        certificates=DEMANDED if demanded is None else demanded,
    )
    return check(Question(moment=NOW, **question), world)


def operated(*given: Any, **more: Any) -> Verdict:
    team = (Member("1"),)
    return judged(*given, team=team, procedures=("36.0700",), **more)


def missing(verdict: Verdict) -> list[tuple[str, tuple[str, ...]]]:
    return [(one.rule.id, one.missing) for one in verdict.blocking]


LACKS = [("S23", ("INTERVENTION",))]


@pytest.mark.parametrize(
    ("said", "lines", "certificates", "blocking"),
    [
        ("介入权，持证", [INTERVENTION], (GOOD,), []),
        ("介入权，没有证", [INTERVENTION], (), LACKS),
        ("介入权，证是另一种", [INTERVENTION], (SHIELDED,), LACKS),
        ("证恰在此刻到期", [INTERVENTION], (held("INTERVENTION", end="2026-11-25 08:30"),), LACKS),
        ("证一分钟后到期", [INTERVENTION], (held("INTERVENTION", end="2026-11-25 08:31"),), []),
        ("证明日才发", [INTERVENTION], (held("INTERVENTION", "2026-11-26"),), LACKS),
        ("旧证到期，已换新证", [INTERVENTION], (held("INTERVENTION", end="2026-10-01"), GOOD), []),
        ("本院不登记证书", [INTERVENTION], None, []),
        ("另有不须证书的逐项授权", [INTERVENTION, BY_ITEM], (), []),
        ("没有权限时不问证书", [], (), [("S06", ("SG03:36.0700",))]),
    ],
    ids=str,
)  # fmt: skip
def test_right_to_operate_needs_the_certificate_the_catalogue_names(
    said: str,
    lines: list[Line],
    certificates: tuple[Certificate, ...] | None,
    blocking: list[tuple[str, tuple[str, ...]]],
) -> None:
    assert missing(operated(lines, certificates)) == blocking


def test_missing_certificate_blocks_suggests_or_is_not_asked_as_the_rule_is_set() -> (
    None
):
    told = operated([INTERVENTION], ())
    assert (told.code.value, told.passes) == ("0", False)
    told = operated([INTERVENTION], (), modes={"S23": RuleMode(Mode.SUGGEST)})
    assert (told.passes, [one.rule.id for one in told.conditions]) == (True, ["S23"])
    told = operated([INTERVENTION], (), modes={"S23": RuleMode(Mode.OFF)})
    assert (told.passes, told.conditions) == (True, ())
    assert operated([INTERVENTION], (), demanded={}).passes


def test_rescue_does_not_wait_for_a_certificate() -> None:
    told = operated([INTERVENTION], (), urgency=Urgency.RESCUE)
    assert missing(told) == []
    assert [one.holds for one in told.trace if one.rule == "S23"] == [None]


def test_trace_says_that_it_was_asked() -> None:
    told = operated([INTERVENTION], (GOOD,))
    assert [one.holds for one in told.trace if one.rule == "S23"] == [True]


@pytest.mark.parametrize(
    ("said", "certificates", "blocking"),
    [
        ("处方留样和放射工作人员证都在", (SIGNED, SHIELDED), []),
        ("没有放射工作人员证", (SIGNED,), [("D05", ("RADIATION",))]),
        ("两样都没有", (), [("D05", ("SPECIMEN",)), ("D05", ("RADIATION",))]),
    ],
    ids=str,
)
def test_right_to_prescribe_needs_the_certificate_the_catalogue_names(
    said: str,
    certificates: tuple[Certificate, ...],
    blocking: list[tuple[str, tuple[str, ...]]],
) -> None:
    told = judged(
        [RX, ND05],
        certificates,
        team=(Member("1", Part.PRESCRIBER),),
        drug=DrugOrder("r1"),
        setting=Setting.INPATIENT,
    )
    assert missing(told) == blocking


def test_right_to_request_blood_needs_it_too() -> None:
    told = judged(
        [line("BL01")],
        (),
        team=(Member("1", Part.PRESCRIBER),),
        blood=BloodOrder(400),
        setting=Setting.INPATIENT,
    )
    assert missing(told) == [("D05", ("RESIDENCY",))]


def granting(
    certificates: tuple[Certificate, ...] | None, begins: datetime = NOW
) -> list[tuple[str, tuple[str, ...], bool]]:
    case = Granting(
        PersonFacts("1", certificates=certificates),
        Demands("DS02", certificates=("INTERVENTION",)),
        begins,
    )
    found = granting_findings(case, World())
    return [(one.rule.id, one.missing, one.blocks) for one in found]


def test_right_is_not_given_without_the_certificate() -> None:
    lacks = [("G04", ("INTERVENTION",), True)]
    assert granting(()) == lacks
    assert granting((held("INTERVENTION", end="2026-11-01"),)) == lacks
    assert granting((GOOD,)) == []
    assert granting(None) == []
