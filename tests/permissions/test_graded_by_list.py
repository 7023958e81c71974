"""A list of grades knows nothing of grants; what follows for them follows by itself."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from permissions.enums import RegradeOutcome
from permissions.models import (
    FollowedVersion,
    GrantEvent,
    GrantState,
    RegradedGrant,
)
from permissions.regrading import follow_due, foresee_list
from permissions.views.listed_grades import changings
from portal.accounts.capabilities import Role
from portal.accounts.models import User
from surgery.enums import Grade
from surgery.models import GradeVersion, Procedure, ProcedureImport
from surgery.models.imports import Sort
from tests.cast import make_practitioner, make_user, sign_in
from tests.harness import assert_queries
from tests.pages import CheckedClient
from tests.permissions.act_pages import book
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


def test_list_nobody_followed_for_days_is_followed_all_the_same(
    lin: User, he: User, right: GrantState
) -> None:
    set_to(he, REGRADE_TRANSITION_DAYS=0)
    raised(lin, he)
    later = timezone.now() + timedelta(days=9)
    follow_due(at=later)
    assert (outcomes(), state_of(right)) == ([RegradeOutcome.SUSPENDED], "SUSPENDED")
    follow_due(at=later)
    assert outcomes() == [RegradeOutcome.SUSPENDED]
    assert FollowedVersion.objects.count() == GradeVersion.objects.count() == 1


def test_undo_nobody_followed_for_days_is_followed_all_the_same(
    lin: User, he: User, right: GrantState
) -> None:
    set_to(he, REGRADE_TRANSITION_DAYS=0)
    one = raised(lin, he)
    follow_due(at=timezone.now())
    undone(one, he)
    follow_due(at=timezone.now() + timedelta(days=9))
    assert (outcomes(), state_of(right)) == ([RegradeOutcome.RECALLED], "ACTIVE")


def test_version_that_became_known_after_a_later_one_is_not_missed(
    lin: User, he: User, right: GrantState
) -> None:
    """As when its transaction ended last: a cursor over numbers would pass it by."""
    raised(lin, he)
    first = GradeVersion.objects.get()
    follow_due(at=timezone.now())
    RegradedGrant.objects.all()._raw_delete(RegradedGrant.objects.db)
    FollowedVersion.objects.filter(version=first).delete()
    later = GradeVersion(
        year=2027,
        sequence=1,
        effective_on=first.effective_on,
        recorded_at=first.recorded_at,
        by=he,
        reason="另一版，先已跟进",
    )
    later.save()
    FollowedVersion.objects.create(version=later, at=timezone.now())

    follow_due(at=timezone.now())
    assert outcomes() == [RegradeOutcome.WAITING]


def previewed(client: CheckedClient, one: ProcedureImport, on: str = "") -> Any:
    address = reverse("permissions:grade-list-preview", args=[one.pk])
    return client.get(address, {"effective_on": on}, HTTP_HX_REQUEST="true")


def test_consequences_are_told_before_the_list_is_written(
    client: CheckedClient, lin: User, he: User, right: GrantState
) -> None:
    set_to(he, REGRADE_TRANSITION_DAYS=0)
    person = right.practitioner
    book(lin, person, CHOLE, Grade.THREE, 3)
    name = Procedure.objects.get(code=CHOLE).name
    one = checked(lin, [[CHOLE, name, "四级"]], Sort.GRADES)
    sign_in(client, lin)
    before = GrantEvent.objects.count()

    page = previewed(client, one, "2026-11-24")
    panel = page.context["panel"]
    assert panel.summary == "1 人、1 项手术的 1 项授权：施行日起失去 1 项"
    assert [(row.emp_no, row.change, row.tone) for row in panel.rows] == [
        ("1027", "三级 → 四级", "o")
    ]
    assert [(row.emp_no, row.is_lost) for row in panel.booked] == [("1027", True)]
    assert "已排手术 1 台到时主刀无权" in page.content.decode()
    assert "施行日期未填" not in page.content.decode()
    assert "施行日期未填，按今天 2026-11-23 列出" in (
        previewed(client, one).content.decode()
    )
    assert (GrantEvent.objects.count(), outcomes()) == (before, [])


def test_drawer_asks_for_the_consequences(
    client: CheckedClient, lin: User, he: User, right: GrantState
) -> None:
    name = Procedure.objects.get(code=CHOLE).name
    one = checked(lin, [[CHOLE, name, "四级"]], Sort.GRADES)
    sign_in(client, lin)
    drawer = client.get(
        reverse("surgery:procedure-import-write", args=[one.pk]),
        HTTP_HX_REQUEST="true",
    ).content.decode()
    assert reverse("permissions:grade-list-preview", args=[one.pk]) in drawer


def test_preview_takes_the_same_queries_for_a_hundred_procedures(
    client: CheckedClient, lin: User, he: User, right: GrantState
) -> None:
    rows = [
        [code, name, "四级"]
        for code, name in Procedure.objects.order_by("code").values_list("code", "name")
    ]
    for one in (
        checked(lin, [row for row in rows if row[0] == CHOLE], Sort.GRADES),
        checked(lin, rows, Sort.GRADES),
    ):
        changed = changings(one, date(2026, 11, 24))
        with assert_queries(16):
            found = foresee_list(changed, now=timezone.now())
        assert found.doctors == 1


def test_preview_of_a_sheet_without_grades_is_not_found(
    client: CheckedClient, lin: User
) -> None:
    sign_in(client, lin)
    address = reverse("permissions:grade-list-preview", args=[404])
    assert client.get(address).status_code == 404
