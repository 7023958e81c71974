"""Too many rows gone: the pull stops, a person looks and says what is true."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from portal.accounts.capabilities import Role
from portal.accounts.models import User
from portal.audit.models import AuditEvent, EventKind
from portal.directory import losses
from portal.directory.models import Loss, Practitioner, RowChange, SyncRun
from tests.cast import make_user
from tests.portal.his.rows import ListedHis, many, pull_doctors

pytestmark = pytest.mark.django_db

MONDAY = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


@pytest.fixture
def gao(db: None) -> User:
    return make_user("2051", "高远", Role.INFORMATION_CENTER)


@pytest.fixture
def his() -> ListedHis:
    """30 doctors were pulled; now 7 of them are gone."""
    his = ListedHis(many(30))
    pull_doctors(gateway=his, at=MONDAY)
    his.doctor_rows = his.doctor_rows[7:]
    return his


def pulled(his: ListedHis, minutes: int) -> SyncRun:
    return pull_doctors(gateway=his, at=MONDAY + timedelta(minutes=minutes))


def here() -> int:
    return Practitioner.objects.filter(missing_since=None).count()


def states() -> list[tuple[str, bool]]:
    return list(Loss.objects.order_by("id").values_list("state", "is_current"))


def test_loss_stops_the_pull_and_asks_once_however_often_it_is_seen(
    his: ListedHis,
) -> None:
    runs = [pulled(his, minutes) for minutes in (10, 20, 30)]

    assert {run.state for run in runs} == {"HELD"}
    assert (here(), RowChange.objects.count()) == (30, 0)
    loss = Loss.objects.get()
    assert (loss.view, loss.state, loss.known) == ("V_YW_DOCTOR", "OPEN", 30)
    assert loss.keys == [f"{number:06d}" for number in range(7)]


def test_accepted_loss_is_taken_by_the_next_pull_and_no_row_is_deleted(
    his: ListedHis, gao: User
) -> None:
    pulled(his, 10)
    losses.accept(loss=Loss.objects.get(), by=gao, at=MONDAY, reason="院区合并")

    run = pulled(his, 20)

    assert (run.state, run.vanished) == ("TAKEN", 7)
    assert (here(), Practitioner.objects.count()) == (23, 30)
    kinds = RowChange.objects.filter(run=run).values_list("kind", flat=True)
    assert list(kinds) == ["VANISHED"] * 7
    assert states() == [("ACCEPTED", False)]
    event = AuditEvent.objects.get(kind=EventKind.LOSS_ACCEPTED)
    assert (event.by, event.reason) == (gao, "院区合并")
    assert event.detail == {"view": "V_YW_DOCTOR", "rows": 7}


def test_accepting_covers_the_rows_seen_and_not_what_goes_later(
    his: ListedHis, gao: User
) -> None:
    pulled(his, 10)
    losses.accept(loss=Loss.objects.get(), by=gao, at=MONDAY, reason="院区合并")
    his.doctor_rows = his.doctor_rows[1:]

    run = pulled(his, 20)

    assert (run.state, run.vanished, here()) == ("HELD", 8, 30)
    assert states() == [("ACCEPTED", False), ("OPEN", True)]


def test_accepting_is_used_up_by_the_pull_that_took_it(
    his: ListedHis, gao: User
) -> None:
    gone = many(30)[:7]
    pulled(his, 10)
    losses.accept(loss=Loss.objects.get(), by=gao, at=MONDAY, reason="院区合并")
    pulled(his, 20)
    his.doctor_rows = [*gone, *his.doctor_rows]
    pulled(his, 30)
    his.doctor_rows = his.doctor_rows[7:]

    run = pulled(his, 40)

    assert (run.state, here()) == ("HELD", 30)


def test_dismissed_loss_is_not_asked_about_again_while_it_lasts(
    his: ListedHis, gao: User
) -> None:
    pulled(his, 10)
    losses.dismiss(loss=Loss.objects.get(), by=gao, at=MONDAY, reason="视图有误")

    run = pulled(his, 20)

    assert (run.state, here()) == ("HELD", 30)
    assert states() == [("DISMISSED", True)]
    event = AuditEvent.objects.get(kind=EventKind.LOSS_DISMISSED)
    assert (event.by, event.reason) == (gao, "视图有误")


@pytest.mark.parametrize("is_dismissed", [True, False])
def test_rows_that_come_back_end_the_question_and_its_answer(
    his: ListedHis, gao: User, is_dismissed: bool
) -> None:
    pulled(his, 10)
    if is_dismissed:
        losses.dismiss(loss=Loss.objects.get(), by=gao, at=MONDAY, reason="视图有误")
    lacking = his.doctor_rows
    his.doctor_rows = many(30)

    assert pulled(his, 20).state == "TAKEN"
    assert states() == [("DISMISSED" if is_dismissed else "OVER", False)]

    his.doctor_rows = lacking
    assert pulled(his, 30).state == "HELD"
    assert states()[-1] == ("OPEN", True)


def test_decision_comes_once(his: ListedHis, gao: User) -> None:
    pulled(his, 10)
    loss = Loss.objects.get()
    losses.dismiss(loss=loss, by=gao, at=MONDAY, reason="视图有误")

    with pytest.raises(losses.AlreadyDecided):
        losses.accept(loss=loss, by=gao, at=MONDAY, reason="院区合并")

    assert states() == [("DISMISSED", True)]
    assert AuditEvent.objects.filter(subject_type="directory.loss").count() == 1


def test_two_questions_about_one_view_cannot_stand(his: ListedHis) -> None:
    pulled(his, 10)
    with (
        pytest.raises(
            IntegrityError, match=r"directory_loss|directory_loss_one_current"
        ),
        transaction.atomic(),
    ):
        Loss.objects.create(view="V_YW_DOCTOR", found_at=MONDAY, known=1, keys=[])


def test_decision_without_a_person_cannot_stand(his: ListedHis) -> None:
    pulled(his, 10)
    with (
        pytest.raises(IntegrityError, match="directory_loss_decided"),
        transaction.atomic(),
    ):
        Loss.objects.update(state="ACCEPTED")


def test_view_that_gives_nothing_at_all_is_stopped_however_small_it_was() -> None:
    his = ListedHis(many(2))
    pull_doctors(gateway=his, at=MONDAY)
    his.doctor_rows = []

    assert pulled(his, 10).state == "HELD"
    assert here() == 2
