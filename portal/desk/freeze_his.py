"""冻结推送 and 恢复推送: the switch for a HIS upgrade, of one target or of all."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.accounts.capabilities import Capability
from portal.accounts.guards import AuthenticatedRequest, requires
from portal.desk.acts_his import HisReasonForm
from portal.desk.drawers import Drawer, act_drawer, sent_to
from portal.his.targets import targets
from portal.outbox import services
from portal.outbox.freezing import frozen
from portal.outbox.models import EVERY_TARGET
from portal.outbox.presenters import title_of_target


class TargetForm(HisReasonForm):
    """Which target, and why; all of them where nothing else is chosen."""

    target = forms.ChoiceField(label=gettext_lazy("对接目标"))
    field_order = ("target", "until", "reason")

    def __init__(self, *args: Any, names: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["target"]
        field.choices = [(name, title_of_target(name)) for name in names]


class FreezeForm(TargetForm):
    """Until when, if not until a person says so."""

    until = forms.DateTimeField(
        label=gettext_lazy("自动恢复时间"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
        help_text=gettext_lazy("不填则须人工恢复"),
    )

    def clean_until(self) -> datetime | None:
        """The act refuses it too, but cannot say at which field."""
        until: datetime | None = self.cleaned_data["until"]
        if until is not None and until <= timezone.now():
            raise forms.ValidationError(_("结束时间应晚于现在。"))
        return until


@requires(Capability.OPERATE_HIS)
def his_freeze(request: AuthenticatedRequest) -> HttpResponse:
    """Nothing more is sent; what is approved meanwhile waits."""
    drawer = Drawer(
        title=_("冻结推送"),
        button=_("确认冻结推送"),
        done=_("推送已冻结"),
        to=_("期间的变更照常审批并排队，不会丢失"),
        page=reverse("desk:his"),
        is_danger=True,
    )
    form = FreezeForm(request.POST or None, names=[EVERY_TARGET, *targets()])
    return _switch(request, drawer, form, services.freeze)


@requires(Capability.OPERATE_HIS)
def his_thaw(request: AuthenticatedRequest) -> HttpResponse:
    """What waited goes at once."""
    drawer = Drawer(
        title=_("恢复推送"),
        button=_("确认恢复推送"),
        done=_("推送已恢复"),
        to=_("提交后立即送达排队的变更"),
        page=reverse("desk:his"),
    )
    names = [state.name for state in frozen(timezone.now())]
    form = TargetForm(request.POST or None, names=names or [EVERY_TARGET])
    return _switch(request, drawer, form, services.thaw)


def _switch(
    request: AuthenticatedRequest, drawer: Drawer, form: forms.Form, act: Any
) -> HttpResponse:
    def do(typed: dict[str, Any]) -> bool:
        try:
            act(by=request.user, at=timezone.now(), **typed)
        except services.NotPossible as problem:
            form.add_error(None, _(str(problem)))
            return False
        return True

    # The banner and the buttons of the page are others from now on: it is read whole.
    return act_drawer(
        request,
        drawer,
        form,
        act=do,
        saved=lambda: sent_to(request, drawer.page, drawer.done),
    )
