"""A surgeon's right to one procedure: approved here, told to the HIS, read back.

The HIS is the demo HIS on its own database, reached by the gateway as everywhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from permissions import services
from permissions.models import Grant, GrantState
from permissions.presenters.grants import grant_rows
from permissions.queries.grants import grant_states
from permissions.services import Line
from portal.accounts.models import User
from portal.demo_his.database import Database, prepare
from portal.directory.dictionaries import BY_VIEW
from portal.directory.models import Practitioner
from portal.directory.sync import pull
from portal.his.mapping.loader import DEMO
from portal.his.sql.gateway import SqlGateway
from portal.outbox.delivery import deliver_due
from portal.outbox.models import Message
from portal.outbox.outcomes import Outcome
from portal.parameters.registry import OPERATE_IMPLIES_ORDER
from portal.parameters.services import change
from tests.cast import make_practitioner
from tests.permissions.ledger import REASON, TODAY, granted, privilege

pytestmark = [pytest.mark.usefixtures("catalogue"), pytest.mark.slow]
ITEM = "51.2300"
WHY: dict[str, Any] = {"reason_code": "08", "reason": "四级手术年度评估未提交"}
RIGHTS = (
    "SELECT right_kind, status, valid_to FROM V_YW_DOCTOR_OP WHERE emp_no = '1027'"
    " ORDER BY right_kind DESC"
)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("demo-his") / "his.sqlite3"
    prepare(Database(f"sqlite:///{path}"))
    return path


@pytest.fixture
def database(filled: Path, tmp_path: Path) -> Database:
    path = tmp_path / "his.sqlite3"
    path.write_bytes(filled.read_bytes())
    return Database(f"sqlite:///{path}")


@pytest.fixture
def his(database: Database, settings: Any) -> Iterator[SqlGateway]:
    settings.HIS_MAPPING = "demo_his"
    gateway = SqlGateway(f"sqlite:///{database.path}", 5)
    for view in ("V_YW_OP_DICT", "V_YW_OPRIGHT_DICT"):
        pull(BY_VIEW[view], gateway=gateway, at=timezone.now())
    yield gateway
    gateway.close()


@pytest.fixture
def surgeon(db: None) -> Practitioner:
    return make_practitioner("1027", "陈景行", title_code="231")


def give(by: User, person: Practitioner, code: str, **fields: Any) -> Grant:
    line = Line(
        privilege=privilege(code),
        **{"valid_from": TODAY, "valid_to": date(2027, 11, 22), "item": ITEM, **fields},
    )
    return services.grant(
        practitioner=person, line=line, by=by, at=timezone.now(), reason=REASON
    )


def state_of(grant: Grant) -> GrantState:
    return grant_states().get(grant=grant)


def arrival_of(grant: Grant) -> tuple[str, str]:
    (row,) = grant_rows([state_of(grant)])
    assert row.arrival is not None
    return str(row.arrival.chain.text), str(row.arrival.chain.why)


def rows(database: Database) -> list[tuple[Any, ...]]:
    return [tuple(map(str, row.values())) for row in database.rows(RIGHTS)]


def test_approved_right_arrives_and_is_read_back(
    his: SqlGateway, database: Database, lin: User, su: User, surgeon: Practitioner
) -> None:
    state = granted(lin, su, surgeon, "SG03", item=ITEM, valid_to=date(2027, 11, 22))

    assert deliver_due(gateway=his, lanes=1).tried == {Outcome.CONFIRMED: 2}

    assert rows(database) == [("2", "1", "2027-11-22"), ("1", "1", "2027-11-22")]
    assert arrival_of(state.grant)[0].startswith("一致")
    items = {message.payload["his_item_id"] for message in Message.objects.all()}
    wanted = f"SELECT ID FROM 手术项目目录 WHERE 编码 = '{ITEM}'"
    assert items == {str(row["ID"]) for row in database.rows(wanted)}


def test_right_taken_away_is_taken_away_in_the_his(
    his: SqlGateway, database: Database, lin: User, surgeon: Practitioner
) -> None:
    grant = give(lin, surgeon, "SG03")
    deliver_due(gateway=his, lanes=1)

    services.suspend(state=state_of(grant), by=lin, at=timezone.now(), **WHY)
    deliver_due(gateway=his, lanes=1)

    assert [row[:2] for row in rows(database)] == [("2", "2"), ("1", "2")]
    services.revoke(state=state_of(grant), by=lin, at=timezone.now(), **WHY)
    deliver_due(gateway=his, lanes=1)
    assert rows(database) == [("2", "3", str(TODAY)), ("1", "3", str(TODAY))]
    assert arrival_of(grant)[0].startswith("一致")


def test_ordering_is_kept_while_another_line_gives_it(
    his: SqlGateway, database: Database, lin: User, surgeon: Practitioner
) -> None:
    give(lin, surgeon, "RX01", item="", valid_to=None)
    operates = give(lin, surgeon, "SG03")
    give(lin, surgeon, "SG05", valid_to=TODAY + timedelta(days=30))
    deliver_due(gateway=his, lanes=1)

    services.revoke(state=state_of(operates), by=lin, at=timezone.now(), **WHY)
    deliver_due(gateway=his, lanes=1)

    ends = str(TODAY + timedelta(days=30))
    assert rows(database) == [("2", "3", str(TODAY)), ("1", "1", ends)]


def test_who_operates_may_not_order_where_the_hospital_says_so(
    his: SqlGateway, database: Database, lin: User, surgeon: Practitioner
) -> None:
    change(parameter=OPERATE_IMPLIES_ORDER, value=0, by=lin, reason="院务会决定")
    give(lin, surgeon, "SG03")

    deliver_due(gateway=his, lanes=1)

    assert [row[:2] for row in rows(database)] == [("2", "1")]


def test_role_the_his_has_no_kind_for_is_shown_as_not_told(
    his: SqlGateway, lin: User, surgeon: Practitioner
) -> None:
    grant = give(lin, surgeon, "SG03", role="ASSIST")

    assert Message.objects.count() == 0
    assert arrival_of(grant) == ("不推送", "HIS 没有「助手」这种权限，不推送")


def without_the_function(settings: Any, tmp_path: Path) -> None:
    text = DEMO.read_text(encoding="utf-8")
    head, tail = text.split("[YW_DOCTOR_OP_SAVE]", 1)
    rest = tail[tail.index("[provided]") :]
    path = tmp_path / "site.toml"
    path.write_text(f'{head}{rest}YW_DOCTOR_OP_SAVE = "没有"\n', encoding="utf-8")
    settings.HIS_MAPPING = str(path)


def test_his_without_the_function_is_not_told_and_the_list_says_why(
    settings: Any, tmp_path: Path, lin: User, surgeon: Practitioner
) -> None:
    without_the_function(settings, tmp_path)
    grant = give(lin, surgeon, "SG03")

    assert Message.objects.count() == 0
    assert arrival_of(grant) == ("不推送", "HIS 未提供接口，不推送")


def test_his_without_the_function_is_told_by_the_other_where_the_entry_says_so(
    settings: Any, tmp_path: Path, lin: User, surgeon: Practitioner
) -> None:
    without_the_function(settings, tmp_path)
    entry = privilege("SG03")
    entry.his_target = "YW_DOCTOR_OP_SAVE YW_PRIV_SAVE"
    give_entry(entry, lin)
    give(lin, surgeon, "SG03")

    message = Message.objects.get()
    assert (
        message.kind,
        message.payload["priv_code"],
        message.payload["item_code"],
    ) == (
        "PRIV_SAVE",
        "SG03",
        ITEM,
    )


def test_his_told_over_hl7_is_not_told_of_procedures(
    settings: Any, lin: User, surgeon: Practitioner
) -> None:
    settings.HIS_PUSH_DSN = "mllp://127.0.0.1:2575"
    grant = give(lin, surgeon, "SG03")

    assert Message.objects.count() == 0
    assert arrival_of(grant)[1] == "HIS 未提供接口，不推送"


def give_entry(entry: Any, by: User) -> None:
    """Saved with its history, as the catalogue's acts do."""
    from portal.audit.acting import acting

    with acting(by=by, reason="HIS 去向改为两个函数"):
        entry.save()
