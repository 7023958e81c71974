"""Acts on restricted techniques: telling that one was filed."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from portal.accounts.models import User
from portal.audit.acting import acting
from portal.audit.refusing import clear_reason
from portal.parameters.days import day_of
from surgery.models import Filing, Procedure
from surgery.services.refusals import CatalogueRefused


class NotRestricted(CatalogueRefused):
    message = _("这项手术不是限制类技术，不需备案。")


class FiledInFuture(CatalogueRefused):
    field = "filed_on"
    message = _("备案日期不能晚于今天。")


@transaction.atomic
def file_technique(
    *,
    procedure: Procedure,
    filed_on: date,
    authority: str,
    document_no: str,
    document: str,
    by: User,
    at: datetime,
    reason: str,
) -> Filing:
    """Keep the filing of a restricted technique, or correct it.

    Raises CatalogueRefused.
    """
    text = clear_reason(reason)
    held: Procedure = Procedure.objects.select_for_update().get(pk=procedure.pk)
    if not held.is_restricted:
        raise NotRestricted
    if filed_on > day_of(at):
        raise FiledInFuture
    filing = Filing.objects.filter(procedure=held).first() or Filing(procedure=held)
    filing.filed_on = filed_on
    filing.authority = authority.strip()
    filing.document_no = document_no.strip()
    filing.document = document.strip()
    with acting(by=by, reason=text):
        filing.save()
    return filing
