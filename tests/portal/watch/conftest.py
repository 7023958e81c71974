"""An outbox to be watched, and whom alerts call."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.utils import timezone

from portal.accounts.capabilities import Role
from portal.accounts.models import User
from portal.audit.acting import acting
from portal.outbox.models import Message, State
from portal.parameters import services
from portal.parameters.registry import Parameter
from portal.watch.comparisons import Standing
from tests.cast import make_user
from tests.portal.outbox.conftest import promise
from tests.portal.parameters.fresh import parameters_read_anew

__all__ = ["parameters_read_anew"]
Setter = Callable[[Parameter, int], None]


@pytest.fixture(autouse=True)
def _no_his(settings: Any) -> None:
    """A HIS that is not there: asking it fails at once."""
    settings.HIS_DSN = "sqlite:////nowhere/his.sqlite3"


@pytest.fixture
def gao(db: None) -> User:
    """高, of the information center."""
    return make_user("2051", "高远", Role.INFORMATION_CENTER)


@pytest.fixture
def set_to(db: None) -> Setter:
    def change(parameter: Parameter, value: int) -> None:
        with acting(by=None, reason="测试"):
            services.change(parameter=parameter, value=value, by=None, reason="测试")
        cache.clear()

    return change


def compared(monkeypatch: pytest.MonkeyPatch, *parts: Standing) -> None:
    """So these parts stand beside the HIS, whatever the rooms above say."""
    monkeypatch.setattr("portal.watch.comparisons._ASKED", [lambda: list(parts)])


def of_grades(count: int, *, hours: float) -> Standing:
    """Grades with so many drifts, looked at so many hours ago."""
    at = timezone.now()
    since = at - timedelta(days=2)
    kinds = {"MISSING": 0, "EXTRA": 0, "DIFFERENT": count}
    return Standing("grades", kinds, since, at - timedelta(hours=hours))


def standing(state: State, emp_no: str = "1188", **fields: Any) -> Message:
    """A message in this state, promised now."""
    message = promise(emp_no)
    if state == State.CONFIRMED:
        fields = {"confirmed_at": timezone.now(), "tries": 1, **fields}
    Message.objects.filter(pk=message.pk).update(state=state, due_at=None, **fields)
    message.refresh_from_db()
    return message
