"""What the system asked for by a parameter: one person stands for it, another decides."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from permissions import services
from permissions.models import Application, Grant
from permissions.services import refusals
from portal.accounts.models import User
from portal.accounts.services import system_account
from portal.audit.refusing import ReasonTooShort
from portal.directory.models import Practitioner
from portal.outbox.models import Message
from tests.cast import make_practitioner, sign_in
from tests.pages import CheckedClient
from tests.permissions.ledger import approve, nothing_written, propose

pytestmark = pytest.mark.usefixtures("catalogue")
WHY = "已与科室核对，由本人提出"


@pytest.fixture
def asked(db: None) -> Application:
    surgeon: Practitioner = make_practitioner("1188", "王若谷")
    return propose(system_account(), surgeon, "RX01")


def stand_for(application: Application, by: User, reason: str = WHY) -> Application:
    return services.stand_for(
        application=application, by=by, at=timezone.now(), reason=reason
    )


def test_nobody_approves_alone_what_the_system_proposed(
    asked: Application, lin: User
) -> None:
    with pytest.raises(refusals.ProposerMissing), nothing_written():
        approve(lin, asked)

    assert Application.objects.get().state == "SUBMITTED"


def test_who_stands_for_it_is_its_proposer_and_does_not_decide(
    asked: Application, lin: User
) -> None:
    later = timezone.now() + timedelta(minutes=1)

    services.stand_for(application=asked, by=lin, at=later, reason=WHY)

    kept = Application.objects.get()
    assert (kept.state, kept.proposed_by, kept.reason) == ("SUBMITTED", lin, WHY)
    newest = kept.history.order_by("-history_id")[0]
    assert (newest.history_user, newest.history_date) == (lin, later)
    with pytest.raises(refusals.OwnProposal), nothing_written():
        approve(lin, asked)


def test_another_person_approves_what_somebody_stands_for(
    asked: Application, lin: User, su: User
) -> None:
    stand_for(asked, lin)

    approve(su, asked)

    assert Grant.objects.count() == Message.objects.count() == 1


def test_one_person_may_reject_what_the_system_proposed(
    asked: Application, lin: User
) -> None:
    services.reject(
        application=asked, by=lin, at=timezone.now(), reason="HIS 应改回，不同意"
    )

    assert Application.objects.get().state == "REJECTED"
    assert Grant.objects.count() == 0


def test_standing_for_it_twice_or_without_a_reason_is_refused(
    asked: Application, lin: User, su: User
) -> None:
    with pytest.raises(ReasonTooShort), nothing_written():
        stand_for(asked, lin, reason=" ")
    stand_for(asked, lin)

    with pytest.raises(refusals.StoodForAlready), nothing_written():
        stand_for(asked, su)

    assert Application.objects.get().proposed_by == lin


def test_what_is_decided_is_not_stood_for(asked: Application, lin: User) -> None:
    services.reject(
        application=asked, by=lin, at=timezone.now(), reason="HIS 应改回，不同意"
    )

    with pytest.raises(refusals.AlreadyDecided), nothing_written():
        stand_for(asked, lin)


# --- the page -------------------------------------------------------------------------


def test_page_asks_for_a_proposer_and_list_says_so(
    client: CheckedClient, asked: Application, lin: User
) -> None:
    sign_in(client, lin)

    html = client.get(f"/applications/{asked.pk}/").content.decode()
    assert f'action="/applications/{asked.pk}/stand/"' in html
    assert "系统按医院参数提出，还没有提出人" in html
    [row] = client.get("/applications/").context["list"].rows
    assert str(row.state.text) == "待确认提出"


def test_standing_for_it_on_the_page_leaves_it_to_another(
    client: CheckedClient, asked: Application, lin: User, su: User
) -> None:
    sign_in(client, lin)
    address = f"/applications/{asked.pk}/stand/"
    assert client.post(address, {"reason": ""}).status_code == 422
    assert client.get(address).status_code == 302

    assert client.post(address, {"reason": WHY}).status_code == 302

    html = client.get(f"/applications/{asked.pk}/").content.decode()
    assert "提出人不能审批自己的申请" in html
    assert address not in html
    sign_in(client, su)
    assert client.get(f"/applications/{asked.pk}/").context["may_decide"]


def test_approving_it_alone_on_the_page_says_why_not(
    client: CheckedClient, asked: Application, lin: User
) -> None:
    sign_in(client, lin)
    given = {"decision": "APPROVE", "reason": "同意授权，资料齐全"}

    with nothing_written():
        answer = client.post(f"/applications/{asked.pk}/decide/", given)

    assert answer.status_code == 422
    assert "先由一人确认提出，再由另一人审批" in answer.content.decode()


def test_who_may_not_propose_does_not_stand_for_anything(
    client: CheckedClient, asked: Application, chen: User
) -> None:
    sign_in(client, chen)

    with nothing_written():
        answer = client.post(f"/applications/{asked.pk}/stand/", {"reason": WHY})

    assert answer.status_code == 403
