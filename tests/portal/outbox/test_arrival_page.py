"""Where one message stands, by its number: numbers can be guessed, so scope decides."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from portal.accounts.models import User
from portal.audit.models import AuditEvent, EventKind
from portal.outbox.services import enqueue
from tests.cast import make_department, make_practitioner, sign_in
from tests.pages import CheckedClient
from tests.portal.outbox.conftest import promise
from tests.portal.outbox.memory_his import grade_save

pytestmark = pytest.mark.django_db
HTMX: dict[str, Any] = {"headers": {"HX-Request": "true"}}


def test_head_sees_messages_of_the_own_department_alone(
    client: CheckedClient, chen: User
) -> None:
    make_practitioner("1188", "王若谷")
    make_practitioner("1300", "骨科医师", department=make_department("0405", "骨科"))
    mine, foreign = promise("1188"), promise("1300")
    unknown = promise("9999")
    sign_in(client, chen)
    assert client.get(f"/outbox/arrival/{mine.pk}/", **HTMX).status_code == 200
    for message in (foreign, unknown):
        answer = client.get(f"/outbox/arrival/{message.pk}/", **HTMX)
        assert answer.status_code == 403
        assert "HIS" not in answer.text
    denied = AuditEvent.objects.filter(kind=EventKind.ACCESS_DENIED)
    assert denied.count() == 2


def test_office_sees_all_of_them(client: CheckedClient, lin: User) -> None:
    make_practitioner("1300", "骨科医师", department=make_department("0405", "骨科"))
    sign_in(client, lin)
    for emp_no in ("1300", "9999"):
        message = promise(emp_no)
        assert client.get(f"/outbox/arrival/{message.pk}/", **HTMX).status_code == 200


def test_grade_of_a_procedure_is_no_department_s(
    client: CheckedClient, chen: User
) -> None:
    message = enqueue(message=grade_save(), subject="surgery.gradechange:1", at=timezone.now())  # fmt: skip
    sign_in(client, chen)
    assert client.get(f"/outbox/arrival/{message.pk}/", **HTMX).status_code == 200


def test_outsider_sees_none(client: CheckedClient, zhao: User) -> None:
    message = promise()
    sign_in(client, zhao)
    assert client.get(f"/outbox/arrival/{message.pk}/", **HTMX).status_code == 403
