"""Doors to saved views: the drawer that saves one, and the one that changes it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode, urlsplit

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from portal.accounts.guards import AuthenticatedRequest, signed_in
from portal.ui import services
from portal.ui.address import kept_query
from portal.ui.models import SavedView
from portal.ui.notices import invalid
from portal.ui.queries import own_view_or_none


class ViewForm(forms.Form):
    # Checked by ``services.checked_name``, which says what is wrong with it.
    name = forms.CharField(
        label=gettext_lazy("名称"),
        required=False,
        max_length=200,
        strip=False,
        widget=forms.TextInput(attrs={"data-first": True, "autocomplete": "off"}),
        help_text=gettext_lazy("最多 20 个字，如「心外四级即将到期」"),
    )
    is_default = forms.BooleanField(
        label=gettext_lazy("打开列表时先用这个视图"), required=False
    )
    is_shared = forms.BooleanField(label=gettext_lazy("与本部门共享"), required=False)


class ChangeForm(ViewForm):
    with_present = forms.BooleanField(
        label=gettext_lazy("改存为现在的筛选和排序"), required=False
    )


@signed_in
def view_new(request: AuthenticatedRequest, list_key: str) -> HttpResponse:
    """Save what the window shows: its filters and its order."""
    if not request.htmx:
        return redirect("/")
    title = _("保存此视图")
    if request.method != "POST":
        return _drawer(request, ViewForm(auto_id="drawer_%s"), title)
    form = ViewForm(request.POST, auto_id="drawer_%s")
    if form.is_valid():
        try:
            view = services.save_view(
                by=request.user,
                list_key=list_key,
                query=_present(request),
                **form.cleaned_data,
            )
        except services.ViewRefused as refused:
            form.add_error(refused.field, str(refused.message))
        else:
            return _done(request, view, _("已保存视图「%(name)s」"))
    return invalid(_drawer(request, form, title))


@signed_in
def view_change(request: AuthenticatedRequest, view_id: int) -> HttpResponse:
    """Rename, share, make it the default, or keep the present filters in it."""
    view = _own_or_404(request, view_id)
    if not request.htmx:
        return redirect("/")
    title = _("修改视图")
    if request.method != "POST":
        names = ("name", "is_shared", "is_default")
        initial = {name: getattr(view, name) for name in names}
        form = ChangeForm(initial=initial, auto_id="drawer_%s")
        return _drawer(request, form, title, view)
    form = ChangeForm(request.POST, auto_id="drawer_%s")
    if form.is_valid():
        given = form.cleaned_data
        query = _present(request) if given.pop("with_present") else None
        try:
            services.change_view(view=view, by=request.user, query=query, **given)
        except services.ViewRefused as refused:
            form.add_error(refused.field, str(refused.message))
        else:
            return _done(request, view, _("已修改视图「%(name)s」"))
    return invalid(_drawer(request, form, title, _own_or_404(request, view_id)))


@signed_in
@require_POST
def view_remove(request: AuthenticatedRequest, view_id: int) -> HttpResponse:
    view = _own_or_404(request, view_id)
    services.remove_view(view=view, by=request.user, at=timezone.now())
    messages.success(request, _("已删除视图「%(name)s」") % {"name": view.name})
    given = QueryDict(urlsplit(_window(request)).query)
    query = kept_query(given.dict())
    path = urlsplit(_window(request)).path or "/"
    return HttpResponse(headers={"HX-Redirect": f"{path}?{query or 'view='}"})


def _drawer(
    request: HttpRequest, form: ViewForm, title: str, view: SavedView | None = None
) -> HttpResponse:
    context = {"form": form, "title": title, "view": view, "drawer_post": request.path}
    return render(request, "ui/_view_drawer.html", context)


def _done(request: AuthenticatedRequest, view: SavedView, text: str) -> HttpResponse:
    """The window opens the view."""
    messages.success(request, text % {"name": view.name})
    path = urlsplit(_window(request)).path or "/"
    words = urlencode({"saved": view.pk})
    address = f"{view.query}&{words}" if view.query else words
    return HttpResponse(headers={"HX-Redirect": f"{path}?{address}"})


def _present(request: AuthenticatedRequest) -> str:
    """The filters and the order the window shows."""
    return kept_query(QueryDict(urlsplit(_window(request)).query).dict())


def _window(request: AuthenticatedRequest) -> str:
    """The address in the window, if it is one of ours."""
    return request.htmx.current_url_abs_path or ""


def _own_or_404(request: Any, view_id: int) -> SavedView:
    view = own_view_or_none(request.user, view_id)
    if view is None:
        raise Http404
    return view
