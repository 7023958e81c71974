"""消息 and 通知投递: mine alone, read once, operated by who may."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from portal.accounts.capabilities import Role
from portal.accounts.models import User
from portal.audit.models import AuditEvent
from portal.notices.models import Delivery, DeliveryState, Notice, NoticeKind
from portal.notices.presenters import KIND_CHIPS
from portal.notices.services import Told, notify
from tests.cast import make_user, sign_in
from tests.harness import assert_queries
from tests.pages import CheckedClient
from tests.portal.notices.test_services import outgoing, tell

__all__ = ["outgoing"]
pytestmark = pytest.mark.django_db
HTMX: dict[str, Any] = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture
def center(db: None) -> User:
    return make_user("3008", "蒋维", Role.INFORMATION_CENTER)


def many(user: User, count: int) -> None:
    for number in range(count):
        told = Told(NoticeKind.EXPIRY, f"k{number}", f"第 {number} 条", "说明", "/")
        notify(told, to=[user], at=timezone.now())


def test_notices_are_the_readers_own(
    client: CheckedClient, lin: User, su: User
) -> None:
    tell(lin)
    sign_in(client, su)
    page = client.get("/notices/?view=all")
    assert "王若谷" not in page.text
    assert "没有消息" in page.text
    notice = Notice.objects.get()
    for path in (f"/notices/{notice.pk}/", f"/notices/{notice.pk}/read/"):
        assert client.get(path).status_code in {404, 405}
        assert client.post(path, **HTMX).status_code in {404, 405}
    assert Notice.objects.get().read_at is None


def test_opening_a_notice_leads_to_its_object_and_marks_it_read(
    client: CheckedClient, lin: User
) -> None:
    tell(lin)
    sign_in(client, lin)
    notice = Notice.objects.get()
    answer = client.get(f"/notices/{notice.pk}/")
    assert (answer.status_code, answer["Location"]) == (302, "/reviews/?review=7")
    assert Notice.objects.get().read_at == timezone.now()
    assert client.get("/badges/").context["it"].unread == 0


def test_notice_never_leads_elsewhere(client: CheckedClient, lin: User) -> None:
    tell(lin, told=Told(NoticeKind.EVENT, "x", "标题", "", "https://evil.example/"))
    sign_in(client, lin)
    answer = client.get(f"/notices/{Notice.objects.get().pk}/")
    assert answer["Location"] == "/notices/"


def test_everything_is_marked_read_at_once(
    client: CheckedClient, lin: User, su: User
) -> None:
    many(lin, 3)
    tell(su)
    sign_in(client, lin)
    assert client.get("/badges/").context["it"].unread == 3
    client.post("/notices/read/", **HTMX)
    unread = Notice.objects.filter(read_at=None)
    assert [one.recipient for one in unread] == [su]


@pytest.mark.parametrize("count", [5, 50])
def test_list_of_notices_keeps_its_query_budget(
    client: CheckedClient, lin: User, count: int
) -> None:
    many(lin, count)
    sign_in(client, lin)
    with assert_queries(7):
        page = client.get("/notices/")
    assert page.context["list"].pager.total == count


def test_deliveries_are_for_who_looks_after_interfaces(
    client: CheckedClient, lin: User, wang: User, center: User
) -> None:
    sign_in(client, wang)
    assert client.get("/notices/deliveries/").status_code == 403
    sign_in(client, lin)
    assert client.get("/notices/deliveries/").status_code == 200


@pytest.mark.usefixtures("outgoing")
def test_delivery_that_does_not_get_through_is_counted_and_tried_again(
    client: CheckedClient, lin: User, center: User
) -> None:
    tell(lin)
    Delivery.objects.filter(channel="MAIL").update(
        state=DeliveryState.REFUSED, error="SMTP 550", due_at=None
    )
    sign_in(client, center)
    assert client.get("/badges/").context["it"].deliveries == 1
    page = client.get("/notices/deliveries/")
    (row,) = page.context["list"].rows
    assert (row.target, row.error) == ("2031@mail.hospital.local", "SMTP 550")
    client.post(f"/notices/deliveries/{row.id}/retry/", **HTMX)
    delivery = Delivery.objects.get(channel="MAIL")
    assert (delivery.state, delivery.due_at) == ("WAITING", timezone.now())
    assert AuditEvent.objects.get(kind="MESSAGE_RETRIED").by == center


@pytest.mark.usefixtures("outgoing")
def test_officer_sees_deliveries_and_operates_none(
    client: CheckedClient, lin: User
) -> None:
    tell(lin)
    sign_in(client, lin)
    page = client.get("/notices/deliveries/?view=all")
    assert "立即重试" not in page.text
    number = Delivery.objects.order_by("pk")[0].pk
    answer = client.post(f"/notices/deliveries/{number}/stop/", **HTMX)
    assert answer.status_code == 403
    assert not Delivery.objects.filter(state="STOPPED").exists()


@pytest.mark.usefixtures("outgoing")
def test_delivery_already_sent_is_told_and_left(
    client: CheckedClient, lin: User, center: User
) -> None:
    tell(lin)
    Delivery.objects.update(state=DeliveryState.SENT)
    sign_in(client, center)
    number = Delivery.objects.order_by("pk")[0].pk
    answer: Any = client.post(f"/notices/deliveries/{number}/retry/", **HTMX)
    assert answer.status_code == 200
    assert "yw:toast" in answer.headers["HX-Trigger"]
    assert set(Delivery.objects.values_list("state", flat=True)) == {"SENT"}


def test_every_kind_of_notice_has_a_look() -> None:
    assert set(KIND_CHIPS) == {kind.value for kind in NoticeKind}
