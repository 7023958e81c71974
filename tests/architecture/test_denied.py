"""Who may not, changes nothing: a denied request leaves one line in the access log."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.apps import apps
from django.urls import get_resolver

from permissions.models import GrantState
from portal.accounts.capabilities import Role
from portal.accounts.models import User
from portal.audit.models import AuditEvent, EventKind
from tests.architecture.test_urls_guarded import all_patterns
from tests.cast import make_practitioner, make_user, sign_in
from tests.pages import CheckedClient
from tests.permissions.conftest import catalogue
from tests.permissions.ledger import granted

__all__ = ["catalogue"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogue")]
# What a request writes about itself whoever asks.
OF_SESSIONS = frozenset({"Session", "LoginSession"})
PLACE = re.compile(r"<(?:(?P<kind>\w+):)?\w+>")
VALUES = {"int": "1", "uuid": "00000000-0000-4000-8000-000000000000"}


def guarded() -> dict[str, tuple[str, str]]:
    """Name → an address and the capability it asks for."""
    found = {}
    for name, address, view in addresses():
        capability = getattr(view, "required_capability", None)
        if capability is not None:
            found[name] = (address, str(capability))
    return found


def addresses() -> list[tuple[str, str, Any]]:
    return [
        (name, f"/{address}", view)
        for name, address, view in walked(get_resolver(), "", "")
    ]


def walked(resolver: Any, before: str, namespace: str) -> list[tuple[str, str, Any]]:
    found = []
    for entry in resolver.url_patterns:
        address = before + PLACE.sub(
            lambda place: VALUES.get(place["kind"] or "str", "1027"), str(entry.pattern)
        )
        if hasattr(entry, "url_patterns"):
            inner = f"{namespace}{entry.namespace}:" if entry.namespace else namespace
            found += walked(entry, address, inner)
        else:
            found.append((f"{namespace}{entry.name}", address, entry.callback))
    return found


def everything() -> dict[str, list[Any]]:
    """All rows of all tables, but for sessions and the access log."""
    return {
        model.__name__: sorted(map(repr, model._base_manager.values_list()))
        for model in apps.get_models()
        if model.__name__ not in OF_SESSIONS and model is not AuditEvent
    }


@pytest.fixture
def state(db: None) -> GrantState:
    """A right that somebody might want to take away."""
    head, officer = (
        make_user("2003", "何静姝", Role.OFFICE_HEAD),
        make_user("2031", "苏晓岚", Role.OFFICER),
    )
    return granted(officer, head, make_practitioner("1027", "陈景行"), "RX01")


@pytest.fixture
def nobody(db: None) -> User:
    """Signed in, without any role."""
    return make_user("4001", "邱明")


def test_every_guarded_address_is_walked() -> None:
    names = {
        name
        for name, view in all_patterns(get_resolver())
        if getattr(view, "required_capability", None) is not None
    }
    assert set(guarded()) == names
    assert len(names) > 50


@pytest.mark.parametrize("method", ["get", "post"])
def test_denied_request_leaves_one_line_in_the_access_log_and_nothing_else(
    client: CheckedClient, state: GrantState, nobody: User, method: str
) -> None:
    sign_in(client, nobody)
    before = everything()
    given = {"reason": "误触", "reason_code": "19", "seen": str(state.last_event_id)}
    for name, (address, capability) in guarded().items():
        AuditEvent._base_manager.all()._raw_delete("default")
        answer = getattr(client, method)(address, given)
        assert answer.status_code == 403, (name, address)
        [event] = AuditEvent.objects.all()
        assert (event.kind, event.by, event.is_ok) == (
            EventKind.ACCESS_DENIED,
            nobody,
            False,
        )
        assert (event.subject_id, event.detail["capability"]) == (name, capability)

    assert everything() == before
