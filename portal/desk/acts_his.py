"""What a person does about messages to the HIS: one in its drawer, or many at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django import forms
from django.db.models.query import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET
from django_htmx.http import trigger_client_event

from portal.accounts.capabilities import Capability
from portal.accounts.guards import AuthenticatedRequest, requires
from portal.desk import presenters_his as rows
from portal.desk import presenters_his_message as present
from portal.desk.lists_his import message_list
from portal.outbox import queries, services
from portal.outbox.many import ACTS, Outcome, act_on
from portal.outbox.models import Message
from portal.ui.elements import Text
from portal.ui.ids import ids_in
from portal.ui.lists import found_rows
from portal.ui.notices import invalid, saved, with_toast
from portal.ui.selecting import MOST_SELECTED

# So many at once in one request; the command line has no such bound.
MOST = MOST_SELECTED
SHOWN = 50


@dataclass(frozen=True)
class Act:
    """How the drawer of an act speaks."""

    name: str
    title: Text
    button: Text  # with the number of messages
    done: Text
    to: Text
    is_danger: bool = False


WORDS = {
    act.name: act
    for act in (
        Act(
            "retry",
            gettext_lazy("重新送达"),
            gettext_lazy("确认重新送达 %(n)s 条"),
            gettext_lazy("已重新排队"),
            gettext_lazy(
                "提交后立即送达 HIS；未知、不一致的先回读，HIS 已一致的不再送"
            ),
        ),
        Act(
            "stop",
            gettext_lazy("停止送达"),
            gettext_lazy("确认停止 %(n)s 条"),
            gettext_lazy("已停止"),
            gettext_lazy("停止后 HIS 不会得到这项变更"),
            is_danger=True,
        ),
        Act(
            "replay",
            gettext_lazy("重放"),
            gettext_lazy("确认重放 %(n)s 条"),
            gettext_lazy("已重新排队"),
            gettext_lazy(
                "只在 HIS 由备份恢复后使用；先回读，不一致的以新的请求号再次送达"
            ),
            is_danger=True,
        ),
    )
}


class HisReasonForm(forms.Form):
    """Why a person steps in; it goes to the event log."""

    reason = forms.CharField(
        label=gettext_lazy("原因"),
        max_length=services.REASON_LENGTH,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("写入事件日志"),
    )


@requires(Capability.VIEW_HIS)
@require_GET
def his_message(request: AuthenticatedRequest, message_id: int) -> HttpResponse:
    """The drawer of one message: what it changes, the call, the answers, every try.

    Opened in a window of its own, the page comes with it.
    """
    found = queries.found_message(message_id)
    if found is None:
        raise Http404
    if not request.htmx:
        return redirect(f"{reverse('desk:his')}?view=all&message={message_id}")
    message, attempts = found
    is_kept = Message.objects.filter(pk=message.pk).exists()
    before = queries.proved_before(message)
    context = {
        "row": rows.message_rows([message])[0],
        "times": present.times_of(message),
        "diff": present.change_diff(message, before),
        "before": before,
        "request_lines": present.request_lines(message),
        "mismatch": present.mismatch_of(message),
        "attempts": present.attempts_of(attempts),
        "log_url": present.log_url(message, request.capabilities),
        "can_operate": is_kept and Capability.OPERATE_HIS in request.capabilities,
        "is_archived": not is_kept,
        "drawer_post": "",
    }
    return render(request, "desk/_his_message.html", context)


@requires(Capability.OPERATE_HIS)
def his_act(request: AuthenticatedRequest, message_id: int, act: str) -> HttpResponse:
    """重新送达, 停止 or 重放 one message, with a reason.

    Opened in a window of its own, the message comes up, with its acts.
    """
    words = words_of(act)
    message = get_object_or_404(Message, pk=message_id)
    if request.method == "GET" and not request.htmx:
        return redirect(f"{reverse('desk:his')}?view=all&message={message_id}")
    form = HisReasonForm(request.POST or None)
    is_refused = False
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        try:
            do = ACTS[act]
            do(message=message, by=request.user, at=timezone.now(), reason=reason)
        except services.NotPossible as problem:
            form.add_error(None, _(str(problem)))
            is_refused = True
        else:
            return saved(words.done, f"#{message.pk}")
    context = {
        "row": rows.message_rows([message])[0],
        "form": form,
        "act": words,
        "button": words.button % {"n": 1},
        "drawer_post": request.path,
    }
    answer = render(request, "desk/_his_act.html", context)
    if is_refused:  # somebody was quicker: the list behind is of before
        trigger_client_event(answer, "yw:changed", {}, after="settle")
    return invalid(answer) if request.method == "POST" else answer


@requires(Capability.OPERATE_HIS)
def his_many(request: AuthenticatedRequest, act: str) -> HttpResponse:
    """The same to what was ticked, or to everything the list found."""
    words = words_of(act)
    form = HisReasonForm(request.POST or None)
    messages, total = chosen(request)
    if request.method == "POST" and form.is_valid():
        outcome = act_on(
            messages,
            act,
            by=request.user,
            at=timezone.now(),
            reason=form.cleaned_data["reason"],
        )
        return told(request, words, outcome)
    context = {
        "rows": rows.message_rows(messages[:SHOWN]),
        "more": max(len(messages) - SHOWN, 0),
        "ids": ",".join(str(message.pk) for message in messages),
        "n": len(messages),
        "is_too_many": total > MOST,
        "total": total,
        "most": MOST,
        "form": form,
        "act": words,
        "button": words.button % {"n": len(messages)},
        "drawer_post": reverse("desk:his-many", args=[act]),
        "drawer_timeout": 120_000,
    }
    answer = render(request, "desk/_his_many.html", context)
    return invalid(answer) if request.method == "POST" else answer


def chosen(request: AuthenticatedRequest) -> tuple[list[Message], int]:
    """The messages meant, and how many the address found; too many are none at all."""
    if request.method == "POST":
        texts = request.POST.get("ids", "").split(",")[:MOST]
        found: QuerySet[Message] = Message.objects.filter(pk__in=ids_in(texts))
    else:
        spec = message_list(request.GET, timezone.now(), may_operate=True)
        found = found_rows(spec, Message.objects.all(), request.GET)
    total = found.count()
    return list(found.order_by("-id")) if total <= MOST else [], total


def told(request: AuthenticatedRequest, words: Act, outcome: Outcome) -> HttpResponse:
    """Exactly what was done; what was refused stays to be read, with its reasons."""
    done = _("%(n)s 条%(done)s") % {"n": len(outcome.done), "done": words.done}
    if not outcome.refused:
        return saved(words.title, done)
    counted = _("%(done)s，%(n)s 条不能办理") % {
        "done": done,
        "n": len(outcome.refused),
    }
    context = {
        "act": words,
        "result": counted,
        "refused": refused_rows(outcome.refused),
        "drawer_post": "",
    }
    response = render(request, "desk/_his_many_done.html", context)
    trigger_client_event(response, "yw:changed", {}, after="settle")
    return with_toast(response, words.title, counted, tone="warn")


def refused_rows(
    refused: Sequence[tuple[int, str]],
) -> list[tuple[rows.MessageRow, str]]:
    """Each with its reason, in the language of the page."""
    found = queries.messages_by_id([pk for pk, _why in refused])
    shown = {row.id: row for row in rows.message_rows(list(found.values()))}
    return [(shown[pk], _(why)) for pk, why in refused]


def words_of(act: str) -> Act:
    if act not in WORDS:
        raise Http404
    return WORDS[act]
