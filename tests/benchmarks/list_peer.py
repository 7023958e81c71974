"""The peers of 权限维护: the same rows by ORM and Django template, as tutorials show it.

``bare`` is the least a page of rows can be: model instances in a plain template, no
middleware, no words for codes, no reversed addresses, no count. ``usual`` has Django's
default middleware, a signed-in user, a counted page, words for codes and addresses by
name. Neither has roles, filters, quick views or arrivals.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.template import Context, Engine
from django.test import override_settings
from django.urls import path

ROWS = 50
# Django's default middleware, in its order.
USUAL = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
HEAD = """<!doctype html><html lang="zh-CN"><head><meta charset="utf-8">
<title>权限维护</title></head><body><h1>权限维护</h1><table><thead><tr><th>医师</th>
<th>科室与职称</th><th>权限项</th><th>级别</th><th>权种</th><th>有效期</th><th>状态</th><th>依据</th><th></th></tr>
</thead><tbody>{% for state in states %}"""
FOOT = """{% endfor %}</tbody></table></body></html>"""
BARE_ROW = """<tr><td><input type="checkbox" name="selected" value="{{ state.pk }}">
<a href="/doctors/{{ state.practitioner.emp_no }}/">{{ state.practitioner.name }}</a></td>
<td>{{ state.practitioner.department.name }} {{ state.practitioner.title_code }}</td>
<td>{{ state.grant.item_name }} {{ state.item_code }}</td><td>{{ state.grant.item_grade }}</td>
<td>{{ state.role }} {{ state.setting }}</td><td>{{ state.valid_from|date:"Y-m-d" }}
{{ state.valid_to|date:"Y-m-d" }}</td><td>{{ state.status }}</td>
<td>{{ state.grant.doc_no }}</td><td><a href="/privileges/{{ state.pk }}/suspend/">暂停</a>
</td></tr>"""
USUAL_ROW = """<tr><td><input type="checkbox" name="selected" value="{{ state.pk }}">
<a href="{% url 'peer-practitioner' state.practitioner.emp_no %}">{{ state.practitioner.name }}</a>
{{ state.practitioner.emp_no }}</td>
<td>{{ state.practitioner.department.name }} {{ state.practitioner.title_code }}</td>
<td>{{ state.grant.item_name }} {{ state.item_code }} {{ state.privilege.code }}</td>
<td>{{ state.grant.item_grade|default:state.privilege.level }}</td>
<td>{{ state.get_role_display }} {{ state.get_setting_display }}</td>
<td>{{ state.valid_from|date:"Y-m-d" }}
{% if state.valid_to %}{{ state.valid_to|date:"Y-m-d" }}{% endif %}</td>
<td>{{ state.get_status_display }}</td><td>{{ state.grant.doc_no|default:"—" }}</td>
<td><a href="{% url 'peer-change' state.pk 'suspend' %}">暂停</a></td></tr>"""
PAGING = """<p>{{ page.paginator.count }} {% if page.has_next %}
<a href="?page={{ page.next_page_number }}">下一页</a>{% endif %}{{ user.name }}
{% csrf_token %}</p>"""
BARE = Engine().from_string(HEAD + BARE_ROW + FOOT)
USUAL_PAGE = Engine().from_string(HEAD + USUAL_ROW + FOOT + PAGING)


def states() -> Any:
    from permissions.models import GrantState

    joined = GrantState.objects.select_related("grant", "practitioner__department")
    return joined.order_by("-last_event_id")


def bare(_request: HttpRequest) -> HttpResponse:
    return HttpResponse(BARE.render(Context({"states": states()[:ROWS]})))


@login_required
def usual(request: HttpRequest) -> HttpResponse:
    from django.middleware.csrf import get_token

    page = Paginator(states().select_related("privilege"), ROWS).get_page(
        request.GET.get("page")
    )
    context = {
        "states": page,
        "page": page,
        "user": request.user,
        "csrf_token": get_token(request),
    }
    return HttpResponse(USUAL_PAGE.render(Context(context)))


def nothing(_request: HttpRequest, **_given: Any) -> HttpResponse:
    return HttpResponse()


urlpatterns = [
    path("bare/", bare),
    path("usual/", usual),
    path("doctors/<str:emp_no>/", nothing, name="peer-practitioner"),
    path("grants/<int:state_id>/<str:act>/", nothing, name="peer-change"),
]


class PeerRequest(WSGIRequest):
    urlconf = __name__


class PeerHandler(WSGIHandler):
    request_class = PeerRequest


def handler(middleware: list[str]) -> PeerHandler:
    """A WSGI application with these middlewares and the URLs of this module."""
    with override_settings(MIDDLEWARE=middleware):
        return PeerHandler()
