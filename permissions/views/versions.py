"""Versions of the catalogue: submitting, deciding, comparing, whom they hit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from permissions.forms import ReasonForm, SubmitForm
from permissions.models import CatalogueVersion, DraftEntry, GrantState
from permissions.models.attributes import OPEN_STATES, VersionState
from permissions.presenters.catalogue import release_words
from permissions.presenters.catalogue_words import version_name
from permissions.presenters.versions import (
    affected_cells,
    affected_panel,
    affected_row,
    affected_titles,
    change_cards,
    comparison,
    version_row,
)
from permissions.queries.catalogue import (
    catalogue_at,
    changes_of,
    compare,
    drafts_of,
    living_grants,
    names,
    present_entries,
    versions,
    with_drafts,
)
from permissions.services import catalogue
from permissions.services.affected import held_of, pick
from permissions.views.catalogue import done
from permissions.views.lists_catalogue import VERSIONS, version_lines
from portal.accounts.capabilities import Capability
from portal.accounts.guards import AuthenticatedRequest, requires
from portal.audit.models import EventKind
from portal.audit.services import record
from portal.parameters.queries import value_of
from portal.parameters.registry import CATALOGUE_APPROVERS
from portal.ui.elements import Text
from portal.ui.lists import list_response
from portal.ui.moments import today
from portal.ui.notices import invalid, saved
from portal.ui.spreadsheets import Cell, workbook


@requires(Capability.VIEW_PRIVILEGES)
@require_GET
def version_list(request: AuthenticatedRequest) -> HttpResponse:
    """All versions, the one under way first."""
    template = "permissions/version_list.html"
    return list_response(request, VERSIONS, version_lines(), template=template)


@requires(Capability.VIEW_PRIVILEGES)
@require_GET
def version_detail(request: AuthenticatedRequest, version_id: int) -> HttpResponse:
    """What a version changes, by whom and why; while open, whom it would hit."""
    version = _version_or_404(version_id)
    changes = changes_of(version)
    drafts = {one.code: one for one in drafts_of(version)}
    is_open = version.state in OPEN_STATES
    context = {
        "row": version_row(version),
        "version": version,
        "facts": release_words(version),
        "cards": change_cards(changes, names(), drafts if is_open else None),
        "panel": affected_panel(changes, timezone.now(), request.scope)
        if is_open
        else None,
        "is_draft": version.state == VersionState.DRAFT,
        "is_submitted": version.state == VersionState.SUBMITTED,
        "is_approved": version.state == VersionState.APPROVED,
        "is_author": request.user.pk
        in {version.submitted_by_id, *(one.changed_by_id for one in drafts.values())},
    }
    return render(request, "permissions/version_detail.html", context)


@requires(Capability.VIEW_PRIVILEGES)
@require_GET
def version_affected(request: AuthenticatedRequest, version_id: int) -> HttpResponse:
    """Every right an open version would hit, as a file."""
    if Capability.EXPORT not in request.capabilities:
        raise PermissionDenied(Capability.EXPORT)
    version = _version_or_404(version_id)
    now = timezone.now()
    found = changes_of(version) if version.state in OPEN_STATES else []
    changes = [change for change in found if change.before and change.after]
    held = held_of(changes, now)

    def cells(part: Sequence[GrantState]) -> list[list[Cell]]:
        return [
            list(affected_cells(affected_row(one))) for one in pick(changes, part, held)
        ]

    states = living_grants([change.code for change in changes], now, request.scope)
    response, rows = workbook("affected", affected_titles(), states, cells)
    subject = ("catalogue-version", version.pk)
    record(EventKind.EXPORTED, by=request.user, subject=subject, rows=rows)
    return cast(HttpResponse, response)


@requires(Capability.VIEW_PRIVILEGES)
@require_GET
def version_compare(request: AuthenticatedRequest) -> HttpResponse:
    """Any two versions: added, removed, changed attribute by attribute."""
    numbered = list(versions().exclude(number=None).order_by("number"))
    options = [(str(one.number), version_name(one)) for one in numbered]
    under_way = versions().filter(is_open=True).first()
    if under_way is not None:
        options.append(("draft", version_name(under_way)))
    before, after = _asked(request, [value for value, _label in options])
    named = dict(options)
    result = None
    if before and after:
        changes = compare(_entries(before, under_way), _entries(after, under_way))
        result = comparison(changes, names(), named[before], named[after])
    context = {"options": options, "before": before, "after": after, "result": result}
    return render(request, "permissions/version_compare.html", context)


def _asked(request: AuthenticatedRequest, known: Sequence[str]) -> tuple[str, str]:
    """What is asked for; without it the last two."""
    last = [*known[-2:-1], *known[-1:]] if len(known) > 1 else [*known, *known]
    asked = [request.GET.get("before", ""), request.GET.get("after", "")]
    before, after = (
        one if one in known else (last[place] if last else "")
        for place, one in enumerate(asked)
    )
    return before, after


def _entries(which: str, under_way: CatalogueVersion | None) -> Any:
    if which == "draft" and under_way is not None:
        return with_drafts(present_entries(), drafts_of(under_way))
    return catalogue_at(int(which))


LONGEST_NUMBER = 10


# --- acts -----------------------------------------------------------------------------


@dataclass(frozen=True)
class VersionAct:
    """One act on a version, as its drawer shows it."""

    title: Text
    button: Text
    done: Text
    to: Text
    do: Callable[..., CatalogueVersion]
    is_danger: bool = False


APPROVE = VersionAct(
    gettext_lazy("同意发布"),
    gettext_lazy("确认同意 1 版"),
    gettext_lazy("已同意"),
    gettext_lazy("到生效日期发布；已有授权不因字典修改而改变"),
    catalogue.approve_version,
)
RETURN = VersionAct(
    gettext_lazy("退回草稿"),
    gettext_lazy("确认退回 1 版"),
    gettext_lazy("已退回"),
    gettext_lazy("回到草稿，可以继续修改后再提交"),
    catalogue.return_version,
)
DISCARD = VersionAct(
    gettext_lazy("作废草稿"),
    gettext_lazy("确认作废 1 版"),
    gettext_lazy("草稿已作废"),
    gettext_lazy("不发布，记录保留"),
    catalogue.discard_version,
    is_danger=True,
)


@requires(Capability.CHANGE_CATALOGUE)
def version_submit(request: AuthenticatedRequest, version_id: int) -> HttpResponse:
    """提交审批, or publish where nobody else has to agree."""
    version = _version_or_404(version_id)
    needs_another = bool(value_of(CATALOGUE_APPROVERS))
    act = VersionAct(
        _("提交审批") if needs_another else _("发布"),
        _("提交 1 版") if needs_another else _("确认发布 1 版"),
        _("已提交审批") if needs_another else _("已发布"),
        _("由未参与修改的另一人审批")
        if needs_another
        else _("到生效日期发布；已有授权不因字典修改而改变"),
        catalogue.submit,
    )
    initial = {
        "seen": _seen(request, version),
        "effective_on": version.effective_on or today(),
        "doc_no": version.doc_no,
    }
    form = SubmitForm(request.POST or None, initial=initial, auto_id="drawer_%s")
    return _act(request, version, act, form)


@requires(Capability.APPROVE_CATALOGUE)
def version_approve(request: AuthenticatedRequest, version_id: int) -> HttpResponse:
    version = _version_or_404(version_id)
    return _act(request, version, APPROVE, _reason_form(request, version))


@requires(Capability.APPROVE_CATALOGUE, Capability.CHANGE_CATALOGUE)
def version_return(request: AuthenticatedRequest, version_id: int) -> HttpResponse:
    version = _version_or_404(version_id)
    return _act(request, version, RETURN, _reason_form(request, version))


@requires(Capability.CHANGE_CATALOGUE)
def version_discard(request: AuthenticatedRequest, version_id: int) -> HttpResponse:
    version = _version_or_404(version_id)
    return _act(request, version, DISCARD, _reason_form(request, version))


@requires(Capability.CHANGE_CATALOGUE)
def draft_drop(request: AuthenticatedRequest, draft_id: int) -> HttpResponse:
    """撤下: one change is taken out of the draft."""
    draft = (
        DraftEntry.objects.select_related("version")
        .filter(pk=draft_id, is_dropped=False)
        .first()
    )
    if draft is None:
        raise Http404

    def drop(*, version: CatalogueVersion, **given: Any) -> CatalogueVersion:
        catalogue.drop_draft(draft=draft, **given)
        return version

    act = VersionAct(
        _("撤下修改"),
        _("确认撤下 1 项"),
        _("已撤下 1 项"),
        _("这一条保持现行内容，记录保留"),
        drop,
    )
    form = ReasonForm(
        request.POST or None,
        initial={"seen": draft.revision},
        auto_id="drawer_%s",
    )
    return _act(request, draft.version, act, form, about=draft.code)


def _reason_form(
    request: AuthenticatedRequest, version: CatalogueVersion
) -> ReasonForm:
    initial = {"seen": _seen(request, version)}
    return ReasonForm(request.POST or None, initial=initial, auto_id="drawer_%s")


def _seen(request: AuthenticatedRequest, version: CatalogueVersion) -> int:
    """The revision that was on the page: the act is about exactly that."""
    given = request.GET.get("seen", "")
    is_number = given.isascii() and given.isdigit() and len(given) < LONGEST_NUMBER
    return int(given) if is_number else version.revision


def _act(
    request: AuthenticatedRequest,
    version: CatalogueVersion,
    act: VersionAct,
    form: ReasonForm,
    *,
    about: str = "",
) -> HttpResponse:
    if not request.htmx:
        return redirect("permissions:catalogue-version-detail", version_id=version.pk)
    note = about or version_name(version)

    def do() -> None:
        given = {
            name: value
            for name, value in form.cleaned_data.items()
            if not (name == "seen" and value is None)
        }
        act.do(version=version, by=request.user, at=timezone.now(), **given)

    if request.method == "POST" and form.is_valid() and done(form, do):
        return saved(act.done, note)
    context = {
        "act": act,
        "note": note,
        "form": form,
        "drawer_post": request.path,
    }
    response = render(request, "permissions/_version_drawer.html", context)
    return invalid(response) if request.method == "POST" else response


def _version_or_404(version_id: int) -> CatalogueVersion:
    version = versions().filter(pk=version_id).first()
    if version is None:
        raise Http404
    return version
