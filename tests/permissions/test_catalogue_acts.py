"""The catalogue changes by versions: collected, decided by another, published whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.utils import timezone

from permissions import services
from permissions.models import CatalogueVersion, DraftEntry, Prerequisite, Privilege
from permissions.models.entries import Entry
from permissions.queries.catalogue import (
    catalogue_at,
    changes_of,
    compare,
    drafts_of,
    open_version,
    present_entries,
)
from permissions.services import catalogue
from permissions.services import catalogue_refusals as refusals
from permissions.services.refusals import ActRefused, PrivilegeDisabled, ReasonTooShort
from portal.accounts.models import User
from portal.audit.acting import acting
from portal.parameters.registry import CATALOGUE_APPROVERS
from portal.parameters.services import change
from tests.cast import make_practitioner, make_user
from tests.permissions.catalogue_acts import (
    REASON,
    approve,
    draft,
    entry,
    nothing_changed,
    published,
    submit,
    under_way,
)
from tests.permissions.ledger import granted, nothing_written, privilege, propose

pytestmark = pytest.mark.usefixtures("catalogue")


@pytest.fixture
def no_second_person(lin: User) -> Iterator[None]:
    change(parameter=CATALOGUE_APPROVERS, value=0, by=lin, reason="小医院")
    cache.clear()
    yield
    cache.clear()


# --- collecting -----------------------------------------------------------------------


def test_draft_leaves_the_catalogue_as_it_is(lin: User) -> None:
    before = present_entries()
    made = draft(lin, "SD06", validity_months=6)
    assert present_entries() == before
    assert privilege("SD06").history.count() == 1
    version = under_way()
    assert (version.state, version.number, version.started_by) == ("DRAFT", None, lin)
    assert [one.pk for one in drafts_of(version)] == [made.pk]
    assert [(c.code, c.attributes) for c in changes_of(version)] == [
        ("SD06", ["validity_months"])
    ]
    saved = made.history.get()
    assert (saved.history_user, saved.history_change_reason) == (lin, REASON)


def test_second_change_of_an_entry_replaces_the_first(lin: User, su: User) -> None:
    draft(lin, "SD06", validity_months=6)
    again = draft(su, "SD06", validity_months=9)
    assert (again.revision, again.changed_by) == (2, su)
    assert DraftEntry.objects.count() == 1
    assert again.history.count() == 2


def test_new_entry_joins_the_catalogue_with_its_version(lin: User, su: User) -> None:
    made = Entry("SD09", "儿科超说明书用药", "SD", "FLAG", requires=("RX01",), sort=30)
    catalogue.draft_entry(
        entry=made, by=lin, at=timezone.now(), reason=REASON, is_new=True
    )
    assert not Privilege.objects.filter(code="SD09").exists()
    submit(lin)
    version = approve(su)
    assert entry("SD09") == made
    assert privilege("SD09").version == version
    assert privilege("SD09").initials == "ekcsmsyy"


WRONG: list[tuple[str, str, dict[str, Any], str, str]] = [
    ("rule without a title", "SD06", {"min_title_rank": 0}, "min_title_rank", "选择"),
    ("no name", "SD06", {"name": " "}, "name", "填写名称"),
    ("a name twice", "SD06", {"name": "普通处方权"}, "name", "与 RX01 同名"),
    ("level of a flag", "SD06", {"level": "1"}, "level", "标志类不分级别"),
    ("level upside down", "SG08", {"level": "4-1"}, "level", "从小到大"),
    ("no level", "AB01", {"level": ""}, "level", "须填级别"),
    ("below the regulation", "AB03", {"min_title_rank": 3}, "title_rule", "底线"),
    ("no longer must", "AB02", {"title_rule": "WARN"}, "title_rule", "底线"),
    ("for outpatients", "AB03", {"setting": "ALL"}, "setting", "门诊"),
    ("unknown course", "SD06", {"trainings": ("TR99",)}, "trainings", "没有 TR99"),
    ("unknown need", "SD06", {"requires": ("XX01",)}, "requires", "没有 XX01"),
    ("needs itself", "SD06", {"requires": ("SD06",)}, "requires", "绕成一圈"),
    ("in a circle", "RX01", {"requires": ("SD01",)}, "requires", "RX01 → SD01 → RX01"),
    ("a longer circle", "AB01", {"requires": ("AB03",)}, "requires", "绕成一圈"),
    ("months too many", "SD06", {"validity_months": 121}, "validity_months", "120"),
    ("two ends", "SD06", {"ends_with": "POST"}, "ends_with", "只填一项"),
    ("never assessed", "SG04", {"assessment_months": None}, "assessment_months", "12"),
    ("no value", "SD06", {"his_value": ""}, "his_value", "取值"),
    ("another category", "SD06", {"category": "AB"}, "category", "类别须为 SD"),
]


@pytest.mark.parametrize(
    ("code", "changes", "attribute", "says"),
    [case[1:] for case in WRONG],
    ids=[case[0] for case in WRONG],
)
def test_entry_that_must_not_stand_is_refused(
    code: str, changes: dict[str, Any], attribute: str, says: str, lin: User
) -> None:
    with nothing_changed(), pytest.raises(refusals.EntryInvalid) as refused:
        draft(lin, code, **changes)
    assert says in refused.value.problems[attribute][0]


def test_new_code_must_be_free_and_well_formed(lin: User) -> None:
    at = timezone.now()
    taken = replace(entry("SD06"), name="别的")
    with nothing_changed(), pytest.raises(refusals.EntryExists):
        catalogue.draft_entry(entry=taken, by=lin, at=at, reason=REASON, is_new=True)
    odd = replace(taken, code="sd9")
    with nothing_changed(), pytest.raises(refusals.EntryInvalid) as refused:
        catalogue.draft_entry(entry=odd, by=lin, at=at, reason=REASON, is_new=True)
    assert list(refused.value.problems) == ["code"]
    with nothing_changed(), pytest.raises(refusals.EntryUnknown):
        catalogue.draft_entry(
            entry=replace(taken, code="SD77"), by=lin, at=at, reason=REASON
        )


def test_change_that_changes_nothing_and_short_reason_are_refused(lin: User) -> None:
    with nothing_changed(), pytest.raises(refusals.EntryUnchanged):
        draft(lin, "SD06")
    with nothing_changed(), pytest.raises(ReasonTooShort):
        catalogue.draft_entry(
            entry=replace(entry("SD06"), sort=99),
            by=lin,
            at=timezone.now(),
            reason="改",
        )


def test_form_opened_before_another_saved_is_refused(lin: User, su: User) -> None:
    draft(su, "SD06", validity_months=6)
    changed = replace(entry("SD06"), validity_months=9)
    with nothing_changed(), pytest.raises(refusals.DraftChangedMeanwhile) as refused:
        catalogue.draft_entry(
            entry=changed, by=lin, at=timezone.now(), reason=REASON, seen=0
        )
    assert "苏晓岚" in str(refused.value)


def test_dropped_change_is_kept_but_not_published(lin: User, su: User) -> None:
    draft(lin, "SD06", validity_months=6)
    dropped = draft(lin, "SD07", validity_months=6)
    catalogue.drop_draft(draft=dropped, by=su, at=timezone.now(), reason="下一版再改")
    submit(lin)
    head = make_user("2003", "何科长")
    approve(head)
    assert privilege("SD06").validity_months == 6
    assert privilege("SD07").validity_months == 24
    assert dropped.history.count() == 2


def test_prerequisite_cannot_be_disabled_under_those_who_need_it(lin: User) -> None:
    with nothing_changed(), pytest.raises(refusals.EntryInvalid) as refused:
        catalogue.switch_entry(
            privilege=privilege("ON01"),
            is_enabled=False,
            by=lin,
            at=timezone.now(),
            reason="停止使用此项",
        )
    assert "ON02 以它为前提" in refused.value.problems["is_enabled"][0]


def test_two_changes_right_alone_and_wrong_together_are_refused(lin: User) -> None:
    draft(lin, "SD03", requires=("SD06",))
    draft(lin, "SD04", requires=("SD03",))
    with nothing_changed(), pytest.raises(refusals.EntryInvalid):
        draft(lin, "SD06", requires=("SD04",))


# --- deciding -------------------------------------------------------------------------


def test_published_version_changes_rows_links_and_history_at_once(
    lin: User, su: User
) -> None:
    draft(lin, "AB03", validity_months=6, requires=("AB02", "MR01"))
    submit(lin)
    version = approve(su)
    assert (version.number, version.state, version.is_open) == (2, "PUBLISHED", False)
    assert (version.decided_by, version.doc_no) == (su, "云医务〔2026〕88号")
    row = privilege("AB03")
    assert (row.validity_months, row.version) == (6, version)
    assert row.history.count() == 2
    last = row.history.first()
    assert (last.history_user, last.history_change_reason) == (su, "委员会审定通过")
    assert entry("AB03").requires == ("AB02", "MR01")
    # The links of the first version are kept.
    assert Prerequisite.objects.filter(privilege=row).count() == 3
    assert open_version() is None
    assert [(c.code, c.attributes) for c in changes_of(version)] == [
        ("AB03", ["requires", "validity_months"])
    ]


def test_any_two_versions_are_compared(lin: User, su: User) -> None:
    published(lin, su, "SD06", validity_months=6)
    published(lin, su, "SD06", validity_months=9)
    published(lin, su, "SD07", name="高警示药品")
    at = {n: catalogue_at(n) for n in (1, 2, 3, 4)}
    told = [(c.code, c.attributes) for c in compare(at[1], at[4])]
    assert told == [("SD06", ["validity_months"]), ("SD07", ["name"])]
    assert [c.code for c in compare(at[2], at[3])] == ["SD06"]
    assert compare(at[3], at[3]) == []
    assert [(c.before, c.after) for c in compare({}, {"SD06": at[1]["SD06"]})] == [
        (None, at[1]["SD06"])
    ]


def test_who_submitted_or_changed_does_not_approve(lin: User, su: User) -> None:
    draft(lin, "SD06", validity_months=6)
    draft(su, "SD07", validity_months=6)
    submit(lin)
    for author in (lin, su):
        with nothing_changed(), pytest.raises(refusals.OwnVersion):
            approve(author)
    approve(make_user("2003", "何科长"))
    assert privilege("SD07").validity_months == 6


def test_second_person_is_demanded_by_the_database_too(lin: User, su: User) -> None:
    draft(lin, "SD06", validity_months=6)
    version = submit(lin)
    version.decided_by, version.decided_at = lin, timezone.now()
    with (
        pytest.raises(IntegrityError, match="second_person"),
        transaction.atomic(),
        acting(by=lin, reason="绕过"),
    ):
        version.save()


@pytest.mark.usefixtures("no_second_person")
def test_without_a_second_person_submitting_publishes(lin: User) -> None:
    draft(lin, "SD06", validity_months=6)
    version = submit(lin)
    assert (version.state, version.number, version.decided_by) == ("PUBLISHED", 2, None)
    assert privilege("SD06").validity_months == 6


def test_version_of_a_later_day_waits_for_it(
    lin: User, su: User, clock: time_machine.Traveller
) -> None:
    draft(lin, "SD06", validity_months=6)
    submit(lin, effective_on=date(2026, 12, 1))
    assert approve(su).state == "APPROVED"
    assert privilege("SD06").validity_months == 12
    with nothing_changed():
        assert catalogue.publish_due(at=timezone.now()) is None
    clock.move_to(datetime(2026, 11, 30, 16, 1, tzinfo=UTC))  # 00:01 in Shanghai
    version = catalogue.publish_due(at=timezone.now())
    assert version is not None
    assert (version.number, version.effective_on) == (2, date(2026, 12, 1))
    assert privilege("SD06").validity_months == 6
    assert privilege("SD06").history.first().history_user == su
    assert catalogue.publish_due(at=timezone.now()) is None


def test_while_a_version_is_decided_on_nothing_is_added(lin: User, su: User) -> None:
    draft(lin, "SD06", validity_months=6)
    submit(lin)
    with nothing_changed(), pytest.raises(refusals.VersionWaits):
        draft(su, "SD07", validity_months=6)
    returned = catalogue.return_version(
        version=under_way(), by=su, at=timezone.now(), reason="补充论证材料"
    )
    assert (returned.state, returned.decision_reason) == ("DRAFT", "补充论证材料")
    draft(su, "SD07", validity_months=6)
    assert drafts_of(under_way()).count() == 2


def test_decision_on_something_changed_since_is_refused(lin: User, su: User) -> None:
    draft(lin, "SD06", validity_months=6)
    seen = submit(lin).revision
    catalogue.return_version(
        version=under_way(), by=su, at=timezone.now(), reason="补充论证材料"
    )
    draft(lin, "SD06", validity_months=3)
    submit(lin)
    with nothing_changed(), pytest.raises(refusals.VersionChangedMeanwhile):
        approve(su, seen=seen)


def test_refused_submissions_leave_nothing(lin: User, su: User) -> None:
    made = draft(lin, "SD06", validity_months=6)
    with nothing_changed(), pytest.raises(refusals.EffectiveInPast):
        submit(lin, effective_on=date(2026, 11, 22))
    with nothing_changed(), pytest.raises(refusals.VersionNotInThatState):
        approve(su)
    catalogue.drop_draft(draft=made, by=lin, at=timezone.now(), reason="下一版再改")
    with nothing_changed(), pytest.raises(refusals.VersionEmpty):
        submit(lin)


def test_discarded_draft_is_kept_and_a_new_one_begins(lin: User, su: User) -> None:
    draft(lin, "SD06", validity_months=6)
    old = catalogue.discard_version(
        version=under_way(), by=lin, at=timezone.now(), reason="委员会未通过"
    )
    assert (old.state, old.number, old.is_open) == ("DISCARDED", None, False)
    draft(su, "SD07", validity_months=6)
    assert under_way().pk != old.pk
    with nothing_changed(), pytest.raises(refusals.VersionNotInThatState):
        submit(lin, version=old)


def test_only_one_version_can_be_under_way(lin: User) -> None:
    draft(lin, "SD06", validity_months=6)
    second = CatalogueVersion(started_by=lin, started_at=timezone.now())
    with (
        pytest.raises(IntegrityError, match="is_open"),
        transaction.atomic(),
        acting(by=lin, reason="第二份草稿"),
    ):
        second.save()


def test_failed_publishing_leaves_the_version_unpublished(
    lin: User, su: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft(lin, "SD06", validity_months=6)
    submit(lin)

    def breaks(*_args: object, **_more: object) -> None:
        raise RuntimeError("disk full")

    monkeypatch.setattr(catalogue, "write_entries", breaks)
    with nothing_changed(), pytest.raises(RuntimeError):
        approve(su)


# --- what it means for rights ---------------------------------------------------------


def test_disabled_entry_keeps_its_grants_and_gives_no_new_ones(
    lin: User, su: User
) -> None:
    holder, other = make_practitioner("1027", "陈景行"), make_practitioner("1043", "林")
    state = granted(lin, su, holder, "TE02", valid_to=date(2027, 11, 22))
    catalogue.switch_entry(
        privilege=privilege("TE02"),
        is_enabled=False,
        by=lin,
        at=timezone.now(),
        reason="质控员改由科室聘任",
    )
    submit(lin)
    with nothing_written():
        approve(su)
    state.refresh_from_db()
    assert state.status == "ACTIVE"
    with nothing_changed(), pytest.raises(PrivilegeDisabled):
        propose(lin, other, "TE02", valid_to=date(2027, 11, 22))


def test_new_rule_holds_from_the_published_version_on(lin: User, su: User) -> None:
    doctor = make_practitioner("1305", "方若谷", title_code="234")
    published(lin, su, "SD03", title_rule="HARD", min_title_rank=3)
    with nothing_changed(), pytest.raises(ActRefused, match="须主治医师及以上"):
        services.propose(
            practitioner=doctor,
            privilege=privilege("SD03"),
            item="",
            setting="ALL",  # type: ignore[arg-type]
            valid_from=date(2026, 11, 23),
            valid_to=date(2027, 11, 22),
            reason=REASON,
            doc_no="〔2026〕60号",
            by=lin,
            at=timezone.now(),
        )
