"""The page with every component in every state."""

from __future__ import annotations

import pytest
from django.urls import reverse

from portal.accounts.models import User
from tests.pages import CheckedClient

pytestmark = pytest.mark.django_db


def test_components_page_shows_every_state(client: CheckedClient, lin: User) -> None:
    response = client.get(reverse("ui:components"))

    assert response.status_code == 200
    html = response.content.decode()
    for text in ("未定级", "急诊越级登记", "应答丢失，待回读", "没能读到数据", "必填"):
        assert text in html


def test_wrong_field_is_marked_and_described(client: CheckedClient, lin: User) -> None:
    html = client.get(reverse("ui:components")).content.decode()

    assert 'class="inp err"' in html
    assert 'aria-invalid="true"' in html
    assert 'aria-describedby="id_starts_on_error"' in html
    assert '<div class="help err" id="id_starts_on_error">' in html


def test_field_from_the_his_is_gray_and_names_its_source(
    client: CheckedClient, lin: User
) -> None:
    html = client.get(reverse("ui:components")).content.decode()

    assert 'value="10047"' in html
    assert 'class="inp ro"' in html
    assert "来自 HIS，不能修改" in html


def test_drawer_alone_has_no_shell(client: CheckedClient, lin: User) -> None:
    html = client.get(reverse("ui:components"), {"drawer": "1"}).content.decode()

    assert 'id="drawer-title"' in html
    assert "<html" not in html


def test_shell_names_the_user_but_asks_no_numbers(
    client: CheckedClient, lin: User
) -> None:
    html = client.get(reverse("ui:components")).content.decode()

    assert "林若川" in html
    assert '<a class="skip" href="#main">' in html
    assert 'lang="zh-CN"' in html
