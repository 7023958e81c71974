"""Changes put into tables of the HIS, which acts on them when it comes to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from portal.accounts.models import User
from portal.his.ddl.engines import ENGINES
from portal.his.ddl.requests import requests_script
from portal.his.gateway import (
    HisGateway,
    HisMisconfigured,
    HisPending,
    HisRejected,
)
from portal.his.messages import DoctorOpSet, OpLine
from portal.his.opening import open_target
from portal.outbox.backoff import POLL_SECONDS
from portal.outbox.delivery import deliver_due
from portal.outbox.models import Message, State
from portal.outbox.services import enqueue, retry
from tests.contract.conftest import address_of, message_for
from tests.contract.peers import Peer, typical_mysql, typical_postgresql
from tests.contract.wire import wire_to
from tests.portal.his.ddl.peers import Engine, OnMariaDb, OnPostgresql
from tests.portal.outbox.conftest import lin, promise, state_of, tries_of
from tests.portal.outbox.his_job import HisJob
from tests.services import wait_until

__all__ = ["lin"]
ROOT = Path(__file__).parents[3]
pytestmark = [
    pytest.mark.integration,
    pytest.mark.django_db,
]
SECONDS = 2.0
LUO, CHEN = "001188", "001027"


@pytest.fixture(autouse=True)
def _platform(settings: Any) -> None:
    settings.HIS_TARGETS = '[platform]\ndsn = "table+sqlite:////nowhere"\n'


@dataclass
class Site:
    """A HIS that is told by tables and read by views."""

    peer: Peer
    engine: Engine
    job: HisJob
    gateway: HisGateway

    def deliver(self) -> None:
        deliver_due(gateway=self.gateway, lanes=1)

    def look_again(self) -> None:
        """As when the next look is due."""
        Message.objects.filter(due_at__isnull=False).update(due_at=timezone.now())
        self.deliver()

    def count(self, table: str) -> int:
        return int(self.engine.rows(f"SELECT COUNT(*) FROM {table}")[0][0])


@pytest.fixture(params=["postgresql", "mysql"])
def site(request: pytest.FixtureRequest) -> Iterator[Site]:
    engine: Engine
    if request.param == "postgresql":
        peer = typical_postgresql(request.getfixturevalue("fresh_postgres"))
        engine = OnPostgresql(peer.dsn)
    else:
        peer = typical_mysql(request.getfixturevalue("mariadb"), "typical_requests")
        assert peer.server is not None
        engine = OnMariaDb(peer.server)
    script = requests_script(ENGINES[engine.name])
    engine.run(script)
    engine.run(script)  # a DBA may run it again
    gateway = open_target(f"table+{peer.dsn}", peer.dsn, SECONDS)
    yield Site(peer, engine, HisJob(engine), gateway)
    gateway.close()


def test_change_waits_in_the_table_and_is_proved_by_the_view(site: Site) -> None:
    message = promise(LUO)

    site.deliver()
    assert state_of(message) == State.DELIVERED
    assert tries_of(message) == [("PENDING", "")]
    assert (message.tries, message.confirmed_at) == (0, None)
    assert message.due_at is not None
    assert message.due_at > timezone.now() + timedelta(seconds=POLL_SECONDS - 2)
    site.look_again()
    assert tries_of(message) == [("PENDING", "")] * 2

    assert site.job.work() == 1
    site.look_again()

    assert state_of(message) == State.CONFIRMED
    assert tries_of(message)[-1] == ("CONFIRMED", "0")
    assert site.count("YW_PRIV_SAVE_REQ") == 1
    assert site.engine.rows("SELECT emp_no, status FROM V_YW_DOCTOR_PRIV") == [
        (LUO, "1")
    ]


def test_refusal_written_into_the_row_waits_for_a_person(site: Site) -> None:
    message = promise("009999")
    site.deliver()
    site.job.work()

    site.look_again()

    assert state_of(message) == State.REJECTED
    assert (message.last_code, message.last_text) == ("2001", "医生不存在")


def test_one_doctor_never_has_two_requests_in_the_table(site: Site) -> None:
    """So the HIS need not know their order; another doctor's need not wait."""
    first, second = promise(LUO), promise(LUO, "SUSPEND")
    other = promise(CHEN)

    site.deliver()
    site.look_again()

    states = [state_of(message) for message in (first, second, other)]
    assert states == [State.DELIVERED, State.WAITING, State.DELIVERED]
    assert site.count("YW_PRIV_SAVE_REQ") == 2
    site.job.work()
    site.look_again()
    assert [state_of(first), state_of(second)] == [State.CONFIRMED, State.DELIVERED]
    site.job.work()
    site.look_again()
    assert state_of(second) == State.CONFIRMED
    assert site.engine.rows(
        f"SELECT status FROM V_YW_DOCTOR_PRIV WHERE emp_no = '{LUO}'"
    ) == [("2",)]


def test_row_that_is_there_already_is_not_put_in_again(site: Site) -> None:
    gateway: Any = site.gateway
    message = message_for(LUO, "RX01")
    assert gateway.answer_to(message) is None

    for _turn in range(2):
        with pytest.raises(HisPending):
            gateway.save_privilege(message)
    assert site.job.work() == 1

    answers = [gateway.save_privilege(message), gateway.answer_to(message)]
    assert [answer.code for answer in answers] == ["0", "0"]
    assert answers[0].his_row_id != ""
    assert site.job.work() == 0
    assert site.count("YW_PRIV_SAVE_REQ") == 1


def test_value_too_long_for_the_table_is_refused_and_leaves_no_row(site: Site) -> None:
    with pytest.raises(HisRejected, match="3002"):
        site.gateway.save_privilege(message_for(LUO, "RX01", doc_no="文" * 80))

    assert site.count("YW_PRIV_SAVE_REQ") == 0


def test_table_that_is_not_there_is_named_with_its_setting(site: Site) -> None:
    site.engine.run("DROP TABLE YW_PRIV_SAVE_REQ;")

    with pytest.raises(
        HisMisconfigured, match=r"HIS_PUSH_DSN: YW_PRIV_SAVE_REQ 不可用"
    ):
        site.gateway.save_privilege(message_for(LUO, "RX01"))


def test_whole_set_of_a_doctor_goes_in_line_by_line(site: Site) -> None:
    day = date(2026, 12, 1)
    lines = tuple(
        OpLine("ADD", item, "2", "ALL", day, None) for item in ("9001", "9003")
    )
    message = enqueue(
        message=DoctorOpSet("", LUO, day, lines, "年度授权", "", "009001"),
        subject="permissions.grantevent:81",
        at=timezone.now(),
    )

    site.deliver()
    assert (state_of(message), site.count("YW_DOCTOR_OP_SAVE_REQ")) == ("DELIVERED", 2)
    site.look_again()
    assert site.job.work() == 2
    site.look_again()

    assert state_of(message) == State.CONFIRMED
    assert site.count("YW_DOCTOR_OP_SAVE_REQ") == 2


def test_job_of_the_his_and_our_worker_work_at_the_same_time(site: Site) -> None:
    messages = [
        promise(emp_no, op)
        for emp_no in (LUO, CHEN)
        for op in ("ADD", "SUSPEND", "RESTORE", "REVOKE")
    ]
    site.job.start()
    try:
        for _round in range(500):
            site.look_again()
            if not Message.objects.exclude(state=State.CONFIRMED).exists():
                break
    finally:
        site.job.stop()

    assert {state_of(message) for message in messages} == {State.CONFIRMED}
    assert site.count("YW_PRIV_SAVE_REQ") == len(messages)
    assert site.engine.rows("SELECT status FROM V_YW_DOCTOR_PRIV") == [("3",), ("3",)]


def test_row_called_done_that_the_view_does_not_show_is_a_difference(
    site: Site,
) -> None:
    message = promise(LUO)
    site.deliver()
    site.engine.run("UPDATE YW_PRIV_SAVE_REQ SET state = '1', code = '0';")

    site.look_again()

    assert state_of(message) == State.DELIVERED
    assert message.has_mismatch is True


def told_again(message: Message, by: User) -> Message:
    """The difference was shown often enough: a person has it told once more."""
    Message.objects.filter(pk=message.pk).update(due_at=None)
    message.refresh_from_db()
    assert message.has_mismatch
    return retry(message=message, by=by, at=timezone.now(), reason="已核对")


def test_difference_that_is_gone_is_confirmed_without_another_row(
    site: Site, lin: User
) -> None:
    message = promise(LUO)
    site.deliver()
    site.engine.run("UPDATE YW_PRIV_SAVE_REQ SET state = '1', code = '0';")
    site.look_again()
    told_again(message, lin)
    # What it called done was done late.
    site.engine.run("UPDATE YW_PRIV_SAVE_REQ SET state = '0', code = NULL;")
    site.job.work()

    site.deliver()

    assert state_of(message) == State.CONFIRMED
    assert site.count("YW_PRIV_SAVE_REQ") == 1


def test_difference_that_stands_is_put_in_under_a_new_id(site: Site, lin: User) -> None:
    message = promise(LUO)
    site.deliver()
    site.engine.run("UPDATE YW_PRIV_SAVE_REQ SET state = '1', code = '0';")
    site.look_again()
    told_again(message, lin)

    site.deliver()
    assert state_of(message) == State.DELIVERED
    assert tries_of(message)[-1] == ("PENDING", "")
    assert site.count("YW_PRIV_SAVE_REQ") == 2
    site.job.work()
    site.look_again()

    assert state_of(message) == State.CONFIRMED


def test_row_in_doubt_told_again_is_looked_for_and_not_put_in_twice(
    site: Site, lin: User
) -> None:
    message = promise(LUO)
    site.deliver()
    Message.objects.update(state=State.UNKNOWN, due_at=None)
    message.refresh_from_db()
    retry(message=message, by=lin, at=timezone.now(), reason="已核对")

    site.deliver()
    assert state_of(message) == State.DELIVERED
    site.job.work()
    site.look_again()

    assert state_of(message) == State.CONFIRMED
    assert site.count("YW_PRIV_SAVE_REQ") == 1
    assert site.engine.rows("SELECT COUNT(*) FROM YW_CHANGE_LOG") == [("1",)]


def test_target_that_is_not_read_is_believed_when_the_row_is_done(site: Site) -> None:
    message = promise(LUO, target="platform")
    gateway = open_target(f"table+{site.peer.dsn}", "", SECONDS)

    def deliver() -> None:
        Message.objects.update(due_at=timezone.now())
        deliver_due(gateway=gateway, target="platform", lanes=1)

    deliver()
    deliver()
    assert site.job.work() == 1
    deliver()

    assert state_of(message) == State.CONFIRMED
    assert [outcome for outcome, _code in tries_of(message)] == [
        "PENDING",
        "PENDING",
        "ACCEPTED",
    ]


def test_lost_answer_is_looked_up_in_the_table(fresh_postgres: str) -> None:
    peer = typical_postgresql(fresh_postgres)
    engine = OnPostgresql(peer.dsn)
    engine.run(requests_script(ENGINES["postgresql"]))
    host, port, _database = address_of(peer.dsn)
    head, tail = peer.dsn.split("@")
    message = promise(LUO)

    def count() -> int:
        return int(engine.rows("SELECT COUNT(*) FROM YW_PRIV_SAVE_REQ")[0][0])

    with wire_to(host, port) as wire:
        far = f"table+{head}@127.0.0.1:{wire.port}/{tail.split('/')[1]}"
        gateway = open_target(far, peer.dsn, 1.0)
        for code in ("RX01", "AB02"):  # link and statement are ready before the fault
            with pytest.raises(HisPending):
                gateway.save_privilege(message_for(CHEN, code))
        wire.loses_answers = True
        deliver_due(gateway=gateway, lanes=1)
        assert state_of(message) == State.UNKNOWN
        wire.loses_answers = False
        wait_until(lambda: count() == 3, what="the row stands")

        Message.objects.update(due_at=timezone.now())
        deliver_due(gateway=gateway, lanes=1)
        assert tries_of(message)[0] == ("ANSWER_LOST", "")
        assert tries_of(message)[-1] == ("PENDING", "")
        assert HisJob(engine).work() == 3
        Message.objects.update(due_at=timezone.now())
        deliver_due(gateway=gateway, lanes=1)
        gateway.close()

    assert state_of(message) == State.CONFIRMED
    assert count() == 3


def test_job_of_the_document_runs(fresh_postgres: str) -> None:
    text = (ROOT / "docs/his-other-transports.md").read_text(encoding="utf-8")
    job = text.split("```sql\n")[1].split("```")[0]
    peer = typical_postgresql(fresh_postgres)
    engine = OnPostgresql(peer.dsn)
    engine.run(requests_script(ENGINES["postgresql"]))
    gateway: Any = open_target(f"table+{peer.dsn}", peer.dsn, SECONDS)
    good, bad = message_for(LUO, "RX01"), message_for("009999", "RX01")
    for message in (good, bad):
        with pytest.raises(HisPending):
            gateway.save_privilege(message)

    engine.run(job)

    assert gateway.answer_to(good).code == "0"
    with pytest.raises(HisRejected, match="2001 医生不存在"):
        gateway.answer_to(bad)
    gateway.close()
