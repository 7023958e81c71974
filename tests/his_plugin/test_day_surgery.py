"""Day surgery is offered to who holds it (DS01), asked of the engine (S17)."""

from __future__ import annotations

from datetime import date

import pytest

from permissions.models import RuleSetting
from portal.accounts.models import User
from portal.audit.acting import acting
from portal.directory.models import Practitioner
from surgery.models import Procedure, SurgeryApplication
from tests.his_plugin.station import CHOLE, ask, declaration, question
from tests.his_plugin.test_declarations import kept
from tests.pages import CheckedClient
from tests.permissions.ledger import granted

WHY = "主刀没有所选手术的日间手术权限"
REFUSED = f"不能按日间手术申报：{WHY}。请取消勾选，或更换手术、主刀。"


@pytest.fixture(autouse=True)
def _listed(rights: Practitioner, lin: User) -> None:
    """The hospital lists the cholecystectomy 罗 may do for day surgery."""
    entry = Procedure.objects.get(code=CHOLE)
    entry.is_day_surgery = True
    with acting(by=lin, reason="测试"):
        entry.save()


def demand(client: CheckedClient, token: str) -> dict[str, str]:
    found = ask(client, token, "check", question()).json()["demands"]["is_day"]
    return dict(found)


def test_day_surgery_the_surgeon_does_not_hold_is_not_offered_nor_kept(
    client: CheckedClient, token: str
) -> None:
    assert demand(client, token) == {"need": "no", "why": WHY}
    answer = ask(client, token, "declarations", declaration(is_day=True))
    assert (answer.status_code, answer.json()["message"]) == (422, REFUSED)
    assert answer.json()["field"] == "is_day"
    assert kept() == [[]] * 6


def test_day_surgery_the_surgeon_holds_is_offered_and_kept(
    client: CheckedClient, token: str, lin: User, su: User, rights: Practitioner
) -> None:
    granted(lin, su, rights, "DS01", item=CHOLE, valid_to=date(2027, 11, 22))
    assert demand(client, token) == {"need": "may", "why": ""}
    answer = ask(client, token, "declarations", declaration(is_day=True))
    assert answer.status_code == 200
    assert SurgeryApplication.objects.get().is_day is True


def test_hospital_that_does_not_ask_for_it_offers_it_to_all(
    client: CheckedClient, token: str, lin: User
) -> None:
    with acting(by=lin, reason="测试"):
        RuleSetting.objects.create(rule="S17", mode="OFF")
    assert demand(client, token) == {"need": "may", "why": ""}
