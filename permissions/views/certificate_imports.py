"""导入个人证书: what it has beside the pages of every import."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from permissions.forms.record_imports import WriteForm
from permissions.importers.certificates.columns import (
    ACTS,
    CERTIFICATES,
    template_workbook,
)
from permissions.models import CertificateImport
from permissions.presenters.certificate_imports import LOOK
from permissions.views.lists_certificate_imports import IMPORTS, ROWS
from portal.accounts.capabilities import Capability
from portal.accounts.guards import AuthenticatedRequest, requires
from portal.sheets import forms
from portal.sheets.pages import ImportPages, upload_into, workbook_response
from portal.ui.lists import list_response


class UploadForm(forms.UploadForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["file"].label = gettext_lazy("个人证书表格")


def imports() -> QuerySet[CertificateImport]:
    return CertificateImport.objects.select_related(
        "file", "started_by", "applied_by", "second", "undone_by", "job"
    )


PAGES = ImportPages(
    look=LOOK,
    needs=Capability.CHANGE_GRANT,
    imports=imports,
    rows_of=lambda one: CERTIFICATES.rows_of(one).select_related("practitioner"),
    rows=ROWS,
    columns_form=forms.ColumnsForm,
    write_form=WriteForm,
    check_act=ACTS.check,
    write_act=ACTS.write,
    undo_act=ACTS.undo,
    page_template="permissions/certificate_import_detail.html",
    drawer_template="permissions/_certificate_import_drawer.html",
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
        template="permissions/certificate_import_list.html",
        context={"form": form},
    )


@requires(Capability.CHANGE_GRANT)
@require_GET
def import_template(request: AuthenticatedRequest) -> HttpResponse:
    return workbook_response(template_workbook(), _("个人证书导入模板.xlsx"))
