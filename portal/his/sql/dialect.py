"""What every engine must be able to do for us, and the four ways a call can fail."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import Enum, auto
from typing import Any, Protocol

from sqlalchemy.engine import Dialect as SqlDialect

from portal.his.connection import BadDsn, Connection
from portal.his.contract.shape import Function
from portal.his.sql.statements import Statement


class Cause(Enum):
    """What a driver's error means for the call that met it."""

    BUSY = auto()  # the HIS did nothing: down, locked, out of time
    LOST = auto()  # the link broke under way: only a read-back can tell
    WRONG = auto()  # login, database, view or function is not as agreed
    RAISED = auto()  # the code of the HIS raised an error and did nothing


class AnswerLost(Exception):
    """The call was made, but its answer could not be read."""


class Dialect(Protocol):
    """One engine, reached by one connection; ``errors`` are what its driver raises.

    A link is the driver's own connection, or that connection set apart. It keeps the
    deadline of the thread that uses it. SQLAlchemy gives the pool, the driver's
    arguments and the SQL text; its result objects would cost as much as the call itself.
    """

    errors: tuple[type[Exception], ...]
    sql: SqlDialect  # writes the texts
    alchemy: str  # what SQLAlchemy calls engine and driver

    def __init__(self, connection: Connection) -> None:
        """Raises BadDsn for what this engine cannot be asked for."""
        ...

    def connect(self, seconds: float, *, read_only: bool) -> Any:
        """A new link; may block for longer, the caller does not wait for it."""
        ...

    def is_well(self, link: Any) -> bool:
        """Whether an idle link can still be used, as far as is cheaply seen."""
        ...

    def call(self, link: Any, function: Function, values: Mapping[str, Any]) -> Any:
        """Call a maintenance function; the row of its answer, or None without one."""
        ...

    def read(
        self, link: Any, statement: Statement, values: Mapping[str, Any]
    ) -> list[Any]:
        """The few rows of a question."""
        ...

    def write(
        self, link: Any, statement: Statement, rows: Sequence[Mapping[str, Any]]
    ) -> None:
        """Execute it for each of the rows; of one that fails, others may stand."""
        ...

    def stream(
        self, link: Any, statement: Statement, size: int, values: Mapping[str, Any]
    ) -> Generator[list[Any]]:
        """All rows in batches, without holding all of them in memory."""
        ...

    def connect_cause(self, error: BaseException) -> Cause:
        """Why no connection could be had: BUSY or WRONG."""
        ...

    def call_cause(self, error: BaseException) -> Cause: ...

    def error_code(self, error: BaseException) -> str:
        """The engine's own code of the error, for the operator; never its text."""
        ...


@contextmanager
def being_opened(link: Any) -> Iterator[None]:
    """A link that cannot be set up is not left open."""
    try:
        yield
    except BaseException:
        link.close()
        raise


def refuse(connection: Connection, *options: str, why: str) -> None:
    """Raise BadDsn for an option of ours that an engine or driver cannot keep."""
    default = Connection(connection.url, connection.deadline)
    for option in options:
        if getattr(connection, option) != getattr(default, option):
            raise BadDsn(f"yw_{option}: {why}")


def only_driver(connection: Connection, *names: str) -> str:
    """The driver the DSN names, or the first of ``names``; raises BadDsn for others."""
    _scheme, _plus, driver = connection.url.drivername.partition("+")
    if driver and driver not in names:
        raise BadDsn(f"no driver {driver!r}; one of {', '.join(names)}")
    return driver or names[0]
