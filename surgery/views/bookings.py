"""已排手术: the operations ahead, from the HIS, with what was declared of each."""

from __future__ import annotations

from django.db.models import Q
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from portal.accounts.capabilities import Capability
from portal.accounts.guards import AuthenticatedRequest, requires
from portal.directory.models import Practitioner
from portal.parameters.days import day_of, start_of
from portal.ui.filters import ChoiceFilter, DateRange, Search
from portal.ui.lists import Column, ListSpec, QuickView, list_response
from surgery.enums import Nature
from surgery.models import BookedOperation, Procedure, SurgeryApplication
from surgery.presenters.bookings import BookingRow, booking_rows, missing_note
from surgery.queries.bookings import bookings, undeclared_to_his
from surgery.views.declarations import LETS_THROUGH
from surgery.views.volumes import departments


def booking_matches(text: str) -> Q:
    """The number, a procedure or the surgeon."""
    people = Practitioner.objects.filter(
        Q(name__contains=text) | Q(initials__istartswith=text)
    )
    known = Procedure.objects.filter(
        Q(name__contains=text) | Q(initials__istartswith=text)
    )
    found = Q(apply_id__icontains=text) | Q(surgeon_no__istartswith=text)
    found |= Q(surgeon_no__in=people.order_by().values("emp_no"))
    for field in ("proc_code", "extra_proc_code"):
        found |= Q((f"{field}__istartswith", text))
        found |= Q((f"{field}__in", known.order_by().values("code")))
    return found


def of_department(code: str) -> Q:
    people = Practitioner.objects.filter(department__code=code)
    return Q(surgeon_no__in=people.order_by().values("emp_no"))


def declared() -> Q:
    sheets = SurgeryApplication.objects.order_by()
    return Q(apply_id__in=sheets.values("application_no"))


def blocked() -> Q:
    sheets = SurgeryApplication.objects.exclude(verdict_code__in=LETS_THROUGH)
    return Q(apply_id__in=sheets.order_by().values("application_no"))


COLUMNS: tuple[Column[BookingRow], ...] = (
    Column(
        "planned_at",
        _("手术时间"),
        order=("planned_at",),
        export=lambda row: row.planned_in_full,
    ),
    Column("procedures", _("拟行手术"), export=lambda row: row.operations_in_one),
    Column(
        "surgeon",
        _("主刀"),
        order=("surgeon_no",),
        export=lambda row: f"{row.surgeon.in_one} {row.surgeon.department}",
    ),
    Column("room", _("手术间"), export=lambda row: f"{row.room} {row.anesthesia}"),
    Column("nature", _("手术性质"), export=lambda row: row.nature),
    Column("status", _("HIS 状态"), export=lambda row: row.status.text),
    Column("verdict", _("申报判定"), export=lambda row: row.verdict.text),
    Column(
        "application_no",
        _("申请单号"),
        order=("apply_id",),
        export=lambda row: row.application_no,
    ),
)
BOOKINGS = ListSpec[BookedOperation, BookingRow](
    key="bookings",
    columns=COLUMNS,
    search=Search(_("申请单号、手术或主刀"), booking_matches),
    filters=(
        ChoiceFilter(
            "dept", _("主刀科室"), departments, of_department, is_searchable=True
        ),
        ChoiceFilter("nature", _("手术性质"), Nature.choices, "nature"),
        DateRange("on", _("手术时间"), "planned_at"),
    ),
    views=(
        QuickView("all", _("全部")),
        QuickView("undeclared", _("未申报"), ~declared(), "warn"),
        QuickView("blocked", _("判定未通过"), blocked(), "bad"),
    ),
    order=("planned_at",),
    present=booking_rows,
    row_template="surgery/_booking_row.html",
    nothing=_("没有符合条件的已排手术"),
)


@requires(Capability.VIEW_PRIVILEGES)
@require_GET
def booking_list(request: AuthenticatedRequest) -> HttpResponse:
    """From today on; those without a time are shown too, last."""
    today = start_of(day_of(timezone.now()))
    ahead = Q(planned_at__gte=today)
    alone = undeclared_to_his().filter(ahead).count()
    return list_response(
        request,
        BOOKINGS,
        bookings().filter(ahead | Q(planned_at=None)),
        template="surgery/booking_list.html",
        context={"notes": missing_note(alone)},
    )
