"""批量导入 of grants: what it has beside the pages of every import."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from permissions.forms import ColumnsForm, UploadForm, WriteForm
from permissions.importers import acts
from permissions.importers.acts import ACTS
from permissions.importers.workbooks import sample_workbook, template_workbook
from permissions.models import GrantImport
from permissions.presenters.imports import LOOK
from permissions.queries.imports import imports, proposed_count, rows_of
from permissions.views.lists_imports import IMPORTS, ROWS
from portal.accounts.capabilities import Capability
from portal.accounts.guards import AuthenticatedRequest, requires
from portal.sheets.pages import ImportPages, upload_into, workbook_response
from portal.ui.lists import list_response


def _write_form(*args: Any, one: GrantImport, **kwargs: Any) -> WriteForm:
    return WriteForm(*args, **kwargs)


PAGES = ImportPages(
    look=LOOK,
    needs=Capability.CHANGE_GRANT,
    imports=imports,
    rows_of=rows_of,
    rows=ROWS,
    columns_form=ColumnsForm,
    write_form=_write_form,
    check_act=acts.check,
    write_act=acts.write,
    undo_act=acts.undo,
    page_template="permissions/import_detail.html",
    drawer_template="permissions/_import_drawer.html",
    more=lambda one: {"proposed": proposed_count(one)},
)


@requires(Capability.CHANGE_GRANT)
def import_list(request: AuthenticatedRequest) -> HttpResponse:
    """Imports so far, and the form for the next."""
    form = UploadForm()
    if request.method == "POST":
        form = UploadForm(request.POST, request.FILES)
        one = upload_into(request, form, ACTS) if form.is_valid() else None
        if one is not None:
            return redirect(LOOK.address(one))
    return list_response(
        request,
        IMPORTS,
        imports(),
        template="permissions/import_list.html",
        context={"form": form, "has_sample": settings.DEMO},
    )


@requires(Capability.CHANGE_GRANT)
@require_GET
def import_template(request: AuthenticatedRequest) -> HttpResponse:
    return workbook_response(template_workbook(), _("授权导入模板.xlsx"))


@requires(Capability.CHANGE_GRANT)
@require_GET
def import_sample(request: AuthenticatedRequest) -> HttpResponse:
    """In the demo alone: a sheet to try the import with."""
    if not settings.DEMO:
        raise Http404
    return workbook_response(sample_workbook(), _("授权导入示例.xlsx"))


@requires(Capability.CHANGE_GRANT)
@require_POST
def import_zeros(request: AuthenticatedRequest, import_id: int) -> HttpResponse:
    """Take the staff numbers proposed, and try again."""
    return PAGES.acted(
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
