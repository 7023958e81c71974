"""Short ways to propose and decide grades, for their tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

from django.utils import timezone

from portal.accounts.models import User
from portal.outbox.models import Message
from portal.parameters.days import day_of
from surgery.checks.scoring import ScoreSheet
from surgery.models import (
    CataloguePublication,
    GradeChange,
    GradeProposal,
    GradeVersion,
    Procedure,
)
from surgery.services import grading
from surgery.services.grading import Wish
from tests.permissions.ledger import rows

REASON = "近 12 个月并发症 4.2%，高于同级中位数"
DECIDED = "委员会审定通过，按会议纪要执行"
MEETING = "2026 年第 6 次会议"
SHEET = ScoreSheet(5, 5, 4, 3)
KEPT: tuple[Any, ...] = (
    Procedure,
    Procedure.history.model,
    GradeProposal,
    GradeProposal.history.model,
    GradeChange,
    GradeVersion,
    CataloguePublication,
    CataloguePublication.history.model,
    Message,
)


def wish(code: str, grade: int, on: date | None = None, **given: Any) -> Wish:
    asked: dict[str, Any] = {
        "sheet": SHEET if grade else None,
        "meeting": MEETING,
        "doc_no": "云技委〔2026〕14号",
        **given,
    }
    procedure = Procedure.objects.get(code=code)
    return Wish(procedure, grade, on or day_of(timezone.now()), **asked)


def propose(
    by: User, code: str, grade: int, on: date | None = None, **given: Any
) -> GradeProposal:
    return grading.propose(
        wish=wish(code, grade, on, **given), by=by, at=timezone.now(), reason=REASON
    )


def approve(by: User, *proposals: GradeProposal, **given: Any) -> GradeVersion:
    asked: dict[str, Any] = {"reason": DECIDED, "at": timezone.now(), **given}
    return grading.approve(proposals=proposals, by=by, **asked)


def regraded(
    proposer: User, decider: User, code: str, grade: int, on: date | None = None
) -> GradeVersion:
    """Proposed by one and decided by another, now."""
    return approve(decider, propose(proposer, code, grade, on))


def grade(code: str) -> int:
    return Procedure.objects.get(code=code).grade


@contextmanager
def nothing_written() -> Iterator[None]:
    """No state, no history row, no ledger line and no message more or other."""
    before = {model: rows(model) for model in KEPT}
    yield
    for model in KEPT:
        assert rows(model) == before[model], model.__name__
