"""The page with every component in every state."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from portal.accounts.models import User
from portal.audit.acting import acting
from tests.pages import CheckedClient

pytestmark = pytest.mark.django_db


@pytest.fixture
def lin(client: CheckedClient, settings: Any) -> User:
    """林, medical affairs, signed in; the lock-out is not tested here."""
    settings.AXES_ENABLED = False
    with acting(by=None, reason="测试"):
        lin = User.objects.create(staff_no="2031", name="林若川", office="医务科")
    client.force_login(lin, backend="django.contrib.auth.backends.ModelBackend")
    return lin


def test_components_page_shows_every_state(client: CheckedClient, lin: User) -> None:
    response = client.get(reverse("ui:components"))

    assert response.status_code == 200
    html = response.content.decode()
    for text in ("未定级", "急诊越级登记", "应答丢失，待回读", "没能读到数据", "必填"):
        assert text in html
