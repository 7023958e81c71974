"""``/metrics``: exact numbers, the same from every process, for few eyes only."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from ipaddress import ip_network
from typing import Any

import pytest
import time_machine
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from portal.directory.models import SyncRun
from portal.outbox.models import Attempt, Message, State
from portal.watch.comparisons import Standing
from portal.watch.metrics import exposition
from portal.watch.models import TallyMark
from portal.watch.services import alive, note, watch
from portal.watch.tallies import fold
from tests.harness import assert_queries
from tests.pages import CheckedClient
from tests.portal.watch.conftest import compared, of_grades, standing

pytestmark = pytest.mark.django_db
Clock = time_machine.Traveller
TOKEN = "a-token-of-the-hospital"


def samples() -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Name and labels of every sample, as Prometheus reads them."""
    return dict(_read(exposition(timezone.now()).decode()))


def _read(text: str) -> Iterator[Any]:
    for family in text_string_to_metric_families(text):
        for one in family.samples:
            yield (one.name, tuple(sorted(one.labels.items()))), one.value


def of(name: str, **labels: str) -> float:
    return samples()[f"yiwu_{name}", tuple(sorted(labels.items()))]


def tried(message: Message, outcome: str, ms: int) -> None:
    Attempt.objects.create(
        message=message, started_at=timezone.now(), duration_ms=ms, outcome=outcome
    )


def test_messages_are_counted_by_state_with_the_oldest(clock: Clock) -> None:
    standing(State.WAITING, "1001", tries=3)
    standing(State.REJECTED, "1002")
    standing(State.STOPPED, "1003")
    standing(State.CONFIRMED, "1004")
    clock.shift(timedelta(seconds=90))
    standing(State.WAITING, "1005")
    standing(State.WAITING, "1006", not_before=timezone.now() + timedelta(days=1))

    found = {
        dict(labels)["state"]: value
        for (name, labels), value in samples().items()
        if name == "yiwu_outbox_messages"
    }

    assert found == {
        "WAITING": 3,
        "SENDING": 0,
        "DELIVERED": 0,
        "REJECTED": 1,
        "UNKNOWN": 0,
        "STOPPED": 1,
    }
    assert of("outbox_stuck", target="his") == 1
    assert of("outbox_oldest_seconds", target="his") == 90


def test_tries_are_counted_by_outcome_and_time() -> None:
    message = standing(State.CONFIRMED)
    for outcome, ms in [("REJECTED", 5), ("CONFIRMED", 6), ("CONFIRMED", 20_000)]:
        tried(message, outcome, ms)

    assert of("outbox_attempts_total", target="his", outcome="CONFIRMED") == 2
    assert of("outbox_attempts_total", target="his", outcome="REJECTED") == 1
    buckets = {
        dict(labels)["le"]: value
        for (name, labels), value in samples().items()
        if name == "yiwu_outbox_attempt_seconds_bucket"
    }
    assert buckets == {
        "0.005": 1,
        "0.01": 2,
        "0.025": 2,
        "0.05": 2,
        "0.1": 2,
        "0.25": 2,
        "0.5": 2,
        "1.0": 2,
        "2.5": 2,
        "5.0": 2,
        "10.0": 2,
        "+Inf": 3,
    }
    assert of("outbox_attempt_seconds_count", target="his") == 3
    assert of("outbox_attempt_seconds_sum", target="his") == 20.011


def test_counters_are_the_same_before_and_after_folding(clock: Clock) -> None:
    message = standing(State.CONFIRMED)
    tried(message, "REJECTED", 5)
    tried(message, "CONFIRMED", 40)
    before = samples()

    assert fold(timezone.now()) == 0  # might not be complete yet
    clock.shift(timedelta(minutes=10))
    tried(message, "CONFIRMED", 41)
    assert fold(timezone.now()) == 2

    assert TallyMark.objects.get().counted == Attempt.objects.earliest("-id").pk - 1
    changed = {key for key, value in samples().items() if value != before.get(key)}
    assert of("outbox_attempts_total", target="his", outcome="CONFIRMED") == 2
    assert of("outbox_attempts_total", target="his", outcome="REJECTED") == 1
    assert {name for name, _labels in changed} == {
        "yiwu_outbox_attempts_total",
        "yiwu_outbox_attempt_seconds_bucket",
        "yiwu_outbox_attempt_seconds_count",
        "yiwu_outbox_attempt_seconds_sum",
    }
    clock.shift(timedelta(minutes=10))
    assert (fold(timezone.now()), fold(timezone.now())) == (1, 0)
    assert of("outbox_attempt_seconds_sum", target="his") == 0.086
    Attempt.objects.all().delete()  # as the archive does with what was counted
    assert of("outbox_attempt_seconds_count", target="his") == 3


def test_alerts_signs_and_pulls_are_told(clock: Clock) -> None:
    now = timezone.now()
    standing(State.REJECTED)
    watch(now)
    alive("worker", now)
    alive("his:his", now)
    SyncRun.objects.create(
        view="V_YW_DOCTOR", started_at=now, ended_at=now, state="TAKEN"
    )
    SyncRun.objects.create(
        view="V_YW_DRUG", started_at=now, ended_at=now, state="FAILED"
    )
    assert of("his_answers", target="his") == 1
    clock.shift(timedelta(seconds=30))
    note("his:his", timezone.now(), is_alive=False)

    assert of("alert_open", rule="REJECTED", target="his") == 1
    assert of("alert_open", rule="STUCK", target="") == 0
    assert of("his_answers", target="his") == 0
    assert of("sign_of_life_seconds", part="worker") == 30
    assert of("sign_of_life_seconds", part="his:his") == 30
    assert of("pull_age_seconds", view="V_YW_DOCTOR") == 30
    assert ("yiwu_pull_age_seconds", (("view", "V_YW_DRUG"),)) not in samples()


def test_comparisons_are_told_by_part_and_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    never = Standing("rights", {"EXTRA": 0}, None, None)
    compared(monkeypatch, never, of_grades(3, hours=2))

    assert of("drifts", part="grades", kind="DIFFERENT") == 3
    assert of("drifts", part="grades", kind="MISSING") == 0
    assert of("drifts", part="rights", kind="EXTRA") == 0
    assert of("drift_oldest_seconds", part="grades") == 2 * 86_400
    assert of("drift_oldest_seconds", part="rights") == 0
    assert of("comparison_age_seconds", part="grades") == 7_200
    assert ("yiwu_comparison_age_seconds", (("part", "rights"),)) not in samples()


@pytest.mark.parametrize("count", [2, 20])
def test_metrics_ask_ten_queries_however_many_messages(count: int) -> None:
    for number in range(count):
        tried(standing(State.CONFIRMED, f"1{number:03}"), "CONFIRMED", 5)

    with assert_queries(10):
        exposition(timezone.now())


# --- who may read it ------------------------------------------------------------------


def test_metrics_are_open_to_the_bearer_of_the_token(
    client: CheckedClient, settings: Any
) -> None:
    settings.METRICS_TOKEN = TOKEN

    answer = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})

    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    assert b"yiwu_outbox_messages{" in answer.content


@pytest.mark.parametrize(
    "given", ["", "Bearer ", "Bearer wrong", TOKEN, f"Basic {TOKEN}", "Bearer 错"]
)
def test_metrics_are_not_there_for_others(
    client: CheckedClient, settings: Any, given: str
) -> None:
    settings.METRICS_TOKEN = TOKEN

    with assert_queries(0):
        answer = client.get("/metrics", headers={"Authorization": given})

    assert (answer.status_code, answer.content) == (404, b"404\n")


def test_metrics_without_settings_are_not_there(client: CheckedClient) -> None:
    answer = client.get("/metrics", headers={"Authorization": "Bearer "})

    assert answer.status_code == 404


@pytest.mark.parametrize(
    ("near", "said", "status"),
    [
        ("10.1.2.3", "", 200),
        ("10.1.3.3", "", 404),
        ("127.0.0.1", "10.1.2.9", 200),  # told by our own proxy
        ("127.0.0.1", "10.9.9.9", 404),
        ("10.9.9.9", "10.1.2.3", 404),  # told by anybody
    ],
)
def test_metrics_are_open_to_the_allowed_networks(
    client: CheckedClient, settings: Any, near: str, said: str, status: int
) -> None:
    settings.METRICS_ALLOWED = [ip_network("10.1.2.0/24")]
    headers = {"X-Forwarded-For": said} if said else {}

    answer = client.get("/metrics", headers=headers, REMOTE_ADDR=near)

    assert answer.status_code == status
