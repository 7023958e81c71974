"""A batch for a HIS told by tables: one round, and each message by itself in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone

from portal.his.ddl.engines import ENGINES
from portal.his.ddl.requests import requests_script
from portal.his.opening import open_target
from portal.outbox import claims
from portal.outbox.delivery import deliver_due
from portal.outbox.models import Message, State
from tests.contract.conftest import address_of, message_for
from tests.contract.peers import Peer, typical_mysql, typical_postgresql
from tests.contract.wire import Wire, wire_to
from tests.portal.his.ddl.peers import Engine, OnMariaDb, OnPostgresql
from tests.portal.outbox.conftest import promise, state_of, tries_of
from tests.portal.outbox.his_job import HisJob
from tests.services import wait_until

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
DOCTORS = [f"{number:06}" for number in range(2001, 2013)]
PERSONS = ", ".join(
    f"({number}, '{number:06}', '医生', 101, '01', '2026-11-01 08:30:00')"
    for number in range(2001, 2013)
)


class Rounds:
    """The gateway, and how many messages were told or looked at in each round."""

    def __init__(self, gateway: Any) -> None:
        self.sizes: list[tuple[str, int]] = []
        self._gateway = gateway
        for name in ("tell_each", "look_each"):
            setattr(self, name, self._counted(name, getattr(gateway, name)))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._gateway, name)

    def _counted(self, name: str, work: Any) -> Any:
        def count(messages: Any) -> Any:
            self.sizes.append((name, len(messages)))
            return work(messages)

        return count


class Site:
    def __init__(self, peer: Peer, engine: Engine) -> None:
        self.peer, self.engine, self.job = peer, engine, HisJob(engine)
        engine.run(requests_script(ENGINES[engine.name]))
        engine.run(f"INSERT INTO 人员表 VALUES {PERSONS};")
        self.gateway = self.opened(peer.dsn)

    def opened(self, dsn: str, read_dsn: str | None = None) -> Any:
        reads = self.peer.dsn if read_dsn is None else read_dsn
        return Rounds(open_target(f"table+{dsn}", reads, 2.0))

    def rows(self) -> int:
        return int(self.engine.rows("SELECT COUNT(*) FROM YW_PRIV_SAVE_REQ")[0][0])


def deliver(gateway: Any, target: str = "his") -> None:
    """All that is due, and what would be in a moment."""
    Message.objects.filter(due_at__isnull=False).update(due_at=timezone.now())
    deliver_due(gateway=gateway, target=target, lanes=1)


def states_of(messages: list[Message]) -> list[str]:
    return [state_of(message) for message in messages]


@pytest.fixture
def on_postgresql(fresh_postgres: str) -> Iterator[Site]:
    peer = typical_postgresql(fresh_postgres)
    site = Site(peer, OnPostgresql(peer.dsn))
    yield site
    site.gateway.close()


@pytest.fixture
def on_mariadb(request: pytest.FixtureRequest) -> Iterator[Site]:
    peer = typical_mysql(request.getfixturevalue("mariadb"), "typical_batches")
    assert peer.server is not None
    site = Site(peer, OnMariaDb(peer.server))
    yield site
    site.gateway.close()


@pytest.fixture(params=["postgresql", "mariadb"])
def site(request: pytest.FixtureRequest) -> Site:
    found: Site = request.getfixturevalue(f"on_{request.param}")
    return found


@pytest.fixture
def wire(on_postgresql: Site) -> Iterator[Wire]:
    host, port, _database = address_of(on_postgresql.peer.dsn)
    with wire_to(host, port) as wire:
        yield wire


def test_many_doctors_are_told_looked_at_and_proved_in_one_round_each(
    site: Site,
) -> None:
    messages = [promise(emp_no) for emp_no in DOCTORS]

    deliver(site.gateway)
    assert states_of(messages) == [State.DELIVERED] * 12
    assert site.job.work() == 12
    deliver(site.gateway)

    assert states_of(messages) == [State.CONFIRMED] * 12
    assert site.gateway.sizes == [("tell_each", 12), ("look_each", 12)]
    assert tries_of(messages[5]) == [("PENDING", ""), ("CONFIRMED", "0")]
    assert site.rows() == 12


def test_what_the_table_refuses_fails_alone(site: Site) -> None:
    messages = [promise(emp_no) for emp_no in DOCTORS[:5]]
    refused = promise(DOCTORS[5], doc_no="文" * 80)

    deliver(site.gateway)

    assert states_of(messages) == [State.DELIVERED] * 5
    assert (state_of(refused), refused.last_code) == (State.REJECTED, "3002")
    assert site.rows() == 5


def test_words_with_the_signs_of_arrays_are_put_in_to_the_letter(
    on_postgresql: Site,
) -> None:
    words = ["{a,b}", 'x"y', "c:\\\\d\\", "NULL", "三级，“是”"]
    messages = [
        promise(emp_no, reason=reason)
        for emp_no, reason in zip(DOCTORS, words, strict=False)
    ]
    messages.append(promise(DOCTORS[5], reason="x", valid_to=None))

    deliver(on_postgresql.gateway)

    assert states_of(messages) == [State.DELIVERED] * 6
    found = on_postgresql.engine.rows(
        "SELECT reason FROM YW_PRIV_SAVE_REQ WHERE valid_to IS NOT NULL ORDER BY emp_no"
    )
    assert found == [(reason,) for reason in words]
    assert on_postgresql.rows() == 6


def test_text_no_database_can_hold_fails_alone(on_postgresql: Site) -> None:
    messages = [promise(emp_no) for emp_no in DOCTORS[:5]]
    refused = promise(DOCTORS[5], reason="\0")

    deliver(on_postgresql.gateway)

    assert states_of(messages) == [State.DELIVERED] * 5
    assert (state_of(refused), refused.last_code) == (State.REJECTED, "3002")


def test_what_the_his_refuses_fails_alone(site: Site) -> None:
    stranger, *messages = [promise(emp_no) for emp_no in ("009999", *DOCTORS)]
    deliver(site.gateway)
    site.job.work()

    deliver(site.gateway)

    assert states_of(messages) == [State.CONFIRMED] * 12
    assert (state_of(stranger), stranger.last_code) == (State.REJECTED, "2001")


def test_changes_of_one_doctor_keep_their_order_in_batches(site: Site) -> None:
    messages = [
        promise(emp_no, op)
        for op in ("ADD", "SUSPEND", "RESTORE", "REVOKE")
        for emp_no in DOCTORS
    ]

    for _turn in range(6):
        deliver(site.gateway)
        site.job.work()

    assert states_of(messages) == [State.CONFIRMED] * 48
    logged = site.engine.rows(
        "SELECT op FROM YW_CHANGE_LOG WHERE emp_no = '002003' ORDER BY seq"
    )
    assert logged == [("ADD",), ("SUSPEND",), ("RESTORE",), ("REVOKE",)]
    assert site.rows() == 48


def test_target_is_told_no_more_at_once_than_its_batch(
    on_postgresql: Site, settings: Any
) -> None:
    settings.HIS_TARGETS = "[his]\nbatch = 5\n"
    messages = [promise(emp_no) for emp_no in DOCTORS]

    deliver(on_postgresql.gateway)

    assert states_of(messages) == [State.DELIVERED] * 12
    sizes = [size for _name, size in on_postgresql.gateway.sizes]
    assert max(sizes) <= 5
    assert sum(sizes) >= 10


@pytest.mark.parametrize(("batch", "claimed"), [(5, 5), (100, 200), (500, 1000)])
def test_claim_feeds_every_lane_where_one_takes_a_whole_batch(
    batch: int, claimed: int, on_postgresql: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    promise(DOCTORS[0])
    asked: list[int] = []
    claim = claims.claim_due

    def counted(at: Any, limit: int, *more: Any) -> Any:
        asked.append(limit)
        return claim(at, limit, *more)

    monkeypatch.setattr(claims, "claim_due", counted)

    deliver_due(gateway=on_postgresql.gateway, batch=batch, lanes=2)

    assert asked == [claimed]


def test_lost_answer_leaves_all_in_doubt_and_nothing_twice(
    on_postgresql: Site, wire: Wire
) -> None:
    head, tail = on_postgresql.peer.dsn.split("@")
    far = on_postgresql.opened(f"{head}@127.0.0.1:{wire.port}/{tail.split('/')[1]}")
    for _turn in range(2):  # link and statements are ready before the fault
        told = far.tell_each(
            [message_for("001188", "RX01"), message_for("001027", "RX01")]
        )
        assert len(list(told)) == 2
    messages = [promise(emp_no) for emp_no in DOCTORS]
    wire.loses_answers = True
    deliver(far)
    assert states_of(messages) == [State.UNKNOWN] * 12
    wire.loses_answers = False
    wait_until(lambda: on_postgresql.rows() == 16, what="the rows stand")

    for _turn in range(3):
        deliver(far)
        on_postgresql.job.work()
    far.close()

    assert states_of(messages) == [State.CONFIRMED] * 12
    assert on_postgresql.rows() == 16
    logged = on_postgresql.engine.rows(
        "SELECT COUNT(*), COUNT(DISTINCT emp_no) FROM YW_CHANGE_LOG"
        " WHERE emp_no LIKE '0020%'"
    )
    assert logged == [("12", "12")]


def test_rows_that_are_there_already_are_not_put_in_again(on_postgresql: Site) -> None:
    """As after a worker died: some of the batch are new, some are not."""
    messages = [promise(emp_no) for emp_no in DOCTORS]
    for message in messages[:4]:
        calls = [message.of.call_of(message.payload)]
        list(on_postgresql.gateway.tell_each(calls))

    deliver(on_postgresql.gateway)
    assert on_postgresql.rows() == 12
    on_postgresql.job.work()
    deliver(on_postgresql.gateway)

    assert states_of(messages) == [State.CONFIRMED] * 12


def test_batch_for_a_target_that_is_not_read_is_believed(
    on_postgresql: Site, settings: Any
) -> None:
    settings.HIS_TARGETS = '[platform]\ndsn = "table+sqlite:////nowhere"\n'
    gateway = on_postgresql.opened(on_postgresql.peer.dsn, read_dsn="")
    messages = [promise(emp_no, target="platform") for emp_no in DOCTORS]

    deliver(gateway, "platform")
    on_postgresql.job.work()
    deliver(gateway, "platform")

    assert states_of(messages) == [State.CONFIRMED] * 12
    assert tries_of(messages[0])[-1] == ("ACCEPTED", "0")
    assert gateway.sizes == [("tell_each", 12), ("look_each", 12)]


def test_rows_nobody_may_look_at_are_in_doubt_and_not_unsent(
    on_postgresql: Site,
) -> None:
    """The right to read the table was lost between the two."""
    messages = [promise(emp_no) for emp_no in DOCTORS]
    on_postgresql.engine.run(
        "ALTER TABLE YW_PRIV_SAVE_REQ RENAME COLUMN his_row_id TO row_id;"
    )

    deliver(on_postgresql.gateway)

    assert Message.objects.filter(state=State.WAITING).count() == 0
    assert on_postgresql.rows() == 12
    on_postgresql.engine.run(
        "ALTER TABLE YW_PRIV_SAVE_REQ RENAME COLUMN row_id TO his_row_id;"
    )
    on_postgresql.job.work()
    for _turn in range(2):
        deliver(on_postgresql.gateway)
    assert states_of(messages) == [State.CONFIRMED] * 12
    assert on_postgresql.rows() == 12


def test_state_nobody_agreed_upon_leaves_its_own_message_in_doubt(
    on_postgresql: Site,
) -> None:
    odd, *others = [promise(emp_no) for emp_no in DOCTORS]
    deliver(on_postgresql.gateway)
    on_postgresql.job.work()
    on_postgresql.engine.run(
        "ALTER TABLE YW_PRIV_SAVE_REQ DROP CONSTRAINT yw_priv_save_req_state_check;"
        "UPDATE YW_PRIV_SAVE_REQ SET state = '7' WHERE emp_no = '002001';"
    )

    deliver(on_postgresql.gateway)

    assert states_of(others) == [State.CONFIRMED] * 11
    assert state_of(odd) == State.UNKNOWN
    assert odd.last_text == "HIS_PUSH_DSN: YW_PRIV_SAVE_REQ.state 不在约定的取值中"
    on_postgresql.engine.run("UPDATE YW_PRIV_SAVE_REQ SET state = '1';")
    deliver(on_postgresql.gateway)
    assert state_of(odd) == State.CONFIRMED
