"""The page of a launch that was refused: what happened, why, what to do, a number."""

from __future__ import annotations

from collections.abc import Sequence

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from his_plugin.launch.refusals import LaunchRefused, words_of
from portal.ui.errors import NUMBER_LENGTH


def refused_page(
    request: HttpRequest,
    refused: LaunchRefused,
    *,
    typed: Sequence[tuple[str, str]] = (),
) -> HttpResponse:
    """``typed``: labels and values of a form that came too late, to be copied."""
    context = {
        "typed": typed,
        "refusal": refused.refusal,
        "words": words_of(refused.refusal),
        "number": getattr(request, "request_id", "")[:NUMBER_LENGTH],
    }
    return render(
        request,
        "his_plugin/launch_refused.html",
        context,
        status=refused.refusal.status,
    )
