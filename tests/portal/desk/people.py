"""What the tests of 用户与角色 share."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from portal.accounts import services
from portal.accounts.capabilities import Role
from portal.accounts.models import RoleAssignment, User
from tests.cast import chen, lin, wang, zhao
from tests.portal.accounts.conftest import an, parameters_read_anew, qin, shen

__all__ = [
    "HTMX",
    "LIST",
    "PASSWORD",
    "WAITING",
    "an",
    "chen",
    "lin",
    "parameters_read_anew",
    "qin",
    "rows_of",
    "shen",
    "text_of",
    "url",
    "waiting",
    "wang",
    "zhao",
]
LIST = "/users/"
WAITING = "/users/requests/"
PASSWORD = "Ward-round@0730"
HTMX: dict[str, Any] = {"HTTP_HX_REQUEST": "true"}


def text_of(response: Any) -> str:
    html: str = response.content.decode()
    return html


def rows_of(response: Any) -> list[Any]:
    return list(response.context["list"].rows)


def url(name: str, pk: int) -> str:
    return reverse(f"desk:{name}", args=[pk])


@pytest.fixture
def waiting(qin: User, zhao: User) -> RoleAssignment:
    """Qin asks that Zhao becomes an officer."""
    return services.request_role(user=zhao, role=Role.OFFICER, by=qin, reason="调入")
