"""Many statements on one link of PostgreSQL without waiting for each answer.

On the other side: libpq's pipeline mode. Every statement is followed by a sync, so each
is a transaction of its own, as if it had been sent alone: what fails fails alone, and
what was answered is committed. Statements are prepared once per link.
"""

from __future__ import annotations

import select
from collections import deque
from collections.abc import Generator, Mapping, Sequence
from typing import Any

import psycopg
from psycopg import pq
from psycopg._queries import PostgresQuery
from psycopg.adapt import Transformer
from psycopg.errors import error_from_result

from portal.his.sql.deadline import Late, left

Step = tuple[bytes | str, Mapping[str, Any]]
Rows = list[Any]
Key = tuple[bytes, tuple[int, ...]]


def exchange(
    link: psycopg.Connection[Any], names: dict[Key, bytes], steps: Sequence[Step]
) -> Generator[Rows | Exception]:
    """Of each step its rows, or the error it met; ``names`` are the link's statements.

    The deadline of the thread counts for one answer; whoever reads sets it anew.
    Raises Late and what the driver raises for a link that is lost: what was not yielded
    by then may have been done.
    """
    pipeline = _Pipeline(link, names)
    is_done = False
    try:
        link.pgconn.enter_pipeline_mode()
        for text, values in steps:
            pipeline.send(text, values)
        for _step in steps:
            yield pipeline.answer()
        link.pgconn.exit_pipeline_mode()
        is_done = True
    finally:
        if not is_done:  # what is still under way would be read as the next answer
            link.close()


class _Pipeline:
    def __init__(self, link: psycopg.Connection[Any], names: dict[Key, bytes]) -> None:
        self._connection = link.pgconn
        self._types = Transformer(link)
        self._names = names
        self._poll = select.poll()
        self._poll.register(link.fileno(), select.POLLIN)
        # Of each step under way: its statement, if it is new; or why it was not sent.
        self._sent: deque[Key | Exception | None] = deque()
        self._encoding = link.info.encoding

    def send(self, text: bytes | str, values: Mapping[str, Any]) -> None:
        query = PostgresQuery(self._types)
        try:
            query.convert(text, values)
        except (UnicodeError, psycopg.Error) as problem:  # a text it has no bytes for
            self._sent.append(problem)
            return
        key = (query.query, tuple(query.types))
        name = self._names.get(key)
        self._sent.append(None if name else key)
        if name is None:
            name = self._names[key] = b"yw%d" % len(self._names)
            self._connection.send_prepare(name, query.query, query.types)
        self._connection.send_query_prepared(name, query.params, query.formats)
        self._connection.pipeline_sync()

    def answer(self) -> Rows | Exception:
        """All that belongs to the next statement, up to its sync."""
        new = self._sent.popleft()
        if isinstance(new, Exception):
            return new
        found: Rows | Exception = []
        while True:
            result = self._next()
            if result is None:
                continue
            match result.status:
                case pq.ExecStatus.PIPELINE_SYNC:
                    return found
                case pq.ExecStatus.TUPLES_OK:
                    self._types.set_pgresult(result)
                    found = self._types.load_rows(0, result.ntuples, tuple)
                case pq.ExecStatus.FATAL_ERROR:
                    found = error_from_result(result, encoding=self._encoding)
                    if new:  # perhaps it could not even be prepared
                        self._names.pop(new, None)

    def _next(self) -> Any:
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
