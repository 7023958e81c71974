"""The harness catches what it promises to catch."""

from __future__ import annotations

import random
import socket
import warnings
from datetime import UTC, datetime

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.template import Context, Template
from django.utils import timezone

from tests.harness import assert_queries


def test_clock_stands_at_ten_in_shanghai() -> None:
    assert timezone.now() == datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
    assert timezone.localtime().isoformat() == "2026-11-23T10:00:00+08:00"


@pytest.mark.real_time
def test_clock_runs_when_asked() -> None:
    assert timezone.now() != datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


def test_warning_is_an_error() -> None:
    with pytest.raises(UserWarning, match="careless"):
        warnings.warn("careless", stacklevel=1)


def test_network_beyond_loopback_is_refused() -> None:
    # The refusal warns first, and a warning is an error.
    with socket.socket() as outside, pytest.raises(UserWarning, match=r"192\.0\.2\.1"):
        outside.connect(("192.0.2.1", 80))


def test_undefined_template_variable_fails() -> None:
    with pytest.raises(pytest.fail.Exception, match="'nobody.name'"):
        Template("{{ nobody.name }}").render(Context({}))


def test_undefined_variable_in_a_condition_is_false() -> None:
    assert Template("{% if nobody %}a{% else %}b{% endif %}").render(Context()) == "b"


@pytest.mark.django_db
def test_unordered_query_never_comes_in_the_database_order() -> None:
    in_order = list(ContentType.objects.order_by("pk"))
    assert len(in_order) > 2
    for seed in range(20):
        random.seed(seed)
        assert list(ContentType.objects.all()) != in_order
        assert list(ContentType.objects.order_by("pk")) == in_order


@pytest.mark.django_db
def test_unordered_iterator_comes_shuffled() -> None:
    in_order = list(ContentType.objects.order_by("pk"))
    found = list(ContentType.objects.iterator())
    assert found != in_order
    assert sorted(found, key=lambda row: row.pk) == in_order


@pytest.mark.django_db
def test_on_commit_hook_runs_when_the_act_ends() -> None:
    ran: list[str] = []
    with transaction.atomic():
        with transaction.atomic():
            transaction.on_commit(lambda: ran.append("inner"))
        assert ran == []
    assert ran == ["inner"]
    transaction.on_commit(lambda: ran.append("at once"))
    assert ran == ["inner", "at once"]


@pytest.mark.django_db
def test_on_commit_hook_of_a_rolled_back_act_does_not_run() -> None:
    ran: list[str] = []
    with transaction.atomic():
        transaction.on_commit(lambda: ran.append("lost"))
        transaction.set_rollback(True)
    with transaction.atomic():
        pass
    assert ran == []


@pytest.mark.django_db
def test_assert_queries_names_the_queries_too_many() -> None:
    def ask_twice(at_most: int) -> None:
        with assert_queries(at_most), transaction.atomic():
            ContentType.objects.count()
            ContentType.objects.exists()

    ask_twice(2)
    with pytest.raises(AssertionError, match="2 queries:"):
        ask_twice(1)
