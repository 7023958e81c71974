"""Asking for acts through their drawers, as a page does."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.urls import reverse
from django.utils import timezone

from permissions.models import GrantState
from portal.accounts.models import User
from portal.directory.models import Practitioner
from portal.parameters.registry import DIRECT_SECOND_PERSON
from portal.parameters.services import change
from surgery.enums import DeclaredRole, Grade, Nature, Planned, Reoperation
from surgery.services.declarations import (
    DeclaredMember,
    DeclaredProcedure,
    DeclaredVerdict,
    declare,
)
from tests.cast import PASSWORD
from tests.pages import CheckedClient

LIST = "/privileges/"
HTMX: dict[str, Any] = {"HTTP_HX_REQUEST": "true"}
WHY = "四级手术年度评估未提交"
TYPED = {"reason_code": "08", "reason": WHY}


def two_are_needed(by: User) -> None:
    change(parameter=DIRECT_SECOND_PERSON, value=1, by=by, reason="院务会决定")


def by_second(user: User, password: str = PASSWORD) -> dict[str, str]:
    return {"second_no": user.staff_no, "second_password": password}


def drawer_url(state: GrantState, act: str) -> str:
    return reverse("permissions:grant-change", args=[state.pk, act])


def opened(client: CheckedClient, state: GrantState, act: str) -> Any:
    return client.get(drawer_url(state, act), **HTMX)


def previewed(client: CheckedClient, state: GrantState, act: str, **given: Any) -> Any:
    url = f"{drawer_url(state, act)}preview/"
    return client.post(url, {"seen": state.last_event_id, **given}, **HTMX)


def confirmed(client: CheckedClient, state: GrantState, act: str, **given: Any) -> Any:
    """As from the list: the answer brings the changed row."""
    asked = {"seen": state.last_event_id, **TYPED, **given}
    here = f"http://testserver{LIST}"
    return client.post(drawer_url(state, act), asked, HTTP_HX_CURRENT_URL=here, **HTMX)


def told(answer: Any) -> str:
    """The toast beside an answer."""
    text: str = answer.headers["HX-Trigger"]
    return text.encode().decode("unicode_escape")


def book(by: User, person: Practitioner, code: str, grade: Grade, days: int) -> None:
    """An operation of this surgeon so many days ahead."""
    declare(
        application_no=f"SQ{person.emp_no}{days:03}",
        applicant=person,
        surgeon=person,
        procedures=[DeclaredProcedure(code, "手术", grade)],
        planned_at=timezone.now() + timedelta(days=days),
        is_planned=Planned.PLANNED,
        nature=Nature.ELECTIVE,
        is_rescue=False,
        reoperation=Reoperation.NONE,
        reoperation_reason="",
        team=[DeclaredMember(DeclaredRole.ASSIST, "1188", "罗景文")],
        verdict=DeclaredVerdict("0", {}),
        by=by,
        at=timezone.now(),
    )
