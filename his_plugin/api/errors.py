"""Every refusal of the JSON interface: a code for programs, a next step for people."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework import exceptions, status
from rest_framework.response import Response

from his_plugin.field.declaring import PartRefused
from his_plugin.launch.refusals import LaunchRefused, words_of
from surgery.services import declarations as surgery

FIELD_OF: dict[type[surgery.DeclarationRefused], str] = {
    surgery.NoProcedure: "procedures",
    surgery.ReoperationReasonMissing: "reoperation_reason",
    surgery.RescueNotEmergency: "is_rescue",
    surgery.DiscussedLater: "preop_discussed_at",
    surgery.DiscussedAfterwards: "preop_discussed_at",
    surgery.ApplicationOfAnotherDepartment: "application_no",
    surgery.BookedByAnotherDepartment: "application_no",
    surgery.DeclaredMeanwhile: "application_no",
}


class TokenRefused(exceptions.AuthenticationFailed):
    """401; ``code`` tells too old from wrong."""

    def __init__(self, code: str) -> None:
        super().__init__()
        self.refusal = code


class TooLong(exceptions.APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE


class SurgeonUnknown(surgery.DeclarationRefused):
    """A declaration names a person; a check may be asked about anybody."""

    @property
    def message(self) -> str:  # type: ignore[override]
        return _(
            "医师名册里没有这位主刀的工号。请重新选择主刀；仍然不行，请联系医务科。"
        )


def answer_of(problem: Exception, context: dict[str, Any]) -> Response | None:
    """What is sent back; None is our own mistake and is seen as one."""
    if isinstance(problem, LaunchRefused):
        words = words_of(problem.refusal)
        text = f"{words.title}。{words.why}{words.next_step}"
        return _answer(problem.refusal.status, problem.refusal.value, text)
    if isinstance(problem, surgery.DeclarationRefused):
        field = FIELD_OF.get(type(problem), "surgeon")
        if isinstance(problem, PartRefused):
            field = problem.field
        return _answer(422, "REFUSED", str(problem.message), field=field)
    if isinstance(problem, exceptions.ValidationError):
        field, text = _first(problem.detail)
        return _answer(400, "INVALID", text, field=field)
    if isinstance(problem, Http404):
        text = _("没有找到这张手术申请单的申报，或它由其他科室申报。请核对申请单号。")
        return _answer(404, "NOT_FOUND", text)
    if isinstance(problem, exceptions.APIException):
        return _plain(problem)
    return None


def _plain(problem: exceptions.APIException) -> Response:
    code, text = _words(problem)
    answer = _answer(problem.status_code, code, text)
    if isinstance(
        problem, exceptions.AuthenticationFailed | exceptions.NotAuthenticated
    ):
        answer.headers["WWW-Authenticate"] = 'Bearer realm="field"'
    wait = getattr(problem, "wait", None)
    if wait is not None:
        answer.headers["Retry-After"] = str(int(wait) + 1)
    return answer


def _words(problem: exceptions.APIException) -> tuple[str, str]:
    if isinstance(problem, TokenRefused) and problem.refusal == "EXPIRED":
        return "TOKEN_EXPIRED", _("核对凭据已过期（15 分钟）。请刷新页面。")
    if isinstance(
        problem, exceptions.AuthenticationFailed | exceptions.NotAuthenticated
    ):
        return "TOKEN", _("核对凭据无效。请刷新页面；仍然不行，请联系信息网络中心。")
    if isinstance(problem, exceptions.Throttled):
        return "TOO_MANY", _("核对过于频繁。请稍候再试。")
    if isinstance(problem, TooLong):
        return "TOO_LONG", _("提交的内容过长。请减少手术项数或缩短原因。")
    return "NOT_UNDERSTOOD", _("没有看懂这次请求。请对照接口说明检查格式。")


def words_of_fields(problem: exceptions.ValidationError) -> dict[str, str]:
    """The first problem of each field, for a page that shows them all."""
    detail = problem.detail
    if not isinstance(detail, dict):
        return {"": _first(detail)[1]}
    return {str(name): _first(inner)[1] for name, inner in detail.items()}


def _first(detail: Any, field: str = "") -> tuple[str, str]:
    """The first problem and the field it is about."""
    if isinstance(detail, dict):
        name, inner = next(iter(detail.items()))
        return _first(inner, field or str(name))
    if isinstance(detail, list):
        return _first(detail[0], field)
    return field, str(detail)


def _answer(code: int, name: str, text: str, **more: str) -> Response:
    # Words may quote what was sent, and JSON can spell half a character.
    sane = text.encode("utf-8", "replace").decode()
    return Response({"code": name, "message": sane, **more}, status=code)
