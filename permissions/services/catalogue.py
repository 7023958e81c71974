"""Changing the catalogue: collected in a draft, decided by a second person, published.

Each act is one transaction; what must not be is refused with an ``ActRefused`` and
leaves nothing. Rights already granted are never touched by a change of the catalogue.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from permissions.models import CatalogueVersion, DraftEntry, Privilege
from permissions.models.attributes import VersionState
from permissions.models.entries import Entry
from permissions.models.entry_rules import problems_of
from permissions.models.revising import write_entries
from permissions.queries.catalogue import (
    drafts_of,
    present_entries,
    shelf_of,
    with_drafts,
)
from permissions.services import rules
from permissions.services.catalogue_refusals import (
    DraftChangedMeanwhile,
    DraftNotFound,
    EffectiveInPast,
    EntryExists,
    EntryInvalid,
    EntryUnchanged,
    EntryUnknown,
    OwnVersion,
    VersionChangedMeanwhile,
    VersionEmpty,
    VersionNotInThatState,
    VersionWaits,
)
from portal.accounts.models import User
from portal.audit.acting import acting
from portal.parameters.days import day_of
from portal.parameters.queries import value_of
from portal.parameters.registry import CATALOGUE_APPROVERS
from portal.ui.moments import write_moment

# --- collecting -----------------------------------------------------------------------


@transaction.atomic
def draft_entry(
    *,
    entry: Entry,
    by: User,
    at: datetime,
    reason: str,
    is_new: bool = False,
    seen: int | None = None,
) -> DraftEntry:
    """Put an entry as it should be into the version under way, opening one if needed.

    ``seen`` is the revision of its draft the person had before them, 0 for none.
    """
    text = rules.clear_reason(reason)
    with acting(by=by, reason=text):
        version = _open_for_drafts(by=by, at=at)
        draft = DraftEntry.objects.filter(version=version, code=entry.code).first()
        _must_be_as_seen(draft, seen)
        entries = present_entries()
        before = entries.get(entry.code)
        _must_be_possible(entry, before, draft, is_new=is_new)
        _must_stand(entry, with_drafts(entries, drafts_of(version)))
        draft = draft or DraftEntry(version=version, code=entry.code, revision=0)
        draft.content = entry.as_json()
        draft.is_new = before is None
        draft.is_dropped = False
        draft.reason = text
        draft.changed_by = by
        draft.changed_at = at
        draft.revision += 1
        _save(draft, at)
        _touch(version, at)
    return draft


@transaction.atomic
def switch_entry(
    *,
    privilege: Privilege,
    is_enabled: bool,
    by: User,
    at: datetime,
    reason: str,
    seen: int | None = None,
) -> DraftEntry:
    """停用、启用: no new rights under it, or again; what was granted stays valid."""
    entries = present_entries()
    draft = _draft_under_way(privilege.code)
    entry = Entry.from_json(draft.content) if draft else entries[privilege.code]
    return draft_entry(
        entry=replace(entry, is_enabled=is_enabled),
        by=by,
        at=at,
        reason=reason,
        seen=seen,
    )


@transaction.atomic
def drop_draft(
    *, draft: DraftEntry, by: User, at: datetime, reason: str, seen: int | None = None
) -> DraftEntry:
    """撤下: the change is taken out of the draft, and kept as having been there."""
    text = rules.clear_reason(reason)
    version = _locked(draft.version)
    current = drafts_of(version).filter(pk=draft.pk).first()
    if current is None:
        raise DraftNotFound
    if version.state != VersionState.DRAFT:
        raise VersionWaits(version.get_state_display())
    _must_be_as_seen(current, seen)
    current.is_dropped = True
    current.reason = text
    current.changed_by = by
    current.changed_at = at
    current.revision += 1
    with acting(by=by, reason=text):
        _save(current, at)
        _touch(version, at)
    return current


# --- deciding -------------------------------------------------------------------------


@transaction.atomic
def submit(
    *,
    version: CatalogueVersion,
    effective_on: date,
    doc_no: str,
    by: User,
    at: datetime,
    reason: str,
    seen: int | None = None,
) -> CatalogueVersion:
    """提交审批; where the hospital asks for no second person, it is published at once
    or waits for its day."""
    text = rules.clear_reason(reason)
    current = _locked(version)
    _must_be_revision(current, seen)
    _must_be_in(current, VersionState.DRAFT, _("提交"))
    if effective_on < day_of(at):
        raise EffectiveInPast(day_of(at))
    _must_stand_whole(current)
    current.effective_on = effective_on
    current.doc_no = doc_no.strip()
    current.reason = text
    current.submitted_by = by
    current.submitted_at = at
    current.decided_by = current.decided_at = None
    current.decision_reason = ""
    with acting(by=by, reason=text):
        if value_of(CATALOGUE_APPROVERS):
            current.state = VersionState.SUBMITTED
            _touch(current, at)
        else:
            _settle(current, at)
    return current


@transaction.atomic
def approve_version(
    *,
    version: CatalogueVersion,
    by: User,
    at: datetime,
    reason: str,
    seen: int | None = None,
) -> CatalogueVersion:
    """同意: published now, or on its day when that lies ahead."""
    text = rules.clear_reason(reason)
    current = _locked(version)
    _must_be_revision(current, seen)
    _must_be_in(current, VersionState.SUBMITTED, _("审批"))
    _must_be_another(current, by)
    _must_stand_whole(current)
    _decide(current, by=by, at=at, reason=text)
    with acting(by=by, reason=text):
        _settle(current, at)
    return current


@transaction.atomic
def return_version(
    *,
    version: CatalogueVersion,
    by: User,
    at: datetime,
    reason: str,
    seen: int | None = None,
) -> CatalogueVersion:
    """退回: a draft again, whether it waited for a decision or for its day."""
    text = rules.clear_reason(reason)
    current = _locked(version)
    _must_be_revision(current, seen)
    if current.state not in {VersionState.SUBMITTED, VersionState.APPROVED}:
        raise VersionNotInThatState(_("退回"), current.get_state_display())
    current.state = VersionState.DRAFT
    # The decision of before no longer holds; the history keeps it.
    current.decided_by = current.decided_at = None
    current.decision_reason = text
    with acting(by=by, reason=text):
        _touch(current, at)
    return current


@transaction.atomic
def discard_version(
    *,
    version: CatalogueVersion,
    by: User,
    at: datetime,
    reason: str,
    seen: int | None = None,
) -> CatalogueVersion:
    """作废草稿: nothing of it is published, everything of it is kept."""
    text = rules.clear_reason(reason)
    current = _locked(version)
    _must_be_revision(current, seen)
    _must_be_in(current, VersionState.DRAFT, _("作废"))
    current.state = VersionState.DISCARDED
    current.is_open = False
    current.decision_reason = text
    with acting(by=by, reason=text):
        _touch(current, at)
    return current


@transaction.atomic
def publish_due(*, at: datetime) -> CatalogueVersion | None:
    """The approved version whose day has come; None when there is none.

    Done in the name of who decided, or of who submitted where nobody had to.
    """
    found = (
        CatalogueVersion.objects.select_for_update()
        .filter(state=VersionState.APPROVED, effective_on__lte=day_of(at))
        .first()
    )
    if found is None:
        return None
    by = found.decided_by or found.submitted_by
    with acting(by=by, reason=found.decision_reason or found.reason):
        _publish(found, at)
    return found


# --- what they share ------------------------------------------------------------------


def _open_for_drafts(*, by: User, at: datetime) -> CatalogueVersion:
    version = _open_locked()
    if version is None:
        version = CatalogueVersion(started_by=by, started_at=at)
        try:
            with transaction.atomic():
                _save(version, at)
        except IntegrityError:
            # Two began a draft at once and the other one was faster: join theirs.
            version = _open_locked()
            if version is None:
                raise VersionChangedMeanwhile from None
    if version.state != VersionState.DRAFT:
        raise VersionWaits(version.get_state_display())
    return version


def _open_locked() -> CatalogueVersion | None:
    return CatalogueVersion.objects.select_for_update().filter(is_open=True).first()


def _draft_under_way(code: str) -> DraftEntry | None:
    return DraftEntry.objects.filter(
        version__is_open=True, code=code, is_dropped=False
    ).first()


def _locked(version: CatalogueVersion) -> CatalogueVersion:
    return CatalogueVersion.objects.select_for_update().get(pk=version.pk)


def _must_be_as_seen(draft: DraftEntry | None, seen: int | None) -> None:
    if draft is None or seen is None or seen == draft.revision:
        return
    if draft.is_dropped and seen == 0:
        return
    raise DraftChangedMeanwhile(draft.changed_by.name, write_moment(draft.changed_at))


def _must_be_revision(version: CatalogueVersion, seen: int | None) -> None:
    if seen is not None and seen != version.revision:
        raise VersionChangedMeanwhile


def _must_be_in(version: CatalogueVersion, state: VersionState, act: str) -> None:
    if version.state != state:
        raise VersionNotInThatState(act, version.get_state_display())


def _must_be_possible(
    entry: Entry, before: Entry | None, draft: DraftEntry | None, *, is_new: bool
) -> None:
    in_draft = draft is not None and not draft.is_dropped
    if is_new and (before is not None or in_draft):
        raise EntryExists(entry.code)
    if not is_new and before is None and not in_draft:
        raise EntryUnknown(entry.code)
    now = Entry.from_json(draft.content) if draft and in_draft else before
    if entry in (now, before):
        raise EntryUnchanged


def _must_stand(entry: Entry, entries: dict[str, Entry]) -> None:
    problems = problems_of(entry, shelf_of(entries))
    if problems:
        raise EntryInvalid(problems)


def _must_stand_whole(version: CatalogueVersion) -> None:
    """Each change was right when it was collected; together they must be right too."""
    drafts = list(drafts_of(version))
    if not drafts:
        raise VersionEmpty
    shelf = shelf_of(with_drafts(present_entries(), drafts))
    for draft in drafts:
        problems = problems_of(Entry.from_json(draft.content), shelf)
        if problems:
            texts = [text for found in problems.values() for text in found]
            raise EntryInvalid({"": [f"{draft.code}：{text}" for text in texts]})


def _must_be_another(version: CatalogueVersion, by: User) -> None:
    """Who submitted or changed anything does not decide."""
    authors = set(drafts_of(version).values_list("changed_by", flat=True))
    if by.pk in authors | {version.submitted_by_id}:
        raise OwnVersion


def _decide(version: CatalogueVersion, *, by: User, at: datetime, reason: str) -> None:
    version.decided_by = by
    version.decided_at = at
    version.decision_reason = reason


def _settle(version: CatalogueVersion, at: datetime) -> None:
    """Published when its day has come, otherwise waiting for it."""
    if version.effective_on is not None and version.effective_on > day_of(at):
        version.state = VersionState.APPROVED
        _touch(version, at)
    else:
        _publish(version, at)


def _publish(version: CatalogueVersion, at: datetime) -> None:
    """Entries, revisions and links of every change, and the number, at once."""
    last = CatalogueVersion.objects.exclude(number=None).order_by("-number").first()
    version.number = (last.number or 0) + 1 if last else 1
    version.state = VersionState.PUBLISHED
    version.is_open = False
    version.published_at = at
    version.effective_on = max(version.effective_on or day_of(at), day_of(at))
    _touch(version, at)
    entries = [Entry.from_json(draft.content) for draft in drafts_of(version)]
    write_entries(entries, version, at=at)


def _touch(version: CatalogueVersion, at: datetime) -> None:
    version.revision += 1
    _save(version, at)


def _save(row: CatalogueVersion | DraftEntry, at: datetime) -> None:
    """The history row carries the moment of the act."""
    row._history_date = at  # type: ignore[union-attr]  # read by simple-history
    row.save()
