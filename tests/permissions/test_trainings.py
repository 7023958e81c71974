"""Training records: kept with history, voided; what is wrong leaves nothing."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from permissions.models import Training, TrainingRecord
from permissions.services import record_training, void_training
from permissions.services.refusals import ActRefused
from permissions.services.trainings import Passed
from portal.accounts.models import User
from portal.audit.acting import acting
from portal.directory.models import Practitioner
from tests.cast import make_practitioner, sign_in
from tests.harness import assert_queries
from tests.pages import CheckedClient

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogue")]
HTMX: dict[str, Any] = {"headers": {"HX-Request": "true"}}
WHY = "医教科考核成绩登记"
LONG = "阿卜杜热合曼·买买提吐尔逊"


@pytest.fixture
def doctor() -> Practitioner:
    make_practitioner("01305", "方若谷", title_code="234")
    return make_practitioner("1027", LONG, title_code="231")


def passed(course: str = "TR01", **fields: Any) -> Passed:
    given = {"passed_on": date(2026, 3, 1), "score": 92, **fields}
    return Passed(training=Training.objects.get(code=course), **given)


def kept(by: User, doctor: Practitioner, **fields: Any) -> TrainingRecord:
    return record_training(
        practitioner=doctor,
        passed=passed(**fields),
        by=by,
        at=timezone.now(),
        reason=WHY,
    )


def counts() -> tuple[int, int]:
    return TrainingRecord.objects.count(), TrainingRecord.history.count()


def test_record_keeps_who_why_and_whether_it_is_a_passed_exam(
    lin: User, doctor: Practitioner
) -> None:
    record = kept(
        lin, doctor, score=59, valid_to=date(2027, 2, 28), provider=" 医教科 "
    )
    assert (record.is_passed, record.is_exam, record.provider) == (
        False,
        True,
        "医教科",
    )
    [told] = TrainingRecord.history.all()
    assert (told.history_user, told.history_change_reason) == (lin, WHY)
    attended = kept(lin, doctor, course="TR04", score=None)
    assert (attended.is_passed, attended.is_exam) == (True, False)


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({"passed_on": date(2026, 11, 24)}, "passed_on", "不能晚于今天 2026-11-23"),
        ({"valid_to": date(2026, 2, 28)}, "valid_to", "有效期不能早于完成日期"),
        ({"score": 101}, "score", "0 至 100"),
        ({"pass_mark": 101}, "pass_mark", "0 至 100"),
    ],
)
def test_record_that_cannot_be_leaves_nothing(
    fields: dict[str, Any], field: str, words: str, lin: User, doctor: Practitioner
) -> None:
    with pytest.raises(ActRefused, match=words) as refused:
        kept(lin, doctor, **fields)
    assert (refused.value.field, counts()) == (field, (0, 0))


def test_same_course_on_the_same_day_is_kept_once_unless_void(
    lin: User, doctor: Practitioner
) -> None:
    record = kept(lin, doctor)
    with pytest.raises(ActRefused, match="这一天已有记录"):
        kept(lin, doctor)
    void_training(record=record, by=lin, at=timezone.now(), reason=WHY)
    kept(lin, doctor, score=95)
    with pytest.raises(ActRefused, match="已经作废"):
        void_training(record=record, by=lin, at=timezone.now(), reason=WHY)
    assert counts() == (2, 3)


def test_disabled_course_is_refused(lin: User, doctor: Practitioner) -> None:
    course = Training.objects.get(code="TR01")
    course.is_enabled = False
    with acting(by=None, reason="停用"):
        course.save()
    with pytest.raises(ActRefused, match="已停用"):
        kept(lin, doctor)


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"valid_to": date(2026, 1, 1)}, "permissions_trainingrecord_ends_after"),
        ({"score": 101}, "permissions_trainingrecord_marks"),
    ],
)
def test_database_forbids_what_must_never_be(
    fields: dict[str, Any], name: str, lin: User, doctor: Practitioner
) -> None:
    record = kept(lin, doctor)
    for key, value in fields.items():
        setattr(record, key, value)
    with (
        pytest.raises(IntegrityError, match=name),
        transaction.atomic(),
        acting(by=lin, reason=WHY),
    ):
        record.save()


# --- the page -------------------------------------------------------------------------


def test_page_adds_refuses_and_voids(
    client: CheckedClient, lin: User, doctor: Practitioner
) -> None:
    sign_in(client, lin)
    assert "培训考核" in client.get("/doctors/1027/").text
    url = "/doctors/1027/trainings/new/"
    given = {"training": "TR01", "passed_on": "2026-03-01", "pass_mark": "60"}
    assert "TR01 抗菌药物合理应用培训" in client.get(url, **HTMX).text
    refused = client.post(url, given | {"score": "300", "reason": WHY}, **HTMX)
    assert (refused.status_code, counts()) == (422, (0, 0))
    assert client.post(url, given | {"score": "88", "reason": WHY}, **HTMX).status_code == 200  # fmt: skip
    record = TrainingRecord.objects.get()
    with assert_queries(8):
        shown = client.get("/doctors/1027/trainings/", **HTMX).text
    assert "88 分，合格线 60" in shown
    void = f"/trainings/{record.pk}/void/"
    assert "88 分" in client.get(void, **HTMX).text
    assert client.post(void, {"reason": WHY}, **HTMX).status_code == 200
    assert "作废" in client.get("/doctors/1027/trainings/", **HTMX).text
    record.refresh_from_db()
    assert record.is_void


def test_who_may_not_keep_records_sees_them_and_is_refused(
    client: CheckedClient, chen: User, lin: User, doctor: Practitioner
) -> None:
    record = kept(lin, doctor)
    sign_in(client, chen)
    shown = client.get("/doctors/1027/trainings/", **HTMX).text
    assert "TR01" in shown
    assert "/void/" not in shown
    before = counts()
    for url in (
        "/doctors/1027/trainings/new/",
        f"/trainings/{record.pk}/void/",
        "/trainings/imports/",
    ):
        assert client.post(url, {"reason": WHY}, **HTMX).status_code == 403
    assert counts() == before
