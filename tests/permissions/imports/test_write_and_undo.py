"""What a dry run showed is written, all or line by line, and can be taken back."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import time_machine
from django.utils import timezone

from permissions import services
from permissions.enums import EventKind, GrantKind, GrantStatus
from permissions.importers import acts, work
from permissions.importers.undoing import NotWhole
from permissions.models import (
    Grant,
    GrantEvent,
    GrantImport,
    GrantImportRow,
    GrantState,
)
from permissions.models.imports import APPLY, Verdict
from permissions.services.refusals import (
    ReasonTooShort,
    SecondPersonMissing,
    SecondPersonNotAnother,
)
from permissions.services.refusals_of_acts import TooLateToUndo
from portal.accounts.models import User
from portal.directory.models import Practitioner
from portal.jobs.models import Job
from portal.jobs.services import run
from portal.outbox.models import Message
from portal.parameters.days import end_of
from portal.parameters.registry import DIRECT_SECOND_PERSON
from portal.parameters.services import change
from portal.sheets.models import ImportState, Outcome
from portal.sheets.refusals import (
    NothingToWrite,
    NotInThatStep,
    SomeRowsCannot,
)
from tests.cast import make_practitioner
from tests.permissions.imports.sheets import (
    WHY,
    book,
    checked,
    reasons,
    rows_of,
    undone,
    verdicts,
    worked,
    written,
)
from tests.permissions.ledger import TODAY, granted, nothing_written

pytestmark = pytest.mark.usefixtures("catalogue")
NEXT_YEAR = date(2027, 11, 22)


@pytest.fixture
def surgeon(db: None) -> Practitioner:
    return make_practitioner("1027", "陈景行", title_code="231")


@pytest.fixture
def resident(db: None) -> Practitioner:
    return make_practitioner("1301", "周小满", title_code="234")


def mixed(lin: User, su: User, surgeon: Practitioner) -> bytes:
    """Two new lines, one renewal, one the same, one error."""
    granted(lin, su, surgeon)
    granted(lin, su, surgeon, "MR01", valid_to=NEXT_YEAR)
    return book(
        [
            ["1027", "陈景行", "SG04", "50.2205", TODAY, NEXT_YEAR],
            ["1301", "周小满", "RX01", "", TODAY, None],
            ["1027", "陈景行", "MR01", "", TODAY, date(2028, 5, 22)],
            ["1027", "陈景行", "RX01", "", TODAY, None],
            ["1301", "周小满", "AB02", "", TODAY, NEXT_YEAR],
        ]
    )


def test_good_rows_are_written_with_history_and_messages(
    lin: User, su: User, surgeon: Practitioner, resident: Practitioner
) -> None:
    data = mixed(lin, su, surgeon)
    before = (Grant.objects.count(), Message.objects.count())
    one = written(checked(lin, data), lin, doc_no="医务〔2026〕12号")
    assert one.state == ImportState.APPLIED
    assert (one.applied_by, one.applied_at) == (lin, timezone.now())
    # Of a procedure the HIS is told twice: who operates, and who orders.
    assert (Grant.objects.count(), Message.objects.count()) == (
        before[0] + 2,
        before[1] + 4,
    )
    new, other, renewed, same, error = rows_of(one)
    assert new.event is not None
    assert other.event is not None
    grant = new.event.grant
    assert (grant.item_code, grant.doc_no, grant.kind) == (
        "50.2205",
        "医务〔2026〕12号",
        GrantKind.DIRECT,
    )
    assert (new.event.kind, new.event.by, new.event.reason) == ("GRANT", lin, WHY)
    assert other.event.grant.practitioner == resident
    assert renewed.event is not None
    assert (renewed.event.kind, renewed.event.until) == (
        "RENEW",
        end_of(date(2028, 5, 22)),
    )
    assert [same.event, same.outcome, error.event, error.outcome] == [
        None,
        "",
        None,
        "",
    ]
    state = GrantState.objects.get(grant=grant)
    history = state.history.get()
    assert (history.history_user, history.history_change_reason) == (lin, WHY)


def test_what_a_row_gives_or_renews_a_later_row_may_ask_for(
    lin: User, su: User, surgeon: Practitioner, resident: Practitioner
) -> None:
    """MR04 asks for MR01: there long enough, missing, given before, given after."""
    soon = TODAY + timedelta(days=9)
    later = TODAY + timedelta(days=20)
    granted(lin, su, surgeon, "MR01", valid_to=soon)
    rows = [
        ["1027", "陈景行", "MR04", "", later, NEXT_YEAR],
        ["1027", "陈景行", "MR01", "", TODAY, NEXT_YEAR],
        ["1027", "陈景行", "MR04", "", later, NEXT_YEAR],
        ["1301", "周小满", "MR04", "", TODAY, NEXT_YEAR],
        ["1301", "周小满", "MR01", "", TODAY, NEXT_YEAR],
        ["1301", "周小满", "MR04", "", TODAY, NEXT_YEAR],
    ]
    one = checked(lin, book(rows))
    told = ["ERROR", "RENEW", "NEW", "ERROR", "NEW", "NEW"]
    assert list(verdicts(one).values()) == told
    assert reasons(one)[2] == [
        (
            "PRIVILEGE",
            "「死亡医学证明签发权」须先有前提权限：MR01 病历书写权，陈景行没有。"
            "先申请并取得前提权限，再办理这一项。",
            "MR04",
        )
    ]
    done = [row.outcome for row in rows_of(written(one, lin))]
    assert done == ["", "DONE", "DONE", "", "DONE", "DONE"]


def test_all_or_nothing_is_refused_at_once_while_a_row_is_wrong(
    lin: User, su: User, surgeon: Practitioner, resident: Practitioner
) -> None:
    one = checked(lin, mixed(lin, su, surgeon))
    with nothing_written(), pytest.raises(SomeRowsCannot):
        acts.write(
            one=one, is_all_or_nothing=True, by=lin, at=timezone.now(), reason=WHY
        )
    one.refresh_from_db()
    assert (one.state, one.applied_by) == (ImportState.CHECKED, None)


def two_rows() -> bytes:
    return book(
        [
            ["1027", "陈景行", "SG04", "50.2205", TODAY, NEXT_YEAR],
            ["1301", "周小满", "RX01", "", TODAY, None],
        ]
    )


def test_all_or_nothing_writes_all(
    lin: User, surgeon: Practitioner, resident: Practitioner
) -> None:
    one = written(checked(lin, two_rows()), lin, is_all_or_nothing=True)
    assert one.state == ImportState.APPLIED
    assert [row.outcome for row in rows_of(one)] == [Outcome.DONE, Outcome.DONE]
    assert GrantState.objects.count() == 2


def test_all_or_nothing_leaves_nothing_when_the_ledger_moved_on(
    lin: User, su: User, surgeon: Practitioner, resident: Practitioner
) -> None:
    one = checked(lin, two_rows())
    granted(lin, su, resident)
    with nothing_written():
        one = written(one, lin, is_all_or_nothing=True)
    assert one.state == ImportState.CHECKED
    assert (one.applied_by, one.applied_at, one.second) == (None, None, None)
    assert one.problem.startswith("2 项中有 1 项不能办理，全部没有保存。")
    assert verdicts(one) == {2: Verdict.NEW, 3: Verdict.CONFLICT}
    assert "日期重叠" in reasons(one)[3][0][1]
    assert [row.event for row in rows_of(one)] == [None, None]


def test_good_rows_only_names_the_row_that_the_ledger_overtook(
    lin: User, su: User, surgeon: Practitioner, resident: Practitioner
) -> None:
    one = checked(lin, two_rows())
    granted(lin, su, resident)
    one = written(one, lin)
    first, second = rows_of(one)
    assert (first.outcome, second.outcome) == (Outcome.DONE, Outcome.REFUSED)
    assert "日期重叠" in second.problems[-1]["reason"]


def test_second_person_where_the_parameter_says_so(
    lin: User, su: User, surgeon: Practitioner, resident: Practitioner
) -> None:
    change(parameter=DIRECT_SECOND_PERSON, value=1, by=su, reason="院务会决定")
    one = checked(lin, two_rows())
    with nothing_written():
        with pytest.raises(SecondPersonMissing):
            written(one, lin)
        with pytest.raises(SecondPersonNotAnother):
            written(one, lin, second=lin)
    one = written(one, lin, second=su)
    events = GrantEvent.objects.order_by("pk")
    assert [event.second for event in events] == [su, su]
    assert one.second == su


def test_short_reason_and_nothing_to_write_are_refused(
    lin: User, surgeon: Practitioner
) -> None:
    one = checked(lin, book([["9999", "无此人", "RX01", "", TODAY, None]]))
    with nothing_written():
        with pytest.raises(NothingToWrite):
            written(one, lin)
        with pytest.raises(ReasonTooShort):
            written(one, lin, reason="短")


def test_second_of_two_who_write_is_told_of_the_first(
    lin: User, su: User, surgeon: Practitioner, resident: Practitioner
) -> None:
    one = checked(lin, two_rows())
    acts.write(one=one, is_all_or_nothing=False, by=lin, at=timezone.now(), reason=WHY)
    with pytest.raises(NotInThatStep, match="林若川"):
        acts.write(
            one=one, is_all_or_nothing=False, by=su, at=timezone.now(), reason=WHY
        )
    assert Job.objects.filter(kind=APPLY).count() == 1


# --- undo -----------------------------------------------------------------------------


def test_undo_voids_everything_that_was_granted(
    lin: User, su: User, surgeon: Practitioner, resident: Practitioner
) -> None:
    one = written(checked(lin, two_rows()), lin)
    messages = Message.objects.count()
    one = undone(one, lin)
    assert (one.state, one.undone_by) == (ImportState.UNDONE, lin)
    assert [row.outcome for row in rows_of(one)] == [Outcome.UNDONE, Outcome.UNDONE]
    for row in rows_of(one):
        assert row.event is not None
        taken_back = GrantEvent.objects.get(undoes=row.event)
        assert (taken_back.kind, taken_back.by, taken_back.reason) == (
            EventKind.VOID,
            lin,
            "文件用错了，整批撤销",
        )
        state = GrantState.objects.get(grant=row.event.grant)
        assert (state.status, state.history.count()) == (GrantStatus.VOID, 2)
    assert Message.objects.count() > messages


def suspended(row: GrantImportRow, by: User) -> None:
    assert row.event is not None
    services.suspend(
        state=GrantState.objects.get(grant=row.event.grant),
        by=by,
        at=timezone.now(),
        reason_code="08",
        reason="年度评估未提交",
    )


def test_undo_of_a_renewal_gives_the_line_its_former_end_back(
    lin: User, su: User, surgeon: Practitioner, resident: Practitioner
) -> None:
    data = mixed(lin, su, surgeon)
    before = {one.pk: one.valid_to for one in GrantState.objects.all()}
    one = undone(written(checked(lin, data), lin), lin)
    assert one.state == ImportState.UNDONE
    renewed = rows_of(one)[2]
    assert (renewed.outcome, renewed.problems) == (Outcome.UNDONE, [])
    after = GrantState.objects.filter(pk__in=before)
    assert {one.pk: one.valid_to for one in after} == before


def test_undo_that_would_leave_a_changed_line_is_refused_and_undoes_nothing(
    lin: User, su: User, surgeon: Practitioner, resident: Practitioner
) -> None:
    one = written(checked(lin, mixed(lin, su, surgeon)), lin)
    _new, other, _renewed, _same, _error = rows_of(one)
    suspended(other, su)
    with nothing_written(), pytest.raises(NotWhole) as refused:
        undone(one, lin)
    assert sorted(refused.value.rows) == [other.number]
    assert "苏晓岚" in refused.value.rows[other.number]
    assert str(refused.value).startswith("不能整批撤销，没有撤销任何一行：第 3 行")
    one.refresh_from_db()
    assert (one.state, one.undone_by) == (ImportState.APPLIED, None)


def test_undo_goes_through_once_what_stood_in_its_way_was_revoked(
    lin: User, su: User, surgeon: Practitioner, resident: Practitioner
) -> None:
    one = written(checked(lin, mixed(lin, su, surgeon)), lin)
    new, other, renewed, _same, _error = rows_of(one)
    assert renewed.event is not None
    services.revoke(
        state=GrantState.objects.get(grant=renewed.event.grant),
        by=su,
        at=timezone.now(),
        reason_code="19",
        reason="续期有误，取消后重新授权",
    )
    one = undone(one, lin)
    assert one.state == ImportState.UNDONE
    new, other, renewed, _same, _error = rows_of(one)
    assert [new.outcome, other.outcome, renewed.outcome] == [
        Outcome.UNDONE,
        Outcome.UNDONE,
        Outcome.LEFT,
    ]
    assert "已另行取消或作废" in renewed.problems[-1]["reason"]


def test_line_changed_while_the_undo_waits_keeps_all_of_it(
    lin: User, su: User, surgeon: Practitioner, resident: Practitioner
) -> None:
    one = written(checked(lin, two_rows()), lin)
    acts.undo(one=one, by=lin, at=timezone.now(), reason="文件用错了，整批撤销")
    # Rows are taken back from the last to the first: this one comes last.
    suspended(rows_of(one)[0], su)
    one = worked(one)
    assert (one.state, one.undone_by) == (ImportState.APPLIED, None)
    assert one.problem.startswith("不能整批撤销，没有撤销任何一行：第 2 行，共 1 行。")
    assert [row.outcome for row in rows_of(one)] == [Outcome.DONE, Outcome.DONE]
    assert not GrantEvent.objects.filter(kind=EventKind.VOID).exists()


def test_undo_after_its_hours_is_refused(
    lin: User, surgeon: Practitioner, resident: Practitioner
) -> None:
    one = written(checked(lin, two_rows()), lin)
    late = timezone.now() + timedelta(hours=25)
    with (
        time_machine.travel(late, tick=False),
        nothing_written(),
        pytest.raises(TooLateToUndo),
    ):
        undone(one, lin)


def test_undo_twice_is_refused(
    lin: User, surgeon: Practitioner, resident: Practitioner
) -> None:
    one = undone(written(checked(lin, two_rows()), lin), lin)
    with nothing_written(), pytest.raises(NotInThatStep):
        undone(one, lin)


# --- interrupted ----------------------------------------------------------------------


def test_writing_that_died_goes_on_where_it_stopped(
    lin: User,
    surgeon: Practitioner,
    resident: Practitioner,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A worker dies between two parts: what it wrote stays written once."""
    monkeypatch.setattr(work, "ACTS_AT_ONCE", 1)
    one = checked(lin, two_rows())
    acts.write(one=one, is_all_or_nothing=False, by=lin, at=timezone.now(), reason=WHY)
    one.refresh_from_db()
    assert one.job is not None

    class Died(BaseException):
        pass

    def dies(phase: str, done: int = 0, total: int = 0) -> None:
        raise Died

    with pytest.raises(Died):
        work.apply(one.job, dies)
    assert [row.outcome for row in rows_of(one)] == [Outcome.DONE, ""]
    one = worked(one)
    assert one.state == ImportState.APPLIED
    assert [row.outcome for row in rows_of(one)] == [Outcome.DONE, Outcome.DONE]
    assert Grant.objects.count() == 2


def test_a_job_that_is_not_the_imports_any_more_does_nothing(
    lin: User, surgeon: Practitioner, resident: Practitioner
) -> None:
    one = written(checked(lin, two_rows()), lin)
    stale = Job.objects.get(kind=APPLY)
    Job.objects.filter(pk=stale.pk).update(state="WAITING")
    with nothing_written():
        assert run(stale)
    assert GrantImport.objects.get(pk=one.pk).state == ImportState.APPLIED
