"""One act, several targets: each is told in its own way, in the act's transaction."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.utils import timezone

from permissions import services
from permissions.models import Grant, GrantState
from permissions.queries.grants import not_confirmed
from permissions.services import Line
from portal.accounts.models import User
from portal.directory.models import HisRightKind, Practitioner
from portal.his.mapping.loader import DEMO
from portal.outbox.delivery import deliver_due
from portal.outbox.models import Message, State
from portal.outbox.queries import Confirmed, arrival_of, arrivals_by_subject
from tests.cast import make_practitioner
from tests.permissions.ledger import REASON, TODAY, privilege
from tests.portal.outbox.memory_his import MemoryHis

pytestmark = pytest.mark.usefixtures("catalogue")
Clock = time_machine.Traveller
LAST = date(2026, 12, 22)
WAYS = {
    "undated": "[push]\nkeeps_dates = false\n",
    "whole": "[push]\nwhole_sets = true\n",
    "flags": '[push.flags]\nantibiotic_level = { AB01 = "1", AB02 = "2" }\n',
}


@pytest.fixture
def surgeon(db: None) -> Practitioner:
    return make_practitioner("1027", "陈景行", title_code="231")


@pytest.fixture(autouse=True)
def _targets(settings: Any, tmp_path: Path) -> None:
    """The HIS keeps dates; beside it one of each other kind, and one for messages."""
    text = ""
    for name, words in WAYS.items():
        mapping = tmp_path / f"{name}.toml"
        mapping.write_text(DEMO.read_text(encoding="utf-8") + words, encoding="utf-8")
        text += f'[{name}]\ndsn = "postgresql+psycopg://yw@127.0.0.1/{name}"\n'
        text += f'mapping = "{mapping}"\n'
    text += '[paper]\ndsn = "mllp://127.0.0.1:2575"\ninterfaces = ["YW_PRIV_SAVE"]\n'
    settings.HIS_TARGETS = text
    settings.HIS_MAPPING = "demo_his"


def give(by: User, person: Practitioner, code: str, **fields: Any) -> Grant:
    line = Line(
        privilege=privilege(code), **({"valid_from": TODAY, "valid_to": LAST} | fields)
    )
    return services.grant(
        practitioner=person, line=line, by=by, at=timezone.now(), reason=REASON
    )


def told(target: str) -> list[str]:
    """Kind, operation and day of everything a target was promised."""
    found = []
    for row in Message.objects.filter(target=target).order_by("id"):
        op = row.payload.get("op", f"{len(row.payload.get('lines', []))} lines")
        days = (row.not_before - timezone.now()).days if row.due_at else 0
        state = "" if row.state == State.WAITING else f" {row.state}"
        found.append(f"{row.kind} {op} +{max(days, 0)}{state}")
    return found


def test_grant_is_told_to_each_target_in_its_own_way(
    surgeon: Practitioner, lin: User
) -> None:
    give(lin, surgeon, "AB01")

    assert told("his") == ["PRIV_SAVE ADD +0"]
    # No days there: told to give now, and to take when the last day is over.
    assert told("undated") == ["PRIV_SAVE ADD +0", "PRIV_SAVE REVOKE +29"]
    assert told("whole") == ["PRIV_SAVE ADD +0"]
    # The field alone, raised now and lowered when the last day is over.
    assert told("flags") == ["PRIV_SAVE ADD +0", "PRIV_SAVE UPDATE +29"]
    assert told("paper") == ["PRIV_SAVE ADD +0"]
    flag = Message.objects.filter(target="flags").order_by("id")[0].payload
    assert (flag["priv_code"], flag["his_value"]) == ("antibiotic_level", "1")


def test_right_to_a_procedure_goes_as_a_line_a_set_or_not_at_all(
    surgeon: Practitioner, lin: User
) -> None:
    HisRightKind.objects.all().delete()
    give(lin, surgeon, "SG03", item="51.2300", role="OPERATE")

    assert told("his") == ["DOCTOR_OP_SAVE ADD +0"] * 2  # operating implies ordering
    assert told("undated") == [
        *["DOCTOR_OP_SAVE ADD +0"] * 2,
        *["DOCTOR_OP_SAVE REVOKE +29"] * 2,
    ]
    assert told("whole") == ["DOCTOR_OP_SET 2 lines +0"]
    assert told("flags") == ["DOCTOR_OP_SAVE ADD +0"] * 2
    assert told("paper") == []


def test_revocation_reaches_every_target_and_withdraws_what_waited(
    surgeon: Practitioner, lin: User
) -> None:
    grant = give(lin, surgeon, "AB01")
    for name in ("his", *WAYS, "paper"):
        deliver_due(gateway=MemoryHis(), target=name, lanes=1)

    services.revoke(
        state=GrantState.objects.get(grant=grant),
        by=lin,
        at=timezone.now(),
        reason=REASON,
        reason_code="08",
    )

    proven = "PRIV_SAVE ADD +0 CONFIRMED"
    assert told("his") == [proven, "PRIV_SAVE REVOKE +0"]
    assert told("undated") == [
        proven,
        "PRIV_SAVE REVOKE +0 STOPPED",
        "PRIV_SAVE REVOKE +0",
    ]
    assert told("whole") == [proven, "PRIV_SAVE REVOKE +0"]
    assert told("flags") == [
        proven,
        "PRIV_SAVE UPDATE +0 STOPPED",
        "PRIV_SAVE UPDATE +0",
    ]
    assert told("paper") == [proven, "PRIV_SAVE REVOKE +0"]


def test_act_that_fails_leaves_no_target_told(surgeon: Practitioner, lin: User) -> None:
    def act() -> None:
        with transaction.atomic():
            give(lin, surgeon, "AB01")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        act()

    assert Message.objects.count() == 0


def test_arrival_of_a_right_speaks_of_the_his_alone(
    surgeon: Practitioner, lin: User
) -> None:
    """Another target that is away reddens no row; it is seen on the page HIS 对接."""
    give(lin, surgeon, "AB01")
    subject = Message.objects.filter(target="his").get().subject
    unconfirmed = GrantState.objects.filter(not_confirmed())

    for name in WAYS:
        deliver_due(gateway=MemoryHis(), target=name, lanes=1)
    assert arrival_of([subject])[subject].target == "his"
    assert arrivals_by_subject([subject])[subject] == arrival_of([subject])[subject]
    assert unconfirmed.count() == 1

    deliver_due(gateway=MemoryHis(), target="his", lanes=1)
    deliver_due(gateway=MemoryHis(is_down=True), target="paper", lanes=1)

    assert arrival_of([subject])[subject].state == State.CONFIRMED
    assert isinstance(arrivals_by_subject([subject])[subject], Confirmed)
    assert unconfirmed.count() == 0


def test_target_that_came_later_is_told_of_what_changes_from_then_on(
    surgeon: Practitioner, lin: User, settings: Any
) -> None:
    """A renewal of a right it never heard of gives it the right."""
    settings.HIS_TARGETS = ""
    grant = give(lin, surgeon, "AB01")
    settings.HIS_TARGETS = '[paper]\ndsn = "mllp://127.0.0.1:2575"\n'

    services.renew(
        state=GrantState.objects.get(grant=grant),
        last_day=date(2027, 10, 22),
        by=lin,
        at=timezone.now(),
        reason=REASON,
    )

    assert told("his") == ["PRIV_SAVE ADD +0", "PRIV_SAVE UPDATE +0"]
    assert told("paper") == ["PRIV_SAVE ADD +0"]
