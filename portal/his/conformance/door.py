"""What the cases ask of a HIS, whatever the transport.

Through the gateway alone every HIS can be asked for rows and called. An SQL database is
also asked what its catalogue shows and what our login may do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from portal.his.contract.shape import Function, View
from portal.his.gateway import HisGateway, HisMisconfigured, HisRejected
from portal.his.sql.gateway import SqlGateway
from portal.his.sql.inspection import FoundColumn, SqlInspection

Row = tuple[Any, ...]


@dataclass(frozen=True)
class Said:
    """What a maintenance function answered; ``code`` 0 is success, empty no answer."""

    code: str
    message: str
    his_row_id: str = ""


class Door(Protocol):
    """Every part raises HisUnavailable and HisMisconfigured as the gateway does."""

    gateway: HisGateway
    has_catalogue: bool

    @property
    def has_logins(self) -> bool: ...

    def columns(self, view: View) -> dict[str, FoundColumn]:
        """By name in lower case; HisMisconfigured when it cannot be read."""
        ...

    def rows(self, view: View, names: Sequence[str]) -> Iterator[tuple[Row, Row]]:
        """As the HIS gave them, and typed, both in the order of ``names``."""
        ...

    def matching(self, view: View, equal: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The rows with these values, by column name; the required columns only."""
        ...

    def relations(self) -> list[str]: ...

    def is_readable(self, relation: str) -> bool: ...

    def is_writable(self, relation: str) -> bool: ...


def call(door: Door, function: Function, values: Mapping[str, Any]) -> Said:
    """A refusal is an answer here, and so is a function we cannot call."""
    try:
        answer = door.gateway.call(function, values)
    except HisRejected as refusal:
        return Said(refusal.code, refusal.message)
    except HisMisconfigured as error:
        return Said("", error.problem)
    return Said(answer.code, answer.message, answer.his_row_id)


class SqlDoor:
    """To an SQL database."""

    has_catalogue = True

    def __init__(self, gateway: SqlGateway) -> None:
        self.gateway: HisGateway = gateway
        self._inspection = SqlInspection(gateway)
        self.relations = self._inspection.relations
        self.is_readable = self._inspection.is_readable
        self.is_writable = self._inspection.is_writable
        self.rows = self._inspection.rows

    @property
    def has_logins(self) -> bool:
        return self._inspection.has_logins

    def columns(self, view: View) -> dict[str, FoundColumn]:
        return {one.name: one for one in self._inspection.columns(view)}

    def matching(self, view: View, equal: Mapping[str, Any]) -> list[dict[str, Any]]:
        names = view.column_names
        rows = self._inspection.matching(view, names, equal)
        return [dict(zip(names, row, strict=True)) for row in rows]


class PlainDoor:
    """To any other HIS: what the gateway alone can tell."""

    has_catalogue = False
    has_logins = False

    def __init__(self, gateway: HisGateway) -> None:
        self.gateway = gateway

    def columns(self, view: View) -> dict[str, FoundColumn]:
        """What the gateway reads is what there is: it refuses a view it lacks."""
        next(self.gateway.rows(view), None)
        return {name: FoundColumn(name, "", None) for name in view.column_names}

    def rows(self, view: View, names: Sequence[str]) -> Iterator[tuple[Row, Row]]:
        places = [view.column_names.index(name) for name in names]
        for row in self.gateway.rows(view):
            part = tuple(row[place] for place in places)
            yield part, part

    def matching(self, view: View, equal: Mapping[str, Any]) -> list[dict[str, Any]]:
        rows = (
            dict(zip(view.column_names, row, strict=True))
            for row in self.gateway.rows(view)
        )
        return [row for row in rows if all(row[name] == equal[name] for name in equal)]

    def relations(self) -> list[str]:
        return []

    def is_readable(self, relation: str) -> bool:
        raise NotImplementedError(relation)

    def is_writable(self, relation: str) -> bool:
        raise NotImplementedError(relation)


def door_of(gateway: HisGateway) -> Door:
    return SqlDoor(gateway) if isinstance(gateway, SqlGateway) else PlainDoor(gateway)
