"""What every engine must be able to do for us, and the four ways a call can fail."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import Enum, auto
from typing import Any, Protocol

from sqlalchemy import Engine
from sqlalchemy.engine import URL

from portal.his.contract.shape import Function


class Cause(Enum):
    """What a driver's error means for the call that met it."""

    BUSY = auto()  # the HIS did nothing: down, locked, out of time
    LOST = auto()  # the link broke under way: only a read-back can tell
    WRONG = auto()  # login, database, view or function is not as agreed
    RAISED = auto()  # the code of the HIS raised an error and did nothing


class AnswerLost(Exception):
    """The call was made, but its answer could not be read."""


class Dialect(Protocol):
    """One engine. All times are seconds; ``errors`` are what its driver raises.

    A link is the driver's own connection and carries a ``deadline``, a moment of the
    monotonic clock. SQLAlchemy gives the pool and the SQL text; its result objects
    would cost as much as the call itself.
    """

    errors: tuple[type[Exception], ...]

    def engine(self, url: URL, timeout: float, *, read_only: bool) -> Engine: ...

    def call(self, link: Any, function: Function, values: Mapping[str, Any]) -> Any:
        """Call a maintenance function; the row of its answer, or None without one."""
        ...

    def read(self, link: Any, text: str, values: Mapping[str, Any]) -> list[Any]:
        """The few rows of a question."""
        ...

    def stream(self, link: Any, text: str, size: int) -> Iterator[list[Any]]:
        """All rows in batches, without holding all of them in memory."""
        ...

    def connect_cause(self, error: BaseException) -> Cause:
        """Why no connection could be had: BUSY or WRONG."""
        ...

    def call_cause(self, error: BaseException) -> Cause: ...

    def error_code(self, error: BaseException) -> str:
        """The engine's own code of the error, for the operator; never its text."""
        ...
