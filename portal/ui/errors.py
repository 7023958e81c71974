"""Error pages: what happened, the number to name, what to do next.

They need no database and no session, and name no person: they also stand when
everything else fell.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template import loader
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from portal.accounts.guards import OutOfScope
from portal.ui.elements import Text

NUMBER_LENGTH = 8


@dataclass(frozen=True)
class Trouble:
    """One kind of error in words."""

    status: int
    title: Text
    text: Text
    next_step: Text
    icon: str = "alert-circle"


BAD_REQUEST = Trouble(
    400,
    _("没有看懂这次请求"),
    _("地址或提交的内容不完整。"),
    _("返回上一页重试；仍然不行，请把编号告诉信息网络中心。"),
)
FORBIDDEN = Trouble(
    403,
    _("没有权限打开"),
    _("这一页或这项操作不在您的角色之内。"),
    _("确需办理，请联系医务科调整角色。"),
    "lock",
)
OUT_OF_SCOPE = Trouble(
    403,
    _("不在您的查看范围内"),
    _("您只能查看本科室和所管科室的医师与授权。"),
    _("需要全院范围，请联系医务科。查谁能主刀，请用「谁能做」。"),
    "lock",
)
NOT_FOUND = Trouble(
    404,
    _("没有找到这一页"),
    _("地址有误，或内容不在您的查看范围内。"),
    _("返回工作台，或从左侧菜单进入。"),
    "search",
)
SERVER_ERROR = Trouble(
    500,
    _("系统没有完成这次操作"),
    _("错误已经记录。本次没有保存任何改动。"),
    _("稍后重试；仍然不行，请把编号告诉信息网络中心。"),
    "cloud-off",
)
CSRF_FAILED = Trouble(
    403,
    _("页面已过期，没有提交"),
    _("页面打开过久，或在别处重新登录过。本次没有保存任何改动。"),
    _("返回上一页刷新后再提交。"),
    "clock",
)


@dataclass(frozen=True)
class Way:
    """Where to go on from an error page."""

    label: Text
    url: str


def way_on(request: HttpRequest) -> Way:
    """A session launched from a station has one page; home would refuse it again."""
    if getattr(request, "is_launched", False):
        return Way(_("我的权限"), reverse("his_plugin:my-privileges"))
    return Way(_("返回工作台"), "/")


def trouble_page(request: HttpRequest, trouble: Trouble) -> HttpResponse:
    """Rendered without the request, so that no context processor runs."""
    page = loader.get_template("ui/error.html").render(
        {
            "trouble": trouble,
            "number": getattr(request, "request_id", "")[:NUMBER_LENGTH],
            "hospital": settings.HOSPITAL_NAME,
            "way": way_on(request),
        }
    )
    return HttpResponse(page, status=trouble.status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return trouble_page(request, BAD_REQUEST)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    is_outside = isinstance(exception, OutOfScope)
    return trouble_page(request, OUT_OF_SCOPE if is_outside else FORBIDDEN)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return trouble_page(request, NOT_FOUND)


def server_error(request: HttpRequest) -> HttpResponse:
    return trouble_page(request, SERVER_ERROR)


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    return trouble_page(request, CSRF_FAILED)
