"""Saved views: a list's filters and order under a name, own or shared in the office."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from portal.accounts.models import User
from portal.audit.acting import acting
from portal.ui import services
from portal.ui.models import SavedView
from portal.ui.queries import views_for
from tests.cast import make_user, sign_in
from tests.pages import CheckedClient

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.urls("tests.portal.ui.practitioner_list"),
]
KEY = "practitioners"
LIST = "/practitioners"
HERE = f"http://testserver{LIST}?q=wjg&sort=-name&page=3&view=left&dept="


def save(by: User, name: str = "离职的王", **given: Any) -> SavedView:
    asked = {"query": "q=wjg", "is_shared": False, "is_default": False, **given}
    return services.save_view(by=by, list_key=KEY, name=name, **asked)


def post(client: CheckedClient, url: str, here: str = HERE, **given: Any) -> Any:
    headers: dict[str, Any] = {"HTTP_HX_REQUEST": "true", "HTTP_HX_CURRENT_URL": here}
    return client.post(url, given, **headers)


def test_saving_keeps_what_the_window_shows_but_its_page(
    client: CheckedClient, lin: User
) -> None:
    answer = post(client, f"/views/{KEY}/new/", name=" 离职的王 ", is_default="on")

    view = SavedView.objects.get()
    assert (view.owner, view.list_key, view.name) == (lin, KEY, "离职的王")
    assert view.query == "q=wjg&sort=-name&view=left"
    assert (view.is_shared, view.is_default) == (False, True)
    to = f"{LIST}?q=wjg&sort=-name&view=left&saved={view.pk}"
    assert answer.headers["HX-Redirect"] == to
    [row] = SavedView.history.all()
    assert (row.history_user, row.history_change_reason) == (lin, "保存视图")


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("", "请填写视图的名称。"),
        ("   ", "请填写视图的名称。"),
        ("一" * 21, "名称最多 20 个字，现有 21 个。"),
        ("王\u202e国", "名称里有看不见的控制字符，请重新输入。"),
        ("！？…", "名称里要有汉字、字母或数字。"),
        ("离职的王", "已有同名的视图，请换一个名称。"),
    ],
)
def test_bad_name_is_refused_and_stays_in_the_form(
    name: str, why: str, client: CheckedClient, lin: User
) -> None:
    save(lin)
    answer = post(client, f"/views/{KEY}/new/", name=name)

    assert answer.status_code == 422
    form = answer.context["form"]
    assert form.errors == {"name": [why]}
    assert form["name"].value() == name
    assert SavedView.objects.count() == SavedView.history.count() == 1


def test_no_more_than_twenty_views_of_one_list(lin: User) -> None:
    for number in range(20):
        save(lin, f"视图 {number}")
    with pytest.raises(services.ViewRefused, match="每个列表最多保存 20 个视图"):
        save(lin, "多出来的")
    assert SavedView.objects.count() == 20


def test_too_long_address_is_refused(lin: User) -> None:
    with pytest.raises(services.ViewRefused, match="筛选条件太长"):
        save(lin, query="q=" + "x" * 1000)
    assert not SavedView.objects.exists()


def test_shared_view_is_seen_in_the_same_office_only(
    lin: User, su: User, chen: User
) -> None:
    own = save(su, "自己的")
    shared = save(lin, "共享的", is_shared=True)
    save(lin, "不给人看的")

    assert [(one.name, one.is_own) for one in views_for(su, KEY)] == [
        ("自己的", True),
        ("共享的", False),
    ]
    assert views_for(su, KEY)[1].owner == "林若川"
    with acting(by=None, reason="测试"):
        chen.office = "肝胆外科"
        chen.save()
    assert views_for(chen, KEY) == []
    assert views_for(lin, "other") == []
    assert {own.pk, shared.pk} == {one.id for one in views_for(su, KEY)}


def test_who_has_no_office_cannot_share(db: None) -> None:
    nobody = make_user("4001", "何无名", office="")
    another = make_user("4002", "何无姓", office="")
    with pytest.raises(services.ViewRefused, match="没有写明部门") as refused:
        save(nobody, is_shared=True)
    assert refused.value.field == "is_shared"
    assert views_for(another, KEY) == []


def test_shared_view_can_be_changed_by_its_owner_alone(
    client: CheckedClient, lin: User, su: User
) -> None:
    theirs = save(su, is_shared=True)
    for url in (f"/views/{theirs.pk}/", f"/views/{theirs.pk}/remove/"):
        assert post(client, url, name="我的了").status_code == 404
    theirs.refresh_from_db()
    assert (theirs.name, theirs.removed_at) == ("离职的王", None)
    with pytest.raises(services.ViewRefused, match="只能改动自己保存的视图"):
        services.remove_view(view=theirs, by=lin, at=timezone.now())
    assert SavedView.history.count() == 1


def test_default_view_opens_the_bare_list_for_its_owner_alone(
    client: CheckedClient, lin: User, su: User
) -> None:
    first = save(lin, "先前的", is_default=True)
    view = save(lin, is_default=True, is_shared=True)
    first.refresh_from_db()
    assert not first.is_default  # one at a time

    answer = client.get(LIST)
    assert answer.headers["Location"] == f"{LIST}?q=wjg&saved={view.pk}"
    page = client.get(answer.headers["Location"])
    html = page.content.decode()
    assert page.context["list"].search.value == "wjg"
    assert f'aria-current="page" data-saved="{view.pk}"' in html
    assert f'href="{LIST}?view=all">重置' in html
    assert client.get(LIST, {"view": "all"}).status_code == 200
    sign_in(client, su)
    assert client.get(LIST).status_code == 200


def test_changed_view_keeps_its_address_unless_asked(
    client: CheckedClient, lin: User
) -> None:
    view = save(lin)
    url = f"/views/{view.pk}/"
    post(client, url, name="离职", is_shared="on")
    view.refresh_from_db()
    assert (view.name, view.is_shared, view.query) == ("离职", True, "q=wjg")
    post(client, url, name="离职", with_present="on")
    view.refresh_from_db()
    assert (view.is_shared, view.query) == (False, "q=wjg&sort=-name&view=left")
    assert SavedView.history.count() == 3


def test_removed_view_is_gone_its_name_free_and_its_history_kept(
    client: CheckedClient, lin: User
) -> None:
    view = save(lin, is_default=True)
    answer = post(client, f"/views/{view.pk}/remove/")
    assert answer.headers["HX-Redirect"] == f"{LIST}?q=wjg&sort=-name&view=left"
    assert views_for(lin, KEY) == []
    assert client.get(LIST).status_code == 200
    save(lin)
    reasons = list(
        SavedView.history.order_by("pk").values_list("history_change_reason", flat=True)
    )
    assert reasons == ["保存视图", "删除视图", "保存视图"]


def test_view_of_filters_that_are_gone_still_opens_and_says_so(
    client: CheckedClient, lin: User
) -> None:
    view = save(lin, "旧的", query="dept=9999&q=wjg&sort=salary&ward=12")
    page = client.get(f"{LIST}?{view.query}&saved={view.pk}")
    assert page.status_code == 200
    note = page.context["list"].ignored.text
    assert note == (
        "视图「旧的」里有 3 个条件已不存在，没有用上：ward=12、dept=9999、sort=salary。"
    )
    assert str(note) in page.content.decode()
    # An address that belongs to no view is nobody's to complain about.
    assert client.get(LIST, {"ward": "12"}).context["list"].ignored is None


def test_name_and_query_of_a_view_are_escaped(client: CheckedClient, lin: User) -> None:
    view = save(lin, "<b>王</b>", query="q=%22%3E%3Cscript%3E")
    html = client.get(f"{LIST}?saved={view.pk}&q=%22%3E%3Cscript%3E").content.decode()
    assert "<b>王" not in html
    assert "<script>" not in html.split("<body", 1)[1]
    assert "&lt;b&gt;王" in html


def test_drawers_need_htmx_and_a_person(client: CheckedClient, lin: User) -> None:
    view = save(lin)
    urls = (f"/views/{KEY}/new/", f"/views/{view.pk}/")
    assert [client.get(url).status_code for url in urls] == [302, 302]
    assert [client.get(url, HTTP_HX_REQUEST="true").status_code for url in urls] == [
        200,
        200,
    ]
    assert client.get(f"/views/{view.pk}/remove/").status_code == 405
    client.logout()
    assert {client.get(url).status_code for url in urls} == {302}


@pytest.mark.parametrize(
    ("given", "constraint"),
    [
        ({"name": "离职的王"}, "ui_savedview_one_name"),
        ({"name": "另一个", "is_default": True}, "ui_savedview_one_default"),
    ],
)
def test_database_forbids_two_of_one_name_and_two_defaults(
    given: dict[str, Any], constraint: str, lin: User
) -> None:
    save(lin, is_default=True)
    assert constraint in {one.name for one in SavedView._meta.constraints}
    with (
        acting(by=lin, reason="测试"),
        pytest.raises(IntegrityError),
        transaction.atomic(),
    ):
        SavedView(owner=lin, list_key=KEY, **given).save()
