"""编码调整: the list, one of them with what it concerns, its sheet, taking it back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from permissions import recoding
from permissions.forms.recoding import (
    RecodingUploadForm,
    RecodingWriteForm,
    TakeBackForm,
)
from permissions.models import RecodedGrant
from permissions.presenters import recoding as present
from permissions.presenters.recoding import LOOK
from permissions.queries.recoding import open_sheets, recodings, rows_of, sheets
from permissions.recoding import Foreseen, foresee
from permissions.recoding import sheet as acts
from permissions.views.lists_recoding import RECODINGS, ROWS, SHEETS
from permissions.views.scoped import OF_PRACTITIONER
from portal.accounts.capabilities import Capability
from portal.accounts.guards import AuthenticatedRequest, requires
from portal.sheets.forms import ColumnsForm
from portal.sheets.pages import ImportPages, upload_into, workbook_response
from portal.ui.acting import done
from portal.ui.lists import list_response
from portal.ui.notices import invalid, saved
from surgery.enums import RecodingState
from surgery.importers.recoding import template
from surgery.models import Recoding, RecodingLine, RecodingSheet
from surgery.services import recoding as room

MOST_CARRIED = 200
DECIDERS = (Capability.APPROVE_GRADE, Capability.RECORD_COMMITTEE)

PAGES = ImportPages(
    look=LOOK,
    needs=Capability.CHANGE_CATALOGUE,
    imports=sheets,
    rows_of=rows_of,
    rows=ROWS,
    columns_form=ColumnsForm,
    write_form=RecodingWriteForm,
    check_act=acts.check,
    write_act=acts.write,
    undo_act=acts.undo,
    page_template="permissions/recoding_sheet_detail.html",
    drawer_template="permissions/_recoding_sheet_drawer.html",
    more=lambda one: {"sums": present.sums_of(one), "recoding": one.recoding},
)


@requires(Capability.VIEW_PRIVILEGES)
@require_GET
def recoding_list(request: AuthenticatedRequest) -> HttpResponse:
    """Every re-coding with its state; sheets nobody has decided on stand above."""
    may_change = request.user.has_capability(Capability.CHANGE_CATALOGUE)
    waiting = open_sheets() if may_change else []
    return list_response(
        request,
        RECODINGS,
        recodings(),
        template="permissions/recoding_list.html",
        context={"waiting": [present.open_sheet_words(one) for one in waiting]},
    )


@requires(Capability.VIEW_PRIVILEGES)
@require_GET
def recoding_detail(request: AuthenticatedRequest, recoding_id: int) -> HttpResponse:
    """Its lines; before the day what they concern, afterwards what was carried."""
    one = _recoding_or_404(recoding_id)
    lines = list(one.lines.select_related("old").order_by("pk"))
    foreseen = _foreseen(lines) if one.state == RecodingState.PLANNED else None
    theirs = request.scope.of(f"state__{OF_PRACTITIONER}")
    carried = RecodedGrant.objects.filter(theirs, recoding=one).order_by("pk")
    shown = carried.select_related("state__practitioner", "into__state")
    context = {
        "row": present.recoding_rows([one])[0],
        "recoding": one,
        "lines": present.line_rows(lines, foreseen.touched if foreseen else {}),
        "total": foreseen.total if foreseen else None,
        "notes": present.notes_of(one, foreseen),
        "carried": present.carried_rows(shown[:MOST_CARRIED]),
        "carried_count": carried.count(),
        "ended": present.ended_words(one),
        "may_cancel": one.state == RecodingState.PLANNED,
        "may_undo": present.may_undo(one, request.user),
        "sheet_url": _sheet_url(one),
    }
    return render(request, "permissions/recoding_detail.html", context)


def _foreseen(lines: list[RecodingLine]) -> Foreseen:
    becomes: dict[str, list[str]] = defaultdict(list)
    for line in lines:
        becomes[line.old_code].append(line.new_code)
    return foresee(becomes, present.grades_ahead(lines), now=timezone.now())


def _sheet_url(one: Recoding) -> str:
    sheet = RecodingSheet.objects.filter(recoding=one).first()
    return LOOK.address(sheet) if sheet is not None else ""


@requires(Capability.CHANGE_CATALOGUE)
def recoding_cancel(request: AuthenticatedRequest, recoding_id: int) -> HttpResponse:
    """撤回 before its day."""

    def act(one: Recoding, reason: str) -> object:
        at = timezone.now()
        return room.cancel(recoding=one, by=request.user, at=at, reason=reason)

    return _taken_back(request, recoding_id, act, _("已撤回"), is_undo=False)


@requires(*DECIDERS)
def recoding_undo(request: AuthenticatedRequest, recoding_id: int) -> HttpResponse:
    """撤销 the whole of it; refused, naming it, where something stands on it."""

    def act(one: Recoding, reason: str) -> object:
        at = timezone.now()
        return recoding.undo(recoding=one, by=request.user, at=at, reason=reason)

    return _taken_back(request, recoding_id, act, _("已撤销"), is_undo=True)


def _taken_back(
    request: AuthenticatedRequest,
    recoding_id: int,
    act: Callable[[Recoding, str], object],
    title: str,
    *,
    is_undo: bool,
) -> HttpResponse:
    one = _recoding_or_404(recoding_id)
    if not request.htmx:
        return redirect("permissions:recoding-detail", one.pk)
    form = TakeBackForm(request.POST or None, auto_id="drawer_%s")

    def do() -> None:
        act(one, form.cleaned_data["reason"])

    if request.method == "POST" and form.is_valid() and done(form, do):
        return saved(title, present.recoding_name(one))
    context = {
        "row": present.recoding_rows([one])[0],
        "form": form,
        "is_undo": is_undo,
        "drawer_post": request.path,
    }
    answer = render(request, "permissions/_recoding_drawer.html", context)
    return invalid(answer) if request.method == "POST" else answer


def _recoding_or_404(recoding_id: int) -> Recoding:
    one = recodings().filter(pk=recoding_id).first()
    if one is None:
        raise Http404
    return one


# --- sheets ---------------------------------------------------------------------------


@requires(Capability.CHANGE_CATALOGUE)
def sheet_list(request: AuthenticatedRequest) -> HttpResponse:
    """Sheets so far, and the form for the next."""
    form = RecodingUploadForm()
    if request.method == "POST":
        form = RecodingUploadForm(request.POST, request.FILES)
        one = upload_into(request, form, acts.ACTS) if form.is_valid() else None
        if one is not None:
            return redirect(LOOK.address(one))
    return list_response(
        request,
        SHEETS,
        sheets(),
        template="permissions/recoding_sheet_list.html",
        context={"form": form},
    )


@requires(Capability.CHANGE_CATALOGUE)
@require_GET
def sheet_template(request: AuthenticatedRequest) -> HttpResponse:
    return workbook_response(template(), _("编码对照表模板.xlsx"))
