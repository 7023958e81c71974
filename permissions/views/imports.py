"""批量导入: a sheet uploaded, its columns told, tried, written, taken back."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any, cast

from django.conf import settings
from django.contrib import messages
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import HttpResponseClientRedirect

from permissions.forms import ColumnsForm, UndoForm, UploadForm, WriteForm
from permissions.forms.imports import ALL
from permissions.importers import acts
from permissions.importers.workbooks import sample_workbook, template_workbook
from permissions.models import GrantImport
from permissions.models.imports import ImportState
from permissions.presenters.imports import detail_url, import_page
from permissions.queries.imports import (
    import_or_none,
    imports,
    proposed_count,
    rows_of,
)
from permissions.services import ActRefused
from permissions.views.lists_imports import IMPORTS, ROWS
from portal.accounts.capabilities import Capability
from portal.accounts.guards import AuthenticatedRequest, requires
from portal.files.refusals import FileRefused
from portal.files.services import refuse_by_size
from portal.ui.lists import list_response
from portal.ui.notices import invalid
from portal.ui.spreadsheets import XLSX

NOT_READ = frozenset({ImportState.UPLOADED, ImportState.CHECKING})


@requires(Capability.CHANGE_GRANT)
def import_list(request: AuthenticatedRequest) -> HttpResponse:
    """Imports so far, and the form for the next."""
    form = UploadForm()
    if request.method == "POST":
        form = UploadForm(request.POST, request.FILES)
        one = _uploaded(request, form) if form.is_valid() else None
        if one is not None:
            return redirect(detail_url(one))
    return list_response(
        request,
        IMPORTS,
        imports(),
        template="permissions/import_list.html",
        context={"form": form, "has_sample": settings.DEMO},
    )


def _uploaded(request: AuthenticatedRequest, form: UploadForm) -> GrantImport | None:
    """Kept; what cannot be read is told beside the field."""
    file = form.cleaned_data["file"]
    try:
        refuse_by_size(file.size)
        return acts.upload(
            name=file.name, data=file.read(), by=request.user, at=timezone.now()
        )
    except FileRefused as refused:
        form.add_error("file", str(refused.message))
        return None


@requires(Capability.CHANGE_GRANT)
@require_GET
def import_template(request: AuthenticatedRequest) -> HttpResponse:
    return _workbook(template_workbook(), _("授权导入模板.xlsx"))


@requires(Capability.CHANGE_GRANT)
@require_GET
def import_sample(request: AuthenticatedRequest) -> HttpResponse:
    """In the demo alone: a sheet to try the import with."""
    if not settings.DEMO:
        raise Http404
    return _workbook(sample_workbook(), _("授权导入示例.xlsx"))


def _workbook(data: bytes, name: str) -> HttpResponse:
    answer = FileResponse(
        io.BytesIO(data), as_attachment=True, filename=name, content_type=XLSX
    )
    # Guards speak of HttpResponse; a streamed file is one to them.
    return cast(HttpResponse, answer)


@requires(Capability.CHANGE_GRANT)
def import_detail(request: AuthenticatedRequest, import_id: int) -> HttpResponse:
    """Where the import stands: its columns, its progress, or its rows."""
    one = _import_or_404(import_id)
    return _page(request, one, _columns_form(one))


def _page(
    request: AuthenticatedRequest, one: GrantImport, form: ColumnsForm | None
) -> HttpResponse:
    asks_columns = one.state == ImportState.UPLOADED or "columns" in request.GET
    page = import_page(one, proposed_count(one))
    context = {
        "page": page,
        "form": form if page.may_map and (asks_columns or _is_wrong(form)) else None,
    }
    template = "permissions/import_detail.html"
    if one.state in NOT_READ or page.progress is not None:
        return render(request, template, {**context, "list": None})
    return list_response(
        request, ROWS, rows_of(one), template=template, context=context
    )


def _is_wrong(form: ColumnsForm | None) -> bool:
    return form is not None and bool(form.errors)


def _columns_form(one: GrantImport, data: Any = None) -> ColumnsForm | None:
    """The columns of the sheet that is read; none where no sheet has headings."""
    sheets = [sheet for sheet in one.preview if sheet["name"] == one.sheet]
    if not sheets or sheets[0]["heading_row"] is None:
        return None
    return ColumnsForm(
        data,
        headings=sheets[0]["headings"],
        chosen=one.mapping,
        initial={"takes_proposed": one.takes_proposed},
    )


@requires(Capability.CHANGE_GRANT)
@require_POST
def import_sheet(request: AuthenticatedRequest, import_id: int) -> HttpResponse:
    """Another sheet of the workbook is read."""
    sheet = request.POST.get("sheet", "")
    return _acted(
        request,
        import_id,
        lambda one: acts.choose_sheet(one=one, sheet=sheet, by=request.user),
    )


@requires(Capability.CHANGE_GRANT)
@require_POST
def import_check(request: AuthenticatedRequest, import_id: int) -> HttpResponse:
    """The columns as chosen, and the dry run."""
    one = _import_or_404(import_id)
    form = _columns_form(one, request.POST)
    if form is None:
        raise Http404
    if form.is_valid():
        try:
            acts.check(
                one=one,
                mapping=form.mapping(),
                takes_proposed=form.cleaned_data["takes_proposed"],
                by=request.user,
                at=timezone.now(),
            )
        except ActRefused as refused:
            form.add_error(None, str(refused.message))
        else:
            return redirect(detail_url(one))
    return _page(request, one, form)


@requires(Capability.CHANGE_GRANT)
@require_POST
def import_zeros(request: AuthenticatedRequest, import_id: int) -> HttpResponse:
    """Take the staff numbers proposed, and try again."""
    return _acted(
        request,
        import_id,
        lambda one: acts.check(
            one=one,
            mapping=one.mapping,
            takes_proposed=True,
            by=request.user,
            at=timezone.now(),
        ),
    )


@requires(Capability.CHANGE_GRANT)
@require_POST
def import_discard(request: AuthenticatedRequest, import_id: int) -> HttpResponse:
    return _acted(
        request, import_id, lambda one: acts.discard(one=one, by=request.user)
    )


@requires(Capability.CHANGE_GRANT)
@require_POST
def import_resume(request: AuthenticatedRequest, import_id: int) -> HttpResponse:
    """Take up work that stopped by an error of ours."""
    return _acted(
        request, import_id, lambda one: acts.resume(one=one, at=timezone.now())
    )


def _acted(
    request: AuthenticatedRequest, import_id: int, act: Callable[[GrantImport], object]
) -> HttpResponse:
    one = _import_or_404(import_id)
    try:
        act(one)
    except ActRefused as refused:
        messages.error(request, str(refused.message))
    return redirect(detail_url(one))


# --- drawers --------------------------------------------------------------------------


@requires(Capability.CHANGE_GRANT)
def import_write(request: AuthenticatedRequest, import_id: int) -> HttpResponse:
    """How and why it is written; then the page shows how far it is."""
    one = _import_or_404(import_id)
    if not request.htmx:
        return redirect(detail_url(one))
    if request.method != "POST":
        return _drawer(request, one, WriteForm(auto_id="drawer_%s"), "write")
    form = WriteForm(request.POST, auto_id="drawer_%s")
    second = form.second(request) if form.is_valid() else None
    if form.is_valid() and _told(
        form,
        lambda given: acts.write(
            one=one,
            is_all_or_nothing=given["mode"] == ALL,
            by=request.user,
            at=timezone.now(),
            reason=given["reason"],
            doc_no=given["doc_no"],
            second=second,
        ),
    ):
        return HttpResponseClientRedirect(detail_url(one))
    return invalid(_drawer(request, one, form, "write"))


@requires(Capability.CHANGE_GRANT)
def import_undo(request: AuthenticatedRequest, import_id: int) -> HttpResponse:
    """Why all of it is taken back."""
    one = _import_or_404(import_id)
    if not request.htmx:
        return redirect(detail_url(one))
    if request.method != "POST":
        return _drawer(request, one, UndoForm(auto_id="drawer_%s"), "undo")
    form = UndoForm(request.POST, auto_id="drawer_%s")
    if form.is_valid() and _told(
        form,
        lambda given: acts.undo(
            one=one, by=request.user, at=timezone.now(), reason=given["reason"]
        ),
    ):
        return HttpResponseClientRedirect(detail_url(one))
    return invalid(_drawer(request, one, form, "undo"))


def _told(form: Any, act: Callable[[dict[str, Any]], object]) -> bool:
    """Do it; a refusal goes into the form, beside what was typed."""
    try:
        act(form.cleaned_data)
    except ActRefused as refused:
        field = refused.field if refused.field in form.fields else None
        form.add_error(field, str(refused.message))
        return False
    return True


def _drawer(
    request: AuthenticatedRequest, one: GrantImport, form: Any, act: str
) -> HttpResponse:
    context = {
        "page": import_page(one, 0),
        "form": form,
        "act": act,
        "drawer_post": request.path,
    }
    return render(request, "permissions/_import_drawer.html", context)


def _import_or_404(import_id: int) -> GrantImport:
    one = import_or_none(import_id)
    if one is None:
        raise Http404
    return one
