"""补记: an act that took effect before it was recorded, through the drawers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from permissions.models import GrantEvent, GrantState
from permissions.queries.ledger import privileges_of
from portal.accounts.models import User
from portal.directory.models import Practitioner
from portal.parameters.days import ZONE, day_of
from tests.cast import make_practitioner, sign_in
from tests.pages import CheckedClient
from tests.permissions.act_pages import HTMX, LIST, TYPED, confirmed, opened, previewed
from tests.permissions.event_acts import set_to
from tests.permissions.ledger import TODAY, granted, nothing_written

pytestmark = pytest.mark.usefixtures("catalogue")
DAY = timedelta(days=1)
ASKS = 'name="effective_at"'


@pytest.fixture
def surgeon(db: None) -> Practitioner:
    return make_practitioner("1027", "陈景行", title_code="231")


@pytest.fixture
def state(lin: User, su: User, surgeon: Practitioner) -> GrantState:
    """Granted forty days before the test."""
    last = TODAY + 300 * DAY
    return granted(lin, su, surgeon, "SG03", item="51.2300", valid_to=last)


@pytest.fixture
def lin_in(client: CheckedClient, lin: User, state: GrantState) -> Iterator[Any]:
    with time_machine.travel(timezone.now() + 40 * DAY, tick=False):
        sign_in(client, lin)
        yield client


def back(days: int) -> str:
    moment = timezone.now().astimezone(ZONE) - timedelta(days=days)
    return f"{moment:%Y-%m-%dT%H:%M}"


def test_suspension_recorded_late_holds_from_then_and_is_told_so_everywhere(
    lin_in: CheckedClient, lin: User, state: GrantState, surgeon: Practitioner
) -> None:
    now = timezone.now()

    answer = confirmed(lin_in, state, "suspend", effective_at=back(5))

    event = GrantEvent.objects.get(kind="SUSPEND")
    assert (event.effective_at, event.recorded_at) == (now - 5 * DAY, now)
    assert len(privileges_of(surgeon, now - 6 * DAY)) == 1
    assert privileges_of(surgeon, now - 4 * DAY) == []
    # What was known then stays what was known then.
    assert len(privileges_of(surgeon, now - 4 * DAY, now - DAY)) == 1
    assert "已暂停 1 项授权" in answer.headers["HX-Trigger"].encode().decode(
        "unicode_escape"
    )
    told = f"自 {back(5).replace('T', ' ')} 起生效"
    drawer = lin_in.get(f"{LIST}{state.pk}/history/", **HTMX).content.decode()
    assert "暂停（补记）" in drawer
    assert told in drawer
    assert told in lin_in.get("/doctors/1027/").content.decode()
    assert told in lin_in.get("/log/").content.decode()


def test_preview_says_from_when_and_that_it_is_recorded_late(
    lin_in: CheckedClient, state: GrantState
) -> None:
    with nothing_written():
        answer = previewed(
            lin_in, state, "suspend", reason_code="08", effective_at=back(5)
        )
    stops = [
        one for one in answer.context["preview"].diff.changes if "停止" in one.field
    ]
    assert stops[0].after == back(5).replace("T", " ")
    assert f"补记：自 {back(5).replace('T', ' ')} 起" in answer.content.decode()


@pytest.mark.parametrize(
    ("act", "days", "why"),
    [
        ("suspend", 31, "补记的生效时间最早为"),
        ("suspend", -1, "生效时间不能晚于现在"),
        ("revoke", 31, "补记的生效时间最早为"),
        ("renew", -1, "生效时间不能晚于现在"),
    ],
)
def test_too_long_ago_or_ahead_is_refused_at_its_field_and_leaves_nothing(
    lin_in: CheckedClient, state: GrantState, act: str, days: int, why: str
) -> None:
    with nothing_written():
        answer = confirmed(lin_in, state, act, effective_at=back(days))
    form = answer.context["form"]
    assert why in str(form.errors["effective_at"])
    assert back(days) in answer.content.decode()


def test_hospital_says_how_far_back(
    lin_in: CheckedClient, lin: User, state: GrantState
) -> None:
    set_to(lin, LATE_RECORD_DAYS=3)
    drawer = opened(lin_in, state, "suspend").content.decode()
    assert "最早 3 天前" in drawer
    assert "补记的生效时间最早为" in str(
        confirmed(lin_in, state, "suspend", effective_at=back(4)).context["form"].errors
    )

    set_to(lin, LATE_RECORD_DAYS=0)
    assert ASKS not in opened(lin_in, state, "suspend").content.decode()
    confirmed(lin_in, state, "suspend", effective_at=back(1))
    assert GrantEvent.objects.get(kind="SUSPEND").effective_at == timezone.now()


@pytest.mark.parametrize(
    ("act", "is_asked"),
    [("suspend", True), ("revoke", True), ("renew", True), ("void", False)],
)
def test_acts_that_speak_of_this_moment_ask_for_no_other(
    lin_in: CheckedClient, state: GrantState, act: str, is_asked: bool
) -> None:
    assert (ASKS in opened(lin_in, state, act).content.decode()) is is_asked


def test_many_lines_are_recorded_late_together_or_not_at_all(
    lin_in: CheckedClient, lin: User, state: GrantState
) -> None:
    """A line that began later than the moment keeps all of them back."""
    today = day_of(timezone.now())
    young = granted(lin, lin_two(), state.practitioner, "RX01", valid_from=today)
    asked = {**TYPED, "effective_at": back(5)}
    url = f"{LIST}many/suspend/"
    with nothing_written():
        answer = lin_in.post(url, {**asked, "id": f"{state.pk},{young.pk}"}, **HTMX)
    assert [one.id for one in answer.context["preview"].refused] == [young.pk]

    lin_in.post(url, {**asked, "id": str(state.pk)}, **HTMX)
    assert GrantEvent.objects.filter(kind="SUSPEND").count() == 1


def lin_two() -> User:
    found: User = User.objects.get(staff_no="2032")
    return found
