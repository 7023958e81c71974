"""The pages of one import: its columns told, tried, written, taken back."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from django.contrib import messages
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.utils import timezone
from django.views.decorators.http import require_POST
from django_htmx.http import HttpResponseClientRedirect

from portal.accounts.capabilities import Capability
from portal.accounts.guards import AuthenticatedRequest, requires
from portal.accounts.models import User
from portal.audit.refusing import ActRefused
from portal.files.refusals import FileRefused
from portal.files.services import refuse_by_size
from portal.sheets.acts import Acts
from portal.sheets.forms import ColumnsForm, UndoForm, UploadForm, WriteForm
from portal.sheets.models import ImportState, SheetImport
from portal.sheets.presenters import Look, import_page
from portal.ui.lists import ListSpec, list_response
from portal.ui.notices import invalid
from portal.ui.spreadsheets import XLSX

NOT_READ = frozenset({ImportState.UPLOADED, ImportState.CHECKING})
Request = AuthenticatedRequest


def no_more(_one: Any) -> dict[str, Any]:
    return {}


@dataclass(frozen=True)
class ImportPages:
    """The pages of a room's imports.

    ``check_act``, ``write_act`` and ``undo_act`` start the work; ``write_form`` makes the
    form of writing one import;
    ``more`` what the room's page shows beside. Its templates extend
    ``sheets/import_detail.html`` and ``sheets/_import_drawer.html``.
    """

    look: Look
    needs: Capability
    imports: Callable[[], QuerySet[Any]]
    rows_of: Callable[[Any], QuerySet[Any]]
    rows: ListSpec[Any, Any]
    columns_form: type[ColumnsForm]
    write_form: Callable[..., WriteForm]
    check_act: Callable[..., object]
    write_act: Callable[..., object]
    undo_act: Callable[..., object]
    page_template: str
    drawer_template: str
    more: Callable[[Any], dict[str, Any]] = no_more

    def urls(self, under: str, name: str) -> list[URLPattern]:
        """``under`` the address of the list, ``name`` as ``look.url`` ends."""
        views = {
            "": ("detail", self.detail),
            "sheet/": ("sheet", require_POST(self.sheet)),
            "check/": ("check", require_POST(self.check)),
            "write/": ("write", self.write_drawer),
            "undo/": ("undo", self.undo_drawer),
            "discard/": ("discard", require_POST(self.discard)),
            "resume/": ("resume", require_POST(self.resume)),
        }
        return [
            path(
                f"{under}<int:import_id>/{end}",
                requires(self.needs)(view),
                name=f"{name}-{act}",
            )
            for end, (act, view) in views.items()
        ]

    # --- the page ---------------------------------------------------------------------

    def detail(self, request: Request, import_id: int) -> HttpResponse:
        """Where the import stands: its columns, its progress, or its rows."""
        one = self._import_or_404(import_id)
        return self._page(request, one, self._columns_form(one))

    def _page(
        self, request: Request, one: Any, form: ColumnsForm | None
    ) -> HttpResponse:
        asks_columns = one.state == ImportState.UPLOADED or "columns" in request.GET
        is_wrong = form is not None and bool(form.errors)
        page = import_page(one, self.look)
        context = {
            "page": page,
            "form": form if page.may_map and (asks_columns or is_wrong) else None,
            **self.more(one),
        }
        if one.state in NOT_READ or page.progress is not None:
            return render(request, self.page_template, {**context, "list": None})
        return list_response(
            request,
            self.rows,
            self.rows_of(one),
            template=self.page_template,
            context=context,
        )

    def _columns_form(self, one: Any, data: Any = None) -> ColumnsForm | None:
        """The columns of the sheet that is read; none where no sheet has headings."""
        sheets = [sheet for sheet in one.preview if sheet["name"] == one.sheet]
        if not sheets or sheets[0]["heading_row"] is None:
            return None
        own = self.columns_form.base_fields
        return self.columns_form(
            data,
            columns=self.look.kind_of(one).columns,
            headings=sheets[0]["headings"],
            chosen=one.mapping,
            initial={name: getattr(one, name) for name in own},
        )

    # --- acts -------------------------------------------------------------------------

    def acts(self, one: Any) -> Acts[Any, Any]:
        return Acts(self.look.kind_of(one))

    def sheet(self, request: Request, import_id: int) -> HttpResponse:
        """Another sheet of the workbook is read."""
        sheet = request.POST.get("sheet", "")
        return self.acted(
            request,
            import_id,
            lambda one: self.acts(one).choose_sheet(
                one=one, sheet=sheet, by=request.user
            ),
        )

    def check(self, request: Request, import_id: int) -> HttpResponse:
        """The columns as chosen, and the dry run."""
        one = self._import_or_404(import_id)
        form = self._columns_form(one, request.POST)
        if form is None:
            raise Http404
        if form.is_valid():
            try:
                self.check_act(
                    one=one,
                    mapping=form.mapping(),
                    by=request.user,
                    at=timezone.now(),
                    **form.reading(),
                )
            except ActRefused as refused:
                form.add_error(None, str(refused.message))
            else:
                return redirect(self.look.address(one))
        return self._page(request, one, form)

    def discard(self, request: Request, import_id: int) -> HttpResponse:
        return self.acted(
            request,
            import_id,
            lambda one: self.acts(one).discard(one=one, by=request.user),
        )

    def resume(self, request: Request, import_id: int) -> HttpResponse:
        """Take up work that stopped by an error of ours."""
        return self.acted(
            request,
            import_id,
            lambda one: self.acts(one).resume(one=one, at=timezone.now()),
        )

    def acted(
        self, request: Request, import_id: int, act: Callable[[Any], object]
    ) -> HttpResponse:
        """Do it and show the import; a refusal is told above it."""
        one = self._import_or_404(import_id)
        try:
            act(one)
        except ActRefused as refused:
            messages.error(request, str(refused.message))
        return redirect(self.look.address(one))

    # --- drawers ----------------------------------------------------------------------

    def write_drawer(self, request: Request, import_id: int) -> HttpResponse:
        """How and why it is written; then the page shows how far it is."""
        one = self._import_or_404(import_id)

        def act(form: Any, by: User) -> None:
            second = form.second(request)
            if not form.errors:
                terms = form.terms()
                self.write_act(
                    one=one, by=by, at=timezone.now(), second=second, **terms
                )

        form = self.write_form(_posted(request), auto_id="drawer_%s", one=one)
        return self._drawer(request, one, form, "write", act)

    def undo_drawer(self, request: Request, import_id: int) -> HttpResponse:
        """Why all of it is taken back."""
        one = self._import_or_404(import_id)

        def act(form: Any, by: User) -> None:
            reason = form.cleaned_data["reason"]
            self.undo_act(one=one, by=by, at=timezone.now(), reason=reason)

        form = UndoForm(_posted(request), auto_id="drawer_%s")
        return self._drawer(request, one, form, "undo", act)

    def _drawer(
        self,
        request: Request,
        one: SheetImport,
        form: Any,
        name: str,
        act: Callable[[Any, User], None],
    ) -> HttpResponse:
        if not request.htmx:
            return redirect(self.look.address(one))
        if form.is_valid():
            try:
                act(form, request.user)
            except ActRefused as refused:
                field = refused.field if refused.field in form.fields else None
                form.add_error(field, str(refused.message))
            if not form.errors:
                return HttpResponseClientRedirect(self.look.address(one))
        context = {
            "page": import_page(one, self.look),
            "form": form,
            "act": name,
            "drawer_post": request.path,
        }
        answer = render(request, self.drawer_template, context)
        return invalid(answer) if form.is_bound else answer

    def _import_or_404(self, import_id: int) -> Any:
        one = self.imports().filter(pk=import_id).first()
        if one is None:
            raise Http404
        return one


def _posted(request: Request) -> Any:
    return request.POST if request.method == "POST" else None


def upload_into(
    request: Request, form: UploadForm, acts: Acts[Any, Any]
) -> SheetImport | None:
    """Keep the file; what cannot be read is told beside the field."""
    file = form.cleaned_data["file"]
    try:
        refuse_by_size(file.size)
        one: SheetImport = acts.upload(
            name=file.name, data=file.read(), by=request.user, at=timezone.now()
        )
    except FileRefused as refused:
        form.add_error("file", str(refused.message))
        return None
    return one


def workbook_response(data: bytes, name: str) -> HttpResponse:
    """A workbook of ours, as a download."""
    answer = FileResponse(
        io.BytesIO(data), as_attachment=True, filename=name, content_type=XLSX
    )
    # Guards speak of HttpResponse; a streamed file is one to them.
    return cast(HttpResponse, answer)
