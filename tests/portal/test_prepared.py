"""Queries compiled once: the same answers as the query itself."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.db.models import Q
from django.utils import timezone

from portal.accounts.backends import PortalBackend
from portal.accounts.models import User
from portal.accounts.queries import standing_of
from portal.accounts.session_store import SessionStore
from portal.audit.acting import acting
from portal.directory.models import Practitioner
from portal.outbox.models import Message
from portal.prepared import Prepared
from tests.cast import lin, make_practitioner
from tests.harness import assert_queries
from tests.portal.outbox.conftest import promise

pytestmark = pytest.mark.django_db
__all__ = ["lin"]
COLUMNS = ("emp_no", "first_seen_at", "missing_since")


@pytest.fixture(autouse=True)
def _doctors() -> None:
    for number in range(25):
        make_practitioner(f"{number:03}", "陈景行")


def test_rows_have_the_types_of_the_query() -> None:
    asked = Prepared(
        lambda no: Practitioner.objects.filter(emp_no=no).values_list(*COLUMNS)
    )
    expected = list(Practitioner.objects.filter(emp_no="007").values_list(*COLUMNS))
    assert asked.rows("007") == expected
    assert expected[0][1] == datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
    assert asked.rows("no one") == []
    with assert_queries(1):
        assert asked.rows("008")[0][0] == "008"


def test_moments_and_uuids_are_values_too() -> None:
    asked = Prepared(
        lambda moment, token: (
            Message.objects.filter(claim=token, lease_until__gt=moment)
            .annotate(is_late=Q(due_at__lte=moment))
            .order_by("id")
            .values_list("id", "is_late")
        )
    )
    now, ours, other = timezone.now(), uuid.uuid4(), uuid.uuid4()
    mine, theirs = promise("1001"), promise("1002")
    for message, token in ((mine, ours), (theirs, other)):
        lease = {"claim": token, "lease_until": now + timedelta(minutes=1)}
        Message.objects.filter(pk=message.pk).update(**lease)

    assert asked.rows(now, ours) == [(mine.pk, True)]
    assert asked.rows(now, other) == [(theirs.pk, True)]
    assert asked.rows(now - timedelta(seconds=1), ours) == [(mine.pk, False)]
    assert asked.rows(now + timedelta(hours=1), ours) == []


@pytest.mark.parametrize("count", [0, 1, 9, 10, 11, 25, 101, 2301])
def test_any_number_of_keys_finds_each_once(count: int) -> None:
    asked = Prepared(
        lambda *keys: (
            Practitioner.objects.filter(emp_no__in=keys)
            .order_by("emp_no")
            .values_list("emp_no")
        )
    )
    keys = [f"{number:03}" for number in range(count)]
    assert [no for (no,) in asked.rows_of(keys)] == keys[:25]  # more there are not


def test_place_of_a_page_is_a_value_too() -> None:
    def build(start: int) -> Any:
        everyone = Practitioner.objects.filter(name="陈景行").order_by("emp_no")
        return everyone.values_list("emp_no")[start : start + 3]

    asked = Prepared(build)
    assert [no for (no,) in asked.rows(0)] == ["000", "001", "002"]
    assert [no for (no,) in asked.rows(20)] == ["020", "021", "022"]


def test_what_is_given_may_come_after_how_many_are_wanted() -> None:
    def build(count: int, no: str) -> Any:
        first = Practitioner.objects.order_by("emp_no").values("pk")[:count]
        found = Practitioner.objects.filter(pk__in=first).filter(emp_no__gte=no)
        return found.order_by("emp_no").values_list("emp_no")

    asked = Prepared(build)
    assert [no for (no,) in asked.rows(5, "003")] == ["003", "004"]
    assert [no for (no,) in asked.rows(2, "000")] == ["000", "001"]


def test_session_that_is_over_or_unknown_holds_nothing(lin: User) -> None:
    store = SessionStore()
    store["kept"] = "words"
    store.save()
    key = store.session_key
    assert SessionStore(key)["kept"] == "words"
    Session.objects.filter(pk=key).update(expire_date=timezone.now())
    over = SessionStore(key)
    assert over.get("kept") is None
    assert over.session_key is None
    assert SessionStore("no such").get("kept") is None


def test_user_of_a_session_brings_roles_and_is_refused_when_inactive(
    lin: User,
) -> None:
    with assert_queries(1):
        found = PortalBackend().get_user(lin.pk)
        assert standing_of(found).roles == frozenset({"OFFICER"})
    assert (found.staff_no, found.name, found.password) == (
        lin.staff_no,
        lin.name,
        lin.password,
    )
    lin.is_active = False
    with acting(by=None, reason="测试"):
        lin.save()
    assert PortalBackend().get_user(lin.pk) is None
    assert PortalBackend().get_user(lin.pk + 1) is None
