"""Many statements on one link of PostgreSQL without waiting for each answer.

On the other side: libpq's pipeline mode. Every statement is followed by a sync, so each
is a transaction of its own, as if it had been sent alone: what fails fails alone, and
what was answered is committed. Statements are prepared once per link.
"""

from __future__ import annotations

import select
from collections import deque
from collections.abc import Generator, Mapping, Sequence
from itertools import count
from typing import Any, NamedTuple

import psycopg
from psycopg import pq
from psycopg._queries import PostgresQuery
from psycopg.adapt import Transformer
from psycopg.errors import error_from_result

from portal.his.sql.deadline import Late, left

Step = tuple[bytes | str, Mapping[str, Any]]
Rows = list[Any]
Key = tuple[bytes, tuple[int, ...]]
NO_SUCH_STATEMENT = "26000"
_numbers = count()


class _Sent(NamedTuple):
    key: Key
    name: bytes
    is_new: bool


def exchange(
    link: psycopg.Connection[Any], names: dict[Key, bytes], steps: Sequence[Step]
) -> Generator[Rows | Exception]:
    """Of each step its rows, or the error it met; ``names`` are the link's statements.

    The deadline of the thread counts for one answer; whoever reads sets it anew.
    Raises Late and what the driver raises for a link that is lost: what was not yielded
    by then may have been done.
    """
    pipeline = _Pipeline(link, names)
    is_under_way = True
    try:
        link.pgconn.enter_pipeline_mode()
        for text, values in steps:
            pipeline.send(text, values)
        for _step in steps:
            found = pipeline.answer()
            if pipeline.is_answered:  # before the last one is given: nobody asks on
                link.pgconn.exit_pipeline_mode()
                is_under_way = False
            yield found
    finally:
        if is_under_way:  # what comes yet would be read as the next answer
            link.close()


class _Pipeline:
    def __init__(self, link: psycopg.Connection[Any], names: dict[Key, bytes]) -> None:
        self._connection = link.pgconn
        self._types = Transformer(link)
        self._names = names
        self._poll = select.poll()
        self._poll.register(link.fileno(), select.POLLIN)
        # Of each step under way its statement, or why it was not sent.
        self._sent: deque[_Sent | Exception] = deque()
        self._unprepared: dict[bytes, Exception] = {}
        self._encoding = link.info.encoding

    @property
    def is_answered(self) -> bool:
        return not self._sent

    def send(self, text: bytes | str, values: Mapping[str, Any]) -> None:
        query = PostgresQuery(self._types)
        try:
            query.convert(text, values)
        except (UnicodeError, psycopg.Error) as problem:  # a text it has no bytes for
            self._sent.append(problem)
            return
        key = (query.query, tuple(query.types))
        is_new = key not in self._names
        if is_new:
            self._names[key] = b"yw%d" % next(_numbers)
            self._connection.send_prepare(self._names[key], query.query, query.types)
        name = self._names[key]
        self._connection.send_query_prepared(name, query.params, query.formats)
        self._connection.pipeline_sync()
        self._sent.append(_Sent(key, name, is_new))

    def answer(self) -> Rows | Exception:
        """All that belongs to the next statement, up to its sync."""
        sent = self._sent.popleft()
        if isinstance(sent, Exception):
            return sent
        found: Rows | Exception = []
        is_prepared = not sent.is_new
        while (result := self._next()).status != pq.ExecStatus.PIPELINE_SYNC:
            match result.status:
                case pq.ExecStatus.COMMAND_OK:
                    is_prepared = True
                case pq.ExecStatus.TUPLES_OK:
                    self._types.set_pgresult(result)
                    found = self._types.load_rows(0, result.ntuples, tuple)
                case pq.ExecStatus.FATAL_ERROR:
                    found = self._failed(sent, result, is_prepared)
        return found

    def _failed(self, sent: _Sent, result: Any, is_prepared: bool) -> Exception:
        error = error_from_result(result, encoding=self._encoding)
        if is_prepared and error.sqlstate != NO_SUCH_STATEMENT:
            return error
        # Who sent it after the one that could not prepare it meets the same fault.
        self._names.pop(sent.key, None)
        return self._unprepared.setdefault(sent.name, error)

    def _next(self) -> Any:
        """The next result; where one ends, libpq gives a None, which is passed over."""
        while (result := self._get()) is None:
            pass
        return result

    def _get(self) -> Any:
        connection = self._connection
        while connection.is_busy():
            if connection.flush():
                self._poll.modify(connection.socket, select.POLLIN | select.POLLOUT)
            else:
                self._poll.modify(connection.socket, select.POLLIN)
            if not self._poll.poll(left() * 1000):
                raise Late
            connection.consume_input()
        if connection.status != pq.ConnStatus.OK:
            raise psycopg.OperationalError("the connection is lost")
        return connection.get_result()
