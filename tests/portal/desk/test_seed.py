"""The demo's year of rights is played through the real acts, once."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from django.utils import timezone

from permissions import services
from permissions.enums import EventKind
from permissions.importers import load_catalogue
from permissions.ledger import fold
from permissions.models import (
    Application,
    BookingHit,
    CatalogueVersion,
    GrantEvent,
    GrantState,
)
from permissions.outbound import Ways
from permissions.queries.catalogue import changes_of, open_version
from permissions.queries.grants import Standing, grant_states, standing_of
from permissions.services.affected import Hit, summary_of
from portal.accounts.capabilities import Role
from portal.accounts.models import User
from portal.desk.demo import seed
from portal.desk.demo.bookings import BOOKINGS, seed_bookings, seed_hit
from portal.desk.demo.ledger import ASKED, GRANTS
from portal.desk.demo.theatre import THEATRE
from portal.directory.models import Practitioner
from portal.outbox.models import Message
from surgery.importers import load_seed_procedures
from surgery.models import SurgeryApplication
from tests.cast import make_practitioner, make_user

TITLES = {"1188": "233", "1206": "233", "1305": "234", "1132": "233", "1150": "233"}


@pytest.fixture
def hospital(db: None) -> None:
    """The people and catalogues the year is about."""
    load_catalogue()
    load_seed_procedures()
    for staff_no in (seed.PROPOSER, seed.APPROVER, seed.SECOND):
        role = Role.OFFICE_HEAD if staff_no == seed.APPROVER else Role.OFFICER
        make_user(staff_no, "某人", role)
    asked = {one.emp_no for one in ASKED}
    for emp_no in asked | {one.emp_no for one in (*GRANTS, *THEATRE)}:
        make_practitioner(emp_no, title_code=TITLES.get(emp_no, "231"))


@pytest.mark.slow
@pytest.mark.usefixtures("hospital")
def test_the_year_is_played_through_the_acts() -> None:
    now = timezone.now()
    seed.seed_rights(now=now)

    assert GrantState.objects.count() == len(GRANTS) + len(THEATRE) == 145
    assert Counter(Application.objects.values_list("state", flat=True)) == {
        "APPROVED": len(GRANTS) + len(THEATRE),
        "SUBMITTED": 7,
        "RETURNED": 1,
        "REJECTED": 1,
    }
    standings = Counter(standing_of(state, now) for state in grant_states())
    assert set(standings) == set(Standing)
    events = GrantEvent.objects.order_by("pk")
    # Of some roles the HIS has no word: it is not told.
    ways = Ways()
    told = [
        one.subject
        for one in events.select_related("grant__privilege")
        if not ways.why_not_told(one.grant)
    ]
    assert len(told) > len(GRANTS)
    assert set(told) <= set(Message.objects.values_list("subject", flat=True))
    moments = list(events.values_list("recorded_at", flat=True))
    assert moments == sorted(moments)
    # What fell due within the hour would be told as delivered slowly.
    due = Message.objects.filter(not_before__lt=now).latest("not_before").not_before
    assert now - due == timedelta(minutes=70)
    assert moments[-1] <= now
    assert moments[0] > now - timedelta(days=366)
    for state in GrantState.objects.order_by("pk"):
        standing = fold(state.grant.span, events.filter(grant=state.grant_id))
        assert standing is not None
        assert state.status == standing.status


@pytest.mark.slow
@pytest.mark.usefixtures("hospital")
def test_who_is_not_in_the_directory_is_left_out() -> None:
    Practitioner.objects.exclude(emp_no="1027").delete()
    seed.seed_rights(now=timezone.now())
    wanted = [one for one in (*GRANTS, *THEATRE) if one.emp_no == "1027"]
    assert GrantState.objects.count() == len(wanted)
    assert GrantEvent.objects.filter(kind=EventKind.SUSPEND).count() == 1


@pytest.mark.slow
@pytest.mark.usefixtures("hospital")
def test_catalogue_has_two_versions_and_a_draft_that_hits_somebody() -> None:
    now = timezone.now()
    seed._seed_versions(now=now)
    seed.seed_rights(now=now)
    published = CatalogueVersion.objects.exclude(number=None).order_by("number")
    assert [one.number for one in published] == [1, 2]
    second = published[1]
    assert second.decided_by != second.submitted_by
    assert [change.code for change in changes_of(second)] == ["RX07", "SD06", "ER01"]
    draft = open_version()
    assert draft is not None
    changes = changes_of(draft)
    assert [change.code for change in changes] == ["ND01", "CN01", "TE02"]
    hits = summary_of(changes, now=now, limit=0).by_hit
    assert hits[Hit.VALIDITY] == 3


@pytest.mark.usefixtures("hospital")
def test_seeding_again_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seed, "seed_users", lambda: None)
    monkeypatch.setattr(seed, "GRANTS", GRANTS[:2])
    monkeypatch.setattr(seed, "THEATRE", ())
    monkeypatch.setattr(seed, "ASKED", ())
    first = seed.seed()
    assert first == "医师 23，授权 2，申请 2"
    assert seed.seed() == first
    assert GrantEvent.objects.count() == 2


@pytest.mark.usefixtures("hospital")
def test_operations_are_booked_for_today_and_the_next_days(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # The surgeon of the first, and who assists there.
    team = [one for one in GRANTS if one.emp_no in {"1027", "1188"}]
    monkeypatch.setattr(seed, "GRANTS", team)
    monkeypatch.setattr(seed, "THEATRE", ())
    monkeypatch.setattr(seed, "ASKED", ())
    now = timezone.now()
    seed.seed_rights(now=now)
    seed_bookings(now=now)
    booked = SurgeryApplication.objects.order_by("planned_at", "pk")
    assert booked.count() == len(BOOKINGS) == 14
    first = booked[0]
    assert (first.surgeon.emp_no, first.verdict_code) == ("1027", "0")
    assert first.declared_at < now
    assert SurgeryApplication.objects.count() == len(BOOKINGS)


@pytest.mark.slow
@pytest.mark.usefixtures("hospital")
def test_a_suspension_in_the_demo_hits_booked_operations() -> None:
    now = timezone.now()
    seed.seed_rights(now=now)
    seed_bookings(now=now)
    [line] = grant_states().filter(practitioner__emp_no="1043", item_code="17.3300")
    found = services.consequences([line], EventKind.SUSPEND, at=now)
    assert len(found.booked) == 2


@pytest.mark.usefixtures("hospital")
def test_demo_has_one_booked_operation_to_see_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(seed, "GRANTS", [one for one in GRANTS if one.emp_no == "1058"])
    monkeypatch.setattr(seed, "THEATRE", ())
    monkeypatch.setattr(seed, "ASKED", ())
    now = timezone.now()
    seed.seed_rights(now=now)
    seed_bookings(now=now)
    officer = User.objects.get(staff_no=seed.PROPOSER)
    seed_hit(officer=officer, now=now)
    one = BookingHit.objects.get()
    assert (one.surgeon.emp_no, one.state, one.owner) == ("1058", "OPEN", officer)
    assert one.why.startswith("暂停 ")
    assert now < one.due_at < one.planned_at
    assert SurgeryApplication.objects.filter(
        application_no=one.application_no, verdict_code="0"
    ).exists()
