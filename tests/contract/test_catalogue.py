"""Who judges a HIS sees what its catalogue says, whatever the engine."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from portal.his.contract.interfaces import V_YW_DOCTOR
from portal.his.sql.gateway import SqlGateway
from portal.his.sql.inspection import SqlInspection
from tests.contract.peers import Peer

pytestmark = [pytest.mark.integration, pytest.mark.slow]


@pytest.mark.parametrize(
    "peer", ["sqlite_his", "postgresql_his", "kingbase_his", "typical_mysql_his"]
)
def test_catalogue_shows_the_columns_of_a_view(
    request: pytest.FixtureRequest, open_gateway: Callable[..., SqlGateway], peer: str
) -> None:
    his: Peer = request.getfixturevalue(peer)
    found = SqlInspection(open_gateway(his.dsn)).columns(V_YW_DOCTOR)
    names = [item.name for item in found]
    assert names[: len(V_YW_DOCTOR.columns)] == list(V_YW_DOCTOR.column_names)
