"""手术目录导入: what it has beside the pages of every import."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from portal.accounts.capabilities import Capability
from portal.accounts.guards import AuthenticatedRequest, requires
from portal.sheets.acts import Acts
from portal.sheets.pages import ImportPages, upload_into, workbook_response
from portal.ui.lists import list_response
from surgery.forms.imports import ColumnsForm, UploadForm, WriteForm
from surgery.importers import acts
from surgery.importers.acts import KINDS
from surgery.importers.workbooks import template_of
from surgery.models.imports import Sort
from surgery.presenters.imports import LOOK
from surgery.queries.imports import imports, rows_of
from surgery.views.lists_imports import IMPORTS, ROWS

PAGES = ImportPages(
    look=LOOK,
    needs=Capability.CHANGE_CATALOGUE,
    imports=imports,
    rows_of=rows_of,
    rows=ROWS,
    columns_form=ColumnsForm,
    write_form=WriteForm,
    check_act=acts.check,
    write_act=acts.write,
    undo_act=acts.undo,
    page_template="surgery/import_detail.html",
    drawer_template="surgery/_import_drawer.html",
)


@requires(Capability.CHANGE_CATALOGUE)
def import_list(request: AuthenticatedRequest) -> HttpResponse:
    """Imports so far, and the form for the next."""
    form = UploadForm()
    if request.method == "POST":
        form = UploadForm(request.POST, request.FILES)
        if form.is_valid():
            one = upload_into(request, form, Acts(KINDS[form.cleaned_data["sort"]]))
            if one is not None:
                return redirect(LOOK.address(one))
    return list_response(
        request,
        IMPORTS,
        imports(),
        template="surgery/import_list.html",
        context={"form": form, "sorts": Sort.choices},
    )


@requires(Capability.CHANGE_CATALOGUE)
@require_GET
def import_template(request: AuthenticatedRequest, sort: str) -> HttpResponse:
    """An empty sheet of this sort."""
    if sort not in Sort.values:
        raise Http404
    name = _("%(sort)s导入模板.xlsx") % {"sort": Sort(sort).label}
    return workbook_response(template_of(sort), name)
