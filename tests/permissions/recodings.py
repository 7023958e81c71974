"""Short ways to re-code, and to look at what came of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from permissions import recoding
from permissions.models import GrantState, RecodedGrant, RegradedGrant
from permissions.queries.ledger import privileges_of
from portal.accounts.models import User
from portal.directory.models import Practitioner
from portal.parameters.days import day_of
from surgery.models import (
    Filing,
    ProcedureAlias,
    Recoding,
    RecodingLine,
)
from surgery.services.recoding_plan import Wish
from tests.permissions import ledger
from tests.permissions.event_acts import give
from tests.surgery import grading as paper

CHOLE, LIVER, APPENDIX = "51.2300", "50.2205", "47.0100"
NEW, OTHER = "51.2301", "51.2302"
REASON = "国临 3.0 2027 版更新编码"
DOCUMENT = "云医务〔2026〕71号"
MEETING = "2026 年第 7 次会议"
TABLES: tuple[Any, ...] = (
    Recoding,
    Recoding.history.model,
    RecodingLine,
    RecodingLine.history.model,
    RecodedGrant,
    RegradedGrant,
    ProcedureAlias,
    Filing,
)


def pair(old: str, new: str, name: str = "", note: str = "") -> Wish:
    return Wish(old, new, name, note)


def decide(by: User, second: User, *wishes: Wish, **given: Any) -> Recoding:
    """Decided, and done at once when it is for today."""
    at: datetime = given.pop("at", None) or timezone.now()
    asked: dict[str, Any] = {
        "effective_on": day_of(at),
        "reason": REASON,
        "doc_no": DOCUMENT,
        "meeting": MEETING,
        **given,
    }
    return recoding.decide(wishes=wishes, by=by, second=second, at=at, **asked)


def undo(one: Recoding, by: User, **given: Any) -> Recoding:
    asked: dict[str, Any] = {"at": timezone.now(), "reason": "对照表有误，整份撤销"}
    return recoding.undo(recoding=one, by=by, **(asked | given))


def held(
    by: User, doctor: Practitioner, code: str = "SG03", **given: Any
) -> GrantState:
    """A right somebody has had for two days."""
    at = given.pop("at", None) or timezone.now() - timedelta(days=2)
    return give(by, doctor, code, **{"item": CHOLE, "at": at, **given})


def lines(doctor: Practitioner, at: datetime | None = None) -> list[str]:
    """``51.2300 OPERATE`` of everything that holds."""
    found = privileges_of(doctor, at or timezone.now())
    return sorted(f"{one.item_code} {one.role}" for one in found if one.item_code)


@contextmanager
def nothing_written() -> Iterator[None]:
    before = [ledger.rows(one) for one in TABLES]
    with ledger.nothing_written(), paper.nothing_written():
        yield
    assert [ledger.rows(one) for one in TABLES] == before
