"""导入培训考核 and 导入个人证书: the list, the template and the pages of every import."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from permissions.forms.record_imports import WriteForm
from permissions.importers.certificates import columns as certificates
from permissions.importers.trainings import columns as trainings
from permissions.presenters import certificate_imports, training_imports
from permissions.views import lists_certificate_imports, lists_training_imports
from portal.accounts.guards import AuthenticatedRequest, requires
from portal.sheets import forms
from portal.sheets.acts import Acts
from portal.sheets.kinds import ImportKind
from portal.sheets.pages import ImportPages, upload_into, workbook_response
from portal.sheets.presenters import Look
from portal.ui.elements import Text
from portal.ui.lists import ListSpec, list_response


@dataclass(frozen=True)
class RecordImports:
    """Imports of one kind of record; ``stem`` begins the names of its URLs and templates,
    ``sheet`` is what its file is called."""

    stem: str
    kind: ImportKind[Any, Any]
    acts: Acts[Any, Any]
    look: Look
    imports: ListSpec[Any, Any]
    rows: ListSpec[Any, Any]
    sheet: Text
    template: Callable[[], Any]
    file_name: Text

    def urls(self, under: str) -> list[URLPattern]:
        needs = requires(self.kind.needs)
        name = f"{self.stem}-import"
        return [
            path(under, needs(self._list), name=f"{name}-list"),
            path(
                f"{under}template/",
                needs(require_GET(self._template)),
                name=f"{name}-template",
            ),
            *self._pages().urls(under, name),
        ]

    def _found(self) -> QuerySet[Any]:
        found: QuerySet[Any] = self.kind.imports._default_manager.select_related(
            "file", "started_by", "applied_by", "second", "undone_by", "job"
        )
        return found

    def _pages(self) -> ImportPages:
        return ImportPages(
            look=self.look,
            needs=self.kind.needs,
            imports=self._found,
            rows_of=lambda one: self.kind.rows_of(one).select_related("practitioner"),
            rows=self.rows,
            columns_form=forms.ColumnsForm,
            write_form=WriteForm,
            check_act=self.acts.check,
            write_act=self.acts.write,
            undo_act=self.acts.undo,
            page_template=f"permissions/{self.stem}_import_detail.html",
            drawer_template=f"permissions/_{self.stem}_import_drawer.html",
        )

    def _list(self, request: AuthenticatedRequest) -> HttpResponse:
        """Imports so far, and the form for the next."""
        posted = (request.POST, request.FILES) if request.method == "POST" else ()
        form = forms.UploadForm(*posted)
        form.fields["file"].label = str(self.sheet)
        if posted and form.is_valid():
            one = upload_into(request, form, self.acts)
            if one is not None:
                return redirect(self.look.address(one))
        return list_response(
            request,
            self.imports,
            self._found(),
            template=f"permissions/{self.stem}_import_list.html",
            context={"form": form},
        )

    def _template(self, _request: AuthenticatedRequest) -> HttpResponse:
        return workbook_response(self.template(), str(self.file_name))


TRAININGS = RecordImports(
    stem="training",
    kind=trainings.TRAININGS,
    acts=trainings.ACTS,
    look=training_imports.LOOK,
    imports=lists_training_imports.IMPORTS,
    rows=lists_training_imports.ROWS,
    sheet=_("培训考核表格"),
    template=trainings.template_workbook,
    file_name=_("培训考核导入模板.xlsx"),
)
CERTIFICATES = RecordImports(
    stem="certificate",
    kind=certificates.CERTIFICATES,
    acts=certificates.ACTS,
    look=certificate_imports.LOOK,
    imports=lists_certificate_imports.IMPORTS,
    rows=lists_certificate_imports.ROWS,
    sheet=_("个人证书表格"),
    template=certificates.template_workbook,
    file_name=_("个人证书导入模板.xlsx"),
)
