"""核对试算: the engine asked by hand, so that an answer can be explained."""

from __future__ import annotations

from datetime import timedelta

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from permissions.checks.engine import check
from permissions.forms.trials import TrialForm
from permissions.presenters.trials import TrialAnswer, trial_answer
from permissions.queries.catalogue import names
from permissions.snapshot import world_for
from portal.accounts.capabilities import Capability
from portal.accounts.guards import AuthenticatedRequest, requires


@requires(Capability.PROPOSE_PRIVILEGE)
@require_GET
def trial(request: AuthenticatedRequest) -> HttpResponse:
    """The question stands in the address, so an answer can be sent as a link."""
    is_asked = "at" in request.GET
    # The field counts in minutes; what began within this one shall count.
    soon = timezone.now() + timedelta(minutes=1)
    initial = {"setting": "INP", "at": soon}
    if is_asked:
        form = TrialForm(request.GET)
    else:
        form = TrialForm(initial={**initial, **request.GET.dict()})
    answer: TrialAnswer | None = None
    if is_asked and form.is_valid():
        question = form.question()
        verdict = check(question, world_for(question))
        answer = trial_answer(verdict, names(), on=form.on)
    context = {"form": form, "answer": answer}
    status = 422 if form.errors else 200
    return render(request, "permissions/trial.html", context, status=status)
