"""系统设置: the hospital's parameters, their history, and changing them."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from portal.accounts.capabilities import Capability
from portal.accounts.guards import AuthenticatedRequest, requires
from portal.desk import presenters_parameters as present
from portal.desk.drawers import Drawer, act_drawer
from portal.desk.forms_parameters import ParameterForm
from portal.parameters import services
from portal.parameters.queries import changes_of, last_changes
from portal.parameters.refusals import ParameterRefusal
from portal.parameters.registry import PARAMETERS, Parameter

BODY = "parameters-body"


@requires(Capability.VIEW_PARAMETERS)
@require_GET
def parameter_list(request: AuthenticatedRequest) -> HttpResponse:
    """Every parameter, or the table alone after a change."""
    is_fragment = request.headers.get("HX-Target") == BODY
    name = "_parameters" if is_fragment else "parameters"
    rows = present.parameter_rows(last_changes())
    return render(request, f"desk/{name}.html", {"rows": rows})


@requires(Capability.CHANGE_PARAMETERS)
def parameter_change(request: AuthenticatedRequest, key: str) -> HttpResponse:
    """The drawer that changes one parameter, at once."""
    item = _parameter_or_404(key)
    now = _value_now(item)
    drawer = Drawer(
        title=_("修改参数"),
        button=_("确认修改 1 项"),
        done=_("参数已修改"),
        note=str(item.title),
        to=_("提交后立即生效，写入变更日志"),
        page=reverse("desk:parameter-list"),
        template="desk/_parameter_drawer.html",
    )
    form = ParameterForm(
        request.POST or None, parameter=item, initial={"value": now, "seen": now}
    )

    def act(typed: dict[str, Any]) -> bool:
        try:
            services.change(parameter=item, by=request.user, **typed)
        except ParameterRefusal as refusal:
            form.add_error("value", refusal.text)
            return False
        return True

    asked = request.POST.get("value", str(now))
    return act_drawer(
        request,
        drawer,
        form,
        act=act,
        preview=_preview(item, now, asked),
        preview_url=reverse("desk:parameter-preview", args=[item.key]),
    )


@requires(Capability.CHANGE_PARAMETERS)
@require_GET
def parameter_preview(request: AuthenticatedRequest, key: str) -> HttpResponse:
    """Before and after, while one types."""
    item = _parameter_or_404(key)
    preview = _preview(item, _value_now(item), request.GET.get("value", ""))
    return render(request, "desk/_parameter_preview.html", {"preview": preview})


@requires(Capability.VIEW_PARAMETERS)
@require_GET
def parameter_history(request: AuthenticatedRequest, key: str) -> HttpResponse:
    """Every change of one parameter, in a drawer."""
    item = _parameter_or_404(key)
    if not request.htmx:
        return redirect("desk:parameter-list")
    changes = changes_of(item)
    context = {
        "title": item.title,
        "has_changes": bool(changes),
        "default": present.with_unit(item, item.default),
        "timeline": present.timeline(item, changes),
        "drawer_post": "",
    }
    return render(request, "desk/_parameter_history.html", context)


def _parameter_or_404(key: str) -> Parameter:
    if key not in PARAMETERS:
        raise Http404
    return PARAMETERS[key]


def _value_now(item: Parameter) -> int:
    """Past the cache: what is changed is what stands in the database."""
    change = last_changes().get(item.key)
    return change.value if change else item.default


def _preview(item: Parameter, now: int, asked: str) -> Any:
    """None while what is typed could not be set."""
    if (
        not asked.isascii()
        or not asked.isdigit()
        or len(asked) > len(str(item.maximum))
    ):
        return None
    value = int(asked)
    is_settable = item.minimum <= value <= item.maximum
    return present.preview(item, now, value) if is_settable else None
