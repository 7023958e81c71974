from __future__ import annotations

import pytest
from sqlalchemy import types
from sqlalchemy.dialects import mssql, mysql, oracle, postgresql
from sqlalchemy.types import TypeEngine

from portal.his.contract.shape import Type
from portal.his.sql.inspection import described

WHOLE = {Type.INTEGER, Type.NUMBER}


@pytest.mark.parametrize(
    ("found", "holds"),
    [
        (types.VARCHAR(20), {Type.TEXT}),
        (types.TEXT(), {Type.TEXT}),
        (mssql.NVARCHAR(20), {Type.TEXT}),
        (oracle.VARCHAR2(20), {Type.TEXT}),
        (types.INTEGER(), WHOLE),
        (mysql.TINYINT(), WHOLE),
        (oracle.NUMBER(10, 0), WHOLE),  # type: ignore[no-untyped-call]
        (types.NUMERIC(12, 2), {Type.NUMBER}),
        (types.FLOAT(), set()),
        (postgresql.DOUBLE_PRECISION(), set()),
        (types.DATE(), {Type.DATE}),
        (oracle.DATE(), {Type.DATE, Type.MOMENT}),
        (types.TIMESTAMP(), {Type.MOMENT}),
        (mysql.DATETIME(), {Type.MOMENT}),
        (mssql.DATETIME2(0), {Type.MOMENT}),  # type: ignore[no-untyped-call]
        (postgresql.TIMESTAMP(timezone=True), set()),
        (mssql.DATETIMEOFFSET(), set()),  # type: ignore[no-untyped-call]
        (types.BOOLEAN(), set()),
    ],
    # A set shows its members in another order in each process.
    ids=lambda value: str(sorted(value)) if isinstance(value, set) else repr(value),
)
def test_type_of_an_engine_holds_the_types_of_the_contract(
    found: TypeEngine[object], holds: set[Type]
) -> None:
    assert set(described("a", found).holds or ()) == holds


def test_expression_without_a_type_cannot_be_judged() -> None:
    assert described("a", types.NullType()).holds is None


def test_length_is_that_of_the_declaration() -> None:
    assert described("a", types.VARCHAR(20)).length == 20
    assert described("a", types.TEXT()).length is None
