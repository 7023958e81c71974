"""What is kept, told or sent is Chinese, whatever language the reader's page has."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from django.utils import timezone
from django.utils.translation import get_language, override

from permissions.enums import Trigger
from permissions.models import BookingHit, GrantState, Review
from permissions.services import telling
from permissions.services.reminders import remind
from permissions.services.triggers import why
from portal.accounts.models import User
from portal.directory.models import Practitioner, PractitionerEvent
from portal.notices.models import Notice, NoticeKind
from portal.ui.phrases import in_chinese
from tests.cast import make_department, make_practitioner
from tests.permissions.event_acts import give, happen, leave, read, set_to
from tests.permissions.test_booking_hits import book, suspend

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogue")]
WORD = re.compile(r"[A-Za-z]{4,}")


@pytest.fixture(autouse=True)
def _reader_is_english() -> Iterator[None]:
    with override("en"):
        yield


@pytest.fixture
def doctor() -> Practitioner:
    for number in range(30):
        make_practitioner(f"6{number:03}", "同事")
    return make_practitioner("1188", "王若谷", title_code="231")


def kept() -> set[str]:
    """Every title and text that was told."""
    rows = Notice.objects.order_by("pk").values_list("title", "text")
    return {text for row in rows for text in row}


def test_event_of_which_one_is_only_told(lin: User, doctor: Practitioner) -> None:
    set_to(lin, EVENT_TRANSFER=0)
    give(lin, doctor)
    make_department("0405", "骨科")
    happen(doctor, "DEPARTMENT", "0301", "0405")
    read()
    assert kept() == {
        "王若谷（工号 1188）调换科室",
        "调换科室：由 肝胆外科 变为 骨科（来自 HIS）。授权未变，如须调整请在权限维护中办理。",
    }


def test_mass_change_and_leaver(lin: User, doctor: Practitioner) -> None:
    give(lin, doctor)
    leave(doctor)
    read()
    review = Review.objects.get()
    telling.held(review, doctors=12, at=timezone.now())
    assert not any(WORD.search(text) for text in kept())
    assert WORD.search(review.why) is None


@pytest.mark.parametrize("kind", [NoticeKind.EXPIRY, NoticeKind.ASSESSMENT, NoticeKind.CERTIFICATE])  # fmt: skip
def test_reminder(kind: NoticeKind, lin: User, doctor: Practitioner) -> None:
    at = timezone.now()
    telling.coming(doctor, kind, key="k", ends=[date(2027, 1, 1)], at=at)
    telling.coming_today(kind, key="t", count=3, at=at)
    assert len(kept()) > 1
    assert not any(WORD.search(text) for text in kept())


def test_reminder_of_a_right_that_ends(lin: User, doctor: Practitioner) -> None:
    give(lin, doctor, "RX01", valid_to=date(2026, 11, 23) + timedelta(days=90))
    remind(at=timezone.now())
    assert not any(WORD.search(text) for text in kept())


@pytest.mark.usefixtures("prerequisites_warn")
def test_operation_that_was_hit(lin: User, doctor: Practitioner) -> None:
    state = give(lin, doctor, "SG03", item="51.2300", role="OPERATE")
    book(doctor, lin, "SQ1", days=2)
    suspend(GrantState.objects.get(pk=state.pk), lin)
    assert BookingHit.objects.get().why == "暂停 腹腔镜下胆囊切除术"
    assert not any(WORD.search(text) for text in kept())


@pytest.mark.parametrize("kind", PractitionerEvent.Kind.values)
def test_every_event_says_why_in_chinese(kind: str, doctor: Practitioner) -> None:
    after = {"CERTIFICATE": "GCP 2026-11-22"}.get(kind, "2026-11-22")
    event = PractitionerEvent(practitioner=doctor, kind=kind, before="01", after=after)
    for trigger in (Trigger.LEFT, Trigger.CERTIFICATE):
        assert WORD.search(why(event, trigger).replace("HIS", "")) is None


# --- the language of the reader is given back -----------------------------------------


@in_chinese
def inner() -> str | None:
    return get_language()


@in_chinese
def outer() -> str | None:
    inner()
    return get_language()


def test_reader_keeps_the_language_after_one_call_within_another() -> None:
    assert (outer(), get_language()) == ("zh-hans", "en")


def test_two_threads_keep_their_languages() -> None:
    both = threading.Barrier(2, timeout=20)
    after: dict[str, str | None] = {}

    @in_chinese
    def meet() -> None:
        both.wait()

    def read_in(language: str) -> None:
        with override(language):
            meet()
            after[language] = get_language()

    threads = [
        threading.Thread(target=read_in, args=(one,)) for one in ("en", "zh-hans")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert after == {"en": "en", "zh-hans": "zh-hans"}
