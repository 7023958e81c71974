"""Error pages: a number and a next step, no person, no stack, no database."""

from __future__ import annotations

import pytest
from django.test import RequestFactory

from portal.accounts.models import User
from portal.ui import errors
from tests.pages import CheckedClient, page_problems


@pytest.mark.django_db
@pytest.mark.urls("tests.portal.ui.practitioner_list")
def test_broken_view_shows_a_number_and_no_cause(client: CheckedClient) -> None:
    client.raise_request_exception = False

    response = client.get("/broken/7")

    html = response.content.decode()
    assert response.status_code == 500
    assert "系统没有完成这次操作" in html
    assert response.headers["X-Request-ID"][:8] in html
    assert "RuntimeError" not in html
    assert "王建国" not in html


@pytest.mark.django_db
@pytest.mark.urls("tests.portal.ui.practitioner_list")
def test_unknown_address_is_a_page_without_the_user(
    client: CheckedClient, lin: User
) -> None:
    response = client.get("/nowhere")

    html = response.content.decode()
    assert response.status_code == 404
    assert "没有找到这一页" in html
    assert lin.name not in html


@pytest.mark.parametrize(
    ("trouble", "status"),
    [
        (errors.BAD_REQUEST, 400),
        (errors.FORBIDDEN, 403),
        (errors.NOT_FOUND, 404),
        (errors.CSRF_FAILED, 403),
        (errors.SERVER_ERROR, 500),
    ],
)
def test_error_page_needs_no_database(
    rf: RequestFactory, trouble: errors.Trouble, status: int
) -> None:
    response = errors.trouble_page(rf.get("/"), trouble)

    html = response.content.decode()
    assert response.status_code == status
    assert str(trouble.next_step) in html
    assert page_problems(html) == []


def test_handlers_show_their_own_trouble(rf: RequestFactory) -> None:
    request = rf.get("/")
    shown = [
        errors.bad_request(request, ValueError()),
        errors.forbidden(request, PermissionError()),
        errors.not_found(request, LookupError()),
        errors.csrf_failed(request, reason="no cookie"),
        errors.server_error(request),
    ]

    titles = ["没有看懂", "没有权限", "没有找到", "页面已过期", "没有完成"]
    for response, title in zip(shown, titles, strict=True):
        assert title in response.content.decode()
