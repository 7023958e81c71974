"""目录版本: what each changed, any two compared, the paper that is reported."""

from __future__ import annotations

from functools import partial

from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from portal.accounts.capabilities import Capability
from portal.accounts.guards import AuthenticatedRequest, requires
from portal.audit.models import EventKind
from portal.audit.services import record
from portal.parameters.days import day_of, end_of
from portal.ui.acting import done
from portal.ui.elements import Grade, Note
from portal.ui.exports import export_table, must_export
from portal.ui.filters import DateRange, Option, Search, day_or_none
from portal.ui.lists import Column, ListSpec, list_response
from portal.ui.moments import today, write_moment
from portal.ui.notices import invalid, saved
from surgery.enums import GradeAct
from surgery.forms.publications import PublicationForm
from surgery.models import GradeChange, GradeVersion, Procedure
from surgery.presenters import grade_versions as present
from surgery.presenters.grade_versions import VersionRow, version_rows
from surgery.queries.grade_versions import (
    changes_of,
    publications_of,
    reported_catalogue,
    versions,
)
from surgery.queries.grading import compare, grade_of, history_of
from surgery.services.publications import record_publication


def version_matches(text: str) -> Q:
    changed = GradeChange.objects.filter(
        Q(code__istartswith=text) | Q(name__contains=text)
    )
    return (
        Q(doc_no__contains=text)
        | Q(meeting__contains=text)
        | Q(reason__contains=text)
        | Q(pk__in=changed.order_by().values("version"))
    )


VERSIONS = ListSpec[GradeVersion, VersionRow](
    key="grade-versions",
    columns=(
        Column(
            "version", gettext_lazy("版本"), order=("id",), export=lambda row: row.name
        ),
        Column(
            "effective",
            gettext_lazy("施行日期"),
            order=("effective_on",),
            export=lambda row: row.effective_on,
        ),
        Column("count", gettext_lazy("变更"), css="num", export=lambda row: row.count),
        Column("meeting", gettext_lazy("会议"), export=lambda row: row.meeting),
        Column("doc_no", gettext_lazy("文号"), export=lambda row: row.doc_no),
        Column("reason", gettext_lazy("说明"), export=lambda row: row.reason),
        Column(
            "decided",
            gettext_lazy("审定"),
            order=("recorded_at",),
            export=lambda row: f"{row.decided} {row.decided_at}",
        ),
        Column("reported", gettext_lazy("上报"), export=lambda row: row.reported_on),
        Column("published", gettext_lazy("公示"), export=lambda row: row.published_on),
    ),
    search=Search(gettext_lazy("文号、会议、说明或手术"), version_matches),
    filters=(DateRange("on", gettext_lazy("施行日期"), "effective_on"),),
    order=("-id",),
    present=version_rows,
    row_template="surgery/_grade_version_row.html",
    nothing=gettext_lazy("没有符合条件的版本"),
)


@requires(Capability.VIEW_PRIVILEGES)
@require_GET
def version_list(request: AuthenticatedRequest) -> HttpResponse:
    template = "surgery/grade_version_list.html"
    return list_response(request, VERSIONS, versions(), template=template)


@requires(Capability.VIEW_PRIVILEGES)
@require_GET
def version_detail(request: AuthenticatedRequest, version_id: int) -> HttpResponse:
    """What a version changed and decided, and whom it was shown to."""
    version = _version_or_404(version_id)
    changes = changes_of(version)
    earlier = GradeVersion.objects.filter(pk__lt=version.pk).order_by("-pk").first()
    context = {
        "row": present.version_row(version),
        "changes": present.change_rows(changes),
        "publications": present.publication_rows(publications_of(version)),
        "earlier": earlier,
        "may_undo": any(
            one.undoes_id is None
            and one.act != GradeAct.RECODE
            and not hasattr(one, "undone_by")
            for one in changes
        ),
    }
    return render(request, "surgery/grade_version_detail.html", context)


@requires(Capability.VIEW_PRIVILEGES)
@require_GET
def version_compare(request: AuthenticatedRequest) -> HttpResponse:
    """Any two versions: added, removed, regraded."""
    known = {str(one.pk): one for one in GradeVersion.objects.order_by("pk")}
    last = list(known)[-2:]
    asked = [request.GET.get("before", ""), request.GET.get("after", "")]
    before, after = (
        one if one in known else (last[min(place, len(last) - 1)] if last else "")
        for place, one in enumerate(asked)
    )
    rows = []
    if before and after:
        rows = present.difference_rows(compare(int(before), int(after)))
    if request.GET.get("export") == "xlsx":
        return export_table(request, "grade-compare", *present.difference_table(rows))
    context = {
        "befores": _options(known, before),
        "afters": _options(known, after),
        "rows": rows,
        "counts": present.counts_of(rows),
    }
    return render(request, "surgery/grade_version_compare.html", context)


def _options(known: dict[str, GradeVersion], chosen: str) -> list[Option]:
    return [
        Option(key, present.version_name(one), key == chosen)
        for key, one in known.items()
    ]


# --- the catalogue of grades 3 and 4 --------------------------------------------------


def _sheet(request: AuthenticatedRequest, version: GradeVersion) -> present.Sheet:
    return present.sheet(
        version,
        reported_catalogue(version),
        made_at=write_moment(timezone.now()),
        made_by=request.user.name,
    )


@requires(Capability.VIEW_PRIVILEGES)
@require_GET
def catalogue_file(request: AuthenticatedRequest, version_id: int) -> HttpResponse:
    """三、四级手术目录 as .xlsx."""
    sheet = _sheet(request, _version_or_404(version_id))
    return export_table(request, sheet.number, *present.sheet_table(sheet))


@requires(Capability.VIEW_PRIVILEGES)
@require_GET
def catalogue_pdf(request: AuthenticatedRequest, version_id: int) -> HttpResponse:
    must_export(request)
    sheet = _sheet(request, _version_or_404(version_id))
    response = HttpResponse(present.as_pdf(sheet), content_type="application/pdf")
    name = f"{sheet.number}.pdf"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    _leave_trace(request, sheet, "pdf")
    return response


@requires(Capability.VIEW_PRIVILEGES)
@require_GET
def catalogue_print(request: AuthenticatedRequest, version_id: int) -> HttpResponse:
    """A page of its own for the printer; that it was taken out is logged."""
    sheet = _sheet(request, _version_or_404(version_id))
    _leave_trace(request, sheet, "print")
    return render(request, "surgery/catalogue_print.html", {"sheet": sheet})


def _leave_trace(
    request: AuthenticatedRequest, sheet: present.Sheet, kind: str
) -> None:
    record(
        EventKind.EXPORTED,
        by=request.user,
        subject=("surgery-catalogue", sheet.number),
        rows=sheet.count,
        format=kind,
        check=sheet.check,
    )


@requires(Capability.PROPOSE_GRADE)
def publication_new(request: AuthenticatedRequest, version_id: int) -> HttpResponse:
    """登记上报、公示."""
    version = _version_or_404(version_id)
    if not request.htmx:
        return redirect("surgery:grade-version-detail", version_id)
    sheet = _sheet(request, version)
    initial = {"on": today()}
    form = PublicationForm(request.POST or None, initial=initial, auto_id="drawer_%s")
    if request.method == "POST" and form.is_valid():
        act = partial(
            record_publication,
            version=version,
            count=sheet.count,
            check_code=sheet.check,
            by=request.user,
            at=timezone.now(),
            **form.cleaned_data,
        )
        if done(form, act):
            return saved(_("已登记 1 次"), present.version_name(version))
    context = {
        "form": form,
        "sheet": sheet,
        "drawer_post": request.path,
    }
    response = render(request, "surgery/_publication_drawer.html", context)
    return invalid(response) if request.method == "POST" else response


# --- one procedure through time -------------------------------------------------------


@requires(Capability.VIEW_PRIVILEGES)
@require_GET
def grade_history(request: AuthenticatedRequest, procedure_id: int) -> HttpResponse:
    """级别历史: every change, and the grade of any day as known on any day."""
    procedure = Procedure.objects.filter(pk=procedure_id).first()
    if procedure is None:
        raise Http404
    if not request.htmx:
        return redirect("surgery:grade-version-list")
    asked, known = (
        request.GET.get("on", "").strip(),
        request.GET.get("known", "").strip(),
    )
    day, known_day = day_or_none(asked), day_or_none(known)
    wrong = [
        one for one, found in ((asked, day), (known, known_day)) if one and not found
    ]
    now = timezone.now()
    known_at = end_of(known_day) if known_day else None
    context = {
        "procedure": procedure,
        "present": present.grade_chip(procedure.grade),
        "rows": present.change_rows(history_of(procedure)),
        "on": asked or day_of(now).isoformat(),
        "known": known,
        "found": Grade(grade_of(procedure, day or day_of(now), known_at) or None),
        "notes": [
            Note(
                "bad",
                _("「%(text)s」不是日期，请写成 2026-11-23 这样。")
                % {"text": one[:20]},
            )
            for one in wrong
        ],
    }
    return render(request, "surgery/_grade_history_drawer.html", context)


def _version_or_404(version_id: int) -> GradeVersion:
    version = versions().filter(pk=version_id).first()
    if version is None:
        raise Http404
    return version
