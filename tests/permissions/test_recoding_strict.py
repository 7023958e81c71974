"""What takes in others is as strict as the strictest of them."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from permissions import services
from permissions.enums import ReasonCode
from permissions.models import GrantState
from portal.accounts.capabilities import Role
from portal.accounts.models import User
from portal.audit.acting import acting
from portal.parameters.days import day_of
from surgery.enums import Grade, RestrictedClass
from surgery.models import Filing, Procedure
from surgery.services.recoding_plan import judge
from tests.cast import make_user
from tests.permissions import ledger
from tests.permissions.recodings import CHOLE, NEW, decide, held, pair, undo

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("catalogue", "prerequisites_warn"),
]
RESTRICTED, OPEN = "11.6400x001", "11.6400x009"


@pytest.fixture
def he(db: None) -> User:
    return make_user("2003", "何静宜", Role.OFFICE_HEAD)


@pytest.fixture
def taken_in(lin: User) -> Procedure:
    """Nationally restricted, filed, with a special licence."""
    old = entry(RESTRICTED)
    ledger.make_procedure(OPEN, "角膜移植术", Grade(old.grade))
    with acting(by=lin, reason="测试"):
        old.needs_special_licence = True
        old.save()
        today = day_of(timezone.now())
        Filing(procedure=old, filed_on=today, authority="市卫健委").save()
    return old


def entry(code: str) -> Procedure:
    found: Procedure = Procedure.objects.get(code=code)
    return found


def strict(code: str) -> tuple[int, bool]:
    one = entry(code)
    return one.restricted_class, one.needs_special_licence


def test_entry_that_is_there_becomes_as_strict_as_what_it_takes_in_and_is_filed(
    lin: User, he: User, taken_in: Procedure
) -> None:
    assert strict(OPEN) == (RestrictedClass.NONE, False)
    decide(lin, he, pair(RESTRICTED, OPEN))
    assert strict(OPEN) == (RestrictedClass.NATIONAL, True)
    assert entry(OPEN).filing.authority == "市卫健委"


def test_dry_run_says_what_becomes_stricter_and_that_the_filing_goes_over(
    taken_in: Procedure,
) -> None:
    [judgment] = judge([pair(RESTRICTED, OPEN)], at=timezone.now())
    assert judgment.notes == (
        "新编码目录中已有",
        "限制类别不同，从严列为国家限制类",
        "专项许可要求不同，从严须专项许可",
        "旧编码的限制类技术备案将带入新编码",
    )
    assert strict(OPEN) == (RestrictedClass.NONE, False)


def test_undo_leaves_the_entry_that_was_there_as_it_was(
    lin: User, he: User, taken_in: Procedure
) -> None:
    undo(decide(lin, he, pair(RESTRICTED, OPEN)), he)
    assert strict(OPEN) == (RestrictedClass.NONE, False)
    assert strict(RESTRICTED) == (RestrictedClass.NATIONAL, True)


def test_undo_leaves_alone_what_somebody_said_since(
    lin: User, he: User, taken_in: Procedure
) -> None:
    one = decide(lin, he, pair(RESTRICTED, OPEN))
    with acting(by=he, reason="省里另有规定"):
        new = entry(OPEN)
        new.restricted_class = RestrictedClass.PROVINCIAL
        new.save()
    undo(one, he)
    assert strict(OPEN) == (RestrictedClass.PROVINCIAL, True)


def test_merged_line_is_suspended_for_the_reason_that_holds_not_a_restored_one(
    lin: User, he: User, wang: User
) -> None:
    person = wang.practitioner
    assert person is not None
    right = held(lin, person)
    ledger.make_procedure("51.2200", "胆囊切除术", Grade.THREE)
    paused = held(lin, person, item="51.2200")
    said: dict[str, Any] = {"by": lin, "at": timezone.now(), "reason": "并发症率偏高"}
    services.suspend(state=right, reason_code=ReasonCode.R09, **said)
    right.refresh_from_db()
    services.restore(state=right, **said)
    services.suspend(state=paused, reason_code=ReasonCode.R07, **said)
    decide(lin, he, pair(CHOLE, NEW, "胆囊切除术"), pair("51.2200", NEW))
    whole = GrantState.objects.get(item_code=NEW)
    assert (whole.status, whole.last_event.reason_code) == ("SUSPENDED", ReasonCode.R07)
