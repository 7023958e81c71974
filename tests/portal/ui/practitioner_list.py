"""A list page as a room would write it, and URLs with nothing but the shell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.urls import include, path

from portal.accounts.guards import signed_in
from portal.directory.models import Department, Practitioner, PractitionerStatus
from portal.ui.filters import ChoiceFilter, Choices, DateRange, Search
from portal.ui.lists import Column, ListSpec, QuickView, list_response
from portal.ui.notices import invalid, saved

ROW = """<tr id="row-{{ row.emp_no }}"
{% if oob %}class="fresh" hx-swap-oob="true"{% endif %}><td><input type="checkbox" name="selected"
value="{{ row.emp_no }}" aria-label="选择 {{ row.name }}"></td><td>{{ row.name }}</td>
<td>{{ row.department }} <button type="button" class="lnk" hx-target="#drawer"
hx-get="/rename/{{ row.emp_no }}">改名</button></td></tr>"""
DRAWER = """{% extends "components/drawer.html" %}
{% block drawer_title %}改名{% endblock %}{% block body %}{{ form }}{% endblock %}
{% block buttons %}<button type="submit" class="btn btn-primary">确认改名</button>
{% endblock %}"""


LOGIN = """<!doctype html><title>登录</title>
<link rel="icon" href="/static/ui/favicon.svg"><h1>登录</h1>"""


@dataclass(frozen=True)
class Row:
    emp_no: str
    name: str
    department: str


def rows(practitioners: Sequence[Practitioner]) -> list[Row]:
    return [Row(one.emp_no, one.name, one.department.name) for one in practitioners]


def departments() -> Choices:
    return list(Department.objects.values_list("code", "name"))


PRACTITIONERS = ListSpec[Practitioner, Row](
    key="practitioners",
    columns=(
        Column("name", "医师", order=("pinyin",), export=lambda row: row.name),
        Column("department", "科室", export=lambda row: row.department),
    ),
    search=Search("姓名或拼音首字母", ("name__contains", "initials__istartswith")),
    filters=(
        ChoiceFilter("dept", "科室", departments, "department__code"),
        DateRange("seen", "首次出现", "first_seen_at"),
    ),
    views=(
        QuickView("all", "全部"),
        QuickView("left", "离职", Q(status=PractitionerStatus.LEFT), tone="warn"),
    ),
    order=("pinyin",),
    present=rows,
    row_template=engines["django"].from_string(ROW),  # type: ignore[arg-type]
    nothing="没有符合条件的医师",
    is_selectable=True,
    batch_template="ui/_sample_batch.html",
    per_page=2,
)


@signed_in
def practitioner_list(request: Any) -> HttpResponse:
    return list_response(
        request,
        PRACTITIONERS,
        Practitioner.objects.select_related("department"),
        template="components/list_page.html",
        context={"list_title": "医师"},
    )


class RenameForm(forms.Form):
    name = forms.RegexField(r"^\D+$", label="姓名")
    is_whole_list = forms.BooleanField(label="重新读取列表", required=False)


def rename(request: HttpRequest, emp_no: str) -> HttpResponse:
    """A drawer that saves, as a room would write it."""
    form = RenameForm(request.POST or None)
    if not form.is_valid():
        page = engines["django"].from_string(DRAWER)
        html = page.render({"form": form, "drawer_post": request.path}, request)
        response = HttpResponse(html)
        return invalid(response) if form.is_bound else response
    name = form.cleaned_data["name"]
    practitioners = Practitioner.objects.filter(emp_no=emp_no)
    practitioners.update(name=name)
    if form.cleaned_data["is_whole_list"]:
        return saved("已改名")
    (row,) = rows(list(practitioners.select_related("department")))
    html = engines["django"].from_string(ROW).render({"row": row, "oob": True})
    return saved("已改名", f"现在是{name}", rows=html)


def login(request: HttpRequest) -> HttpResponse:
    return HttpResponse(LOGIN)


def broken(request: HttpRequest, number: int) -> HttpResponse:
    raise RuntimeError("王建国 001027")


accounts = ([path("login", login, name="login")], "accounts")
urlpatterns = [
    path("practitioners", practitioner_list, name="practitioners"),
    path("rename/<str:emp_no>", rename, name="rename"),
    path("broken/<int:number>", broken, name="broken"),
    path("accounts/", include(accounts)),
    path("", include("portal.ui.urls")),
]
handler404 = "portal.ui.errors.not_found"
handler500 = "portal.ui.errors.server_error"
