"""A NUL in an address or form is a bad request, on every database."""

from __future__ import annotations

from typing import Any

import pytest

from portal.accounts.models import User
from tests.pages import CheckedClient

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "address",
    ["/privileges/?q=%00", "/search/?q=a%00b", "/log/?%00=1", "/doctors/%00/"],
)
def test_nul_in_the_address_is_a_bad_request(
    client: CheckedClient, lin: User, address: str
) -> None:
    answer = client.get(address)

    assert answer.status_code == 400
    assert "没有看懂这次请求" in answer.content.decode()


def test_nul_in_a_form_is_a_bad_request(client: CheckedClient, lin: User) -> None:
    given: dict[str, Any] = {"practitioner": "10\x0027"}

    answer = client.post("/applications/new/", given, HTTP_HX_REQUEST="true")

    assert answer.status_code == 400


@pytest.mark.parametrize(
    "address",
    ["/sso/launch?u=%00", "/sso/enter?ticket=%00", "/accounts/login?next=%00"],
)
def test_nul_at_an_open_door_is_a_bad_request(
    client: CheckedClient, address: str
) -> None:
    assert client.get(address).status_code == 400
