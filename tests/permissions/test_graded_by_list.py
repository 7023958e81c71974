"""A list of grades knows nothing of grants; what follows for them follows by itself."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from permissions.enums import RegradeOutcome
from permissions.models import GrantEvent, GrantState, RegradedGrant
from permissions.regrading import follow_due
from portal.accounts.capabilities import Role
from portal.accounts.models import User
from surgery.models import Procedure, ProcedureImport
from surgery.models.imports import Sort
from tests.cast import make_practitioner, make_user
from tests.permissions.event_acts import give, set_to
from tests.surgery.imports.sheets import checked, graded, undone

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("catalogue", "prerequisites_warn"),
]
CHOLE = "51.2300"


@pytest.fixture
def he(db: None) -> User:
    return make_user("2003", "何静宜", Role.OFFICE_HEAD)


@pytest.fixture
def right(lin: User) -> GrantState:
    """A surgeon may do the cholecystectomy, of grade 3."""
    person = make_practitioner("1027", "陈景行", title_code="231")
    at = timezone.now() - timedelta(hours=1)
    return give(lin, person, "SG03", item=CHOLE, at=at)


def raised(lin: User, he: User) -> ProcedureImport:
    """The list says grade 4."""
    name = Procedure.objects.get(code=CHOLE).name
    one = checked(lin, [[CHOLE, name, "四级"]], Sort.GRADES)
    done: ProcedureImport = graded(one, lin, he)
    return done


def state_of(right: GrantState) -> str:
    return GrantState.objects.get(pk=right.pk).status


def outcomes() -> list[str]:
    return list(RegradedGrant.objects.order_by("pk").values_list("outcome", flat=True))


def test_grant_gets_its_deadline_and_keeps_it_once(
    lin: User, he: User, right: GrantState
) -> None:
    raised(lin, he)
    for _again in range(2):
        follow_due(at=timezone.now())
    assert outcomes() == [RegradeOutcome.WAITING]
    assert state_of(right) == "ACTIVE"


def test_grant_is_suspended_without_a_transition_and_restored_by_the_undo(
    lin: User, he: User, right: GrantState
) -> None:
    set_to(he, REGRADE_TRANSITION_DAYS=0)
    one = raised(lin, he)
    follow_due(at=timezone.now())
    assert (outcomes(), state_of(right)) == ([RegradeOutcome.SUSPENDED], "SUSPENDED")
    undone(one, he)
    for _again in range(2):
        follow_due(at=timezone.now())
    assert (outcomes(), state_of(right)) == ([RegradeOutcome.RECALLED], "ACTIVE")
    kinds = GrantEvent.objects.filter(grant=right.grant).order_by("pk")
    assert [one.kind for one in kinds] == ["GRANT", "SUSPEND", "RESTORE"]


def test_waiting_grant_waits_no_more_after_the_undo(
    lin: User, he: User, right: GrantState
) -> None:
    one = raised(lin, he)
    follow_due(at=timezone.now())
    undone(one, he)
    follow_due(at=timezone.now())
    assert (outcomes(), state_of(right)) == ([RegradeOutcome.RECALLED], "ACTIVE")
