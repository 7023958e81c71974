"""权限字典: its entries as a list, each on a page, and the drawers that change them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from django import forms
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from permissions.forms import EntryForm, ReasonForm
from permissions.models import DraftEntry
from permissions.models.entries import Entry
from permissions.models.entry_rules import problems_of
from permissions.presenters.catalogue import code_tables, entry_page, entry_rows
from permissions.presenters.catalogue_words import LABELS, diff_of
from permissions.presenters.versions import affected_panel
from permissions.queries.catalogue import (
    EntryChange,
    drafts_of,
    names,
    open_version,
    present_entries,
    privilege_or_none,
    shelf_of,
    with_drafts,
)
from permissions.services import catalogue
from permissions.services.catalogue_refusals import EntryExists, EntryInvalid
from permissions.services.refusals import ActRefused
from permissions.views.lists_catalogue import ENTRIES, entries
from portal.accounts.capabilities import Capability
from portal.accounts.guards import AuthenticatedRequest, requires
from portal.ui.elements import Note
from portal.ui.lists import list_response
from portal.ui.notices import invalid, saved
from portal.ui.phrases import said

# In a drawer only the first of those who would be hit are shown.
IN_DRAWER = 5
NO_PREVIEW: dict[str, Any] = {"preview": None, "problems": (), "panel": None}


@requires(Capability.VIEW_PRIVILEGES)
@require_GET
def entry_list(request: AuthenticatedRequest) -> HttpResponse:
    """The list, its rows alone, or the list as a file."""
    present = partial(entry_rows, scope=request.scope)
    return list_response(
        request,
        replace(ENTRIES, present=present),
        entries(),
        template="permissions/catalogue_list.html",
    )


@requires(Capability.VIEW_PRIVILEGES)
@require_GET
def entry_detail(request: AuthenticatedRequest, code: str) -> HttpResponse:
    """Every attribute of one entry, and what each version made of it."""
    privilege = privilege_or_none(code)
    if privilege is None:
        raise Http404
    page = entry_page(privilege, _draft_of(code), request.scope)
    return render(request, "permissions/catalogue_detail.html", {"page": page})


@requires(Capability.VIEW_PRIVILEGES)
@require_GET
def codes(request: AuthenticatedRequest) -> HttpResponse:
    """Reason codes, courses, regulations and scopes."""
    context = {"tables": code_tables()}
    return render(request, "permissions/catalogue_codes.html", context)


@requires(Capability.CHANGE_CATALOGUE)
def entry_new(request: AuthenticatedRequest) -> HttpResponse:
    """The drawer of a new entry."""
    if not request.htmx:
        return redirect("permissions:catalogue-list")
    form = EntryForm(request.POST or None, names=names(), auto_id="drawer_%s")
    return _entry_drawer(request, form, before=None)


@requires(Capability.CHANGE_CATALOGUE)
def entry_change(request: AuthenticatedRequest, code: str) -> HttpResponse:
    """The drawer that changes one entry: into the draft, not yet into force."""
    if not request.htmx:
        return redirect("permissions:catalogue-detail", code=code)
    draft, present = _draft_of(code), present_entries().get(code)
    entry = Entry.from_json(draft.content) if draft else present
    if entry is None:
        raise Http404
    form = EntryForm(
        request.POST or None,
        names=names(),
        entry=entry,
        initial={"seen": draft.revision if draft else 0},
        auto_id="drawer_%s",
    )
    return _entry_drawer(request, form, before=entry)


@requires(Capability.CHANGE_CATALOGUE)
@require_GET
def entry_preview(request: AuthenticatedRequest) -> HttpResponse:
    """What would change, what stands in its way, and whom it would hit."""
    code = request.GET.get("entry", "")  # empty while a new one is typed
    draft, present = _draft_of(code), present_entries()
    entry = Entry.from_json(draft.content) if draft else present.get(code)
    form = EntryForm(request.GET, names=names(), entry=entry)
    return render(request, "permissions/_entry_preview.html", _preview(form, present))


@requires(Capability.CHANGE_CATALOGUE)
def entry_switch(request: AuthenticatedRequest, code: str) -> HttpResponse:
    """停用、启用 with reason; who holds the right is shown first."""
    privilege = privilege_or_none(code)
    if privilege is None:
        raise Http404
    if not request.htmx:
        return redirect("permissions:catalogue-detail", code=code)
    draft = _draft_of(code)
    is_enabled = not privilege.is_enabled
    form = ReasonForm(
        request.POST or None,
        initial={"seen": draft.revision if draft else 0},
        auto_id="drawer_%s",
    )

    def act() -> None:
        catalogue.switch_entry(
            privilege=privilege,
            is_enabled=is_enabled,
            by=request.user,
            at=timezone.now(),
            reason=form.cleaned_data["reason"],
            seen=form.cleaned_data["seen"],
        )

    if request.method == "POST" and form.is_valid() and done(form, act):
        return saved(_("已记入草稿"), f"{privilege.code} {privilege.name}")
    before = present_entries()[code]
    change = EntryChange(code, before, _switched(before, is_enabled=is_enabled))
    context = {
        "form": form,
        "drawer_post": request.path,
        "privilege": privilege,
        "is_enabled": is_enabled,
        "preview": diff_of(change, names()),
        "panel": affected_panel([change], timezone.now(), limit=IN_DRAWER),
    }
    response = render(request, "permissions/_entry_switch_drawer.html", context)
    return invalid(response) if request.method == "POST" else response


# --- what the views share -------------------------------------------------------------


def done(form: forms.Form, act: Any) -> bool:
    """Do it; a refusal goes to the fields it is about, beside what was typed."""
    try:
        act()
    except EntryInvalid as refused:
        for attribute, texts in refused.problems.items():
            field = attribute if attribute in form.fields else None
            form.add_error(field, forms.ValidationError(list(texts)))
    except ActRefused as refused:
        field = refused.field if refused.field in form.fields else None
        form.add_error(field, str(refused.message))
    else:
        return True
    return False


def _draft_of(code: str) -> DraftEntry | None:
    version = open_version()
    return drafts_of(version).filter(code=code).first() if version else None


def _switched(entry: Entry, *, is_enabled: bool) -> Entry:
    return Entry.from_json({**entry.as_json(), "is_enabled": is_enabled})


def _entry_drawer(
    request: AuthenticatedRequest, form: EntryForm, *, before: Entry | None
) -> HttpResponse:
    def act() -> None:
        catalogue.draft_entry(
            entry=form.entry(),
            by=request.user,
            at=timezone.now(),
            reason=form.cleaned_data["reason"],
            is_new=before is None,
            seen=form.cleaned_data["seen"],
        )

    is_post = request.method == "POST"
    if is_post and form.is_valid() and done(form, act):
        made = form.entry()
        return saved(_("已记入草稿"), f"{made.code} {made.name}")
    context = {
        "form": form,
        "drawer_post": request.path,
        "drawer_wide": True,
        "entry": before,
        **(_preview(form, present_entries()) if is_post else NO_PREVIEW),
    }
    response = render(request, "permissions/_entry_drawer.html", context)
    return invalid(response) if is_post else response


def _preview(form: EntryForm, present: Mapping[str, Entry]) -> dict[str, Any]:
    """Nothing until every field can be read; the reason does not matter here."""
    form.is_valid()
    if set(form.fields) - {"reason", "seen"} - set(form.cleaned_data):
        return NO_PREVIEW
    entry = form.entry()
    version = open_version()
    drafts = list(drafts_of(version)) if version else []
    problems = problems_of(entry, shelf_of(with_drafts(present, drafts)))
    change = EntryChange(entry.code, present.get(entry.code), entry)
    if form.entry_now is None and entry.code in present:
        problems = {"code": [str(EntryExists(entry.code))], **problems}
    return {
        "preview": diff_of(change, names()) if change.attributes else None,
        "problems": [
            Note("bad", said(LABELS[attribute], text))
            for attribute, texts in problems.items()
            for text in texts
        ],
        "panel": affected_panel([change], timezone.now(), limit=IN_DRAWER),
    }
