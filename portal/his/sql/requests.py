"""The part of ``HisGateway`` that tells by intermediate tables; it reads no view.

The DSN is ``table+`` before that of the database. Rows are put in and, in the same
breath, looked at: a HIS that acts by a trigger has answered by then. One that comes for
its rows now and then has not, which is HisPending; its answer is asked for later. A row
that is there already is not put in again, so a repeat has no second effect.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_noop as _

from portal.his.contract.codes import ERROR_CODES
from portal.his.contract.requests import DONE, REFUSED, TO_DO, table_of
from portal.his.contract.shape import Function
from portal.his.gateway import (
    Failure,
    HisMisconfigured,
    HisPending,
    HisRejected,
    HisUnavailable,
    Saved,
)
from portal.his.messages import Answer
from portal.his.named import WAYS
from portal.his.sql.dialect import Dialect
from portal.his.sql.gateway import ACCEPTED, SqlGateway
from portal.his.sql.statements import (
    Statement,
    filled,
    in_texts,
    place,
    put_request,
    put_requests_by_arrays,
    read_requests,
    read_requests_by_array,
)

PREFIX = "table+"
WAITS = _("已写入中间表，等 HIS 处理")
UNEXPLAINED = "9999"
ROWS_AT_ONCE = (1, 10, 100, 500)  # sizes of the questions for many rows
Values = Mapping[str, Any]


class RequestWriter(SqlGateway):
    """See the module; only what tells, ``ping`` and ``close`` are used of it."""

    def __init__(self, dsn: str, timeout_seconds: float, setting: str) -> None:
        super().__init__(dsn.removeprefix(PREFIX), timeout_seconds, setting)

    @property
    def engine(self) -> str:
        """As ``portal.his.ddl.engines`` calls it, for the script of its tables."""
        return self._engines().dialect.sql.name

    @property
    def at_once(self) -> int:
        """What is in doubt when the link breaks is cleared up by one look each."""
        return ROWS_AT_ONCE[-1]

    def call(self, function: Function, values: Values) -> Answer:
        """Raises HisPending where the row has no answer yet."""
        return known(self.put_each(function, [values])[0])

    def answer_to(self, message: Saved) -> Answer | None:
        """See ``AnswersLater``."""
        function = WAYS[type(message)].function
        said = self.look_at(function, [message.request_id])[0]
        return None if said is None else known(said)

    def put_each(
        self, function: Function, rows: Sequence[Values]
    ) -> list[Answer | Failure]:
        """What is said to each; one that is refused keeps no other back.

        Raises HisUnavailable where nobody can say how many are there.
        """
        refusals = self._put_all(function, rows)
        keys = [str(row["request_id"]) for row in rows]
        try:
            said = self.look_at(function, keys)
        except (HisUnavailable, HisMisconfigured) as problem:
            # They are there by now, and may be acted on.
            raise HisUnavailable(str(problem), sent=True) from None
        lost = HisUnavailable(_("HIS 应答丢失"), sent=True)
        found: list[Answer | Failure] = []
        for key, answer in zip(keys, said, strict=True):
            found.append(answer or refusals.get(key) or lost)
        return found

    def look_at(
        self, function: Function, request_ids: Sequence[str]
    ) -> list[Answer | Failure | None]:
        """What the HIS has written in each row; None where there is no row."""
        engines = self._engines()
        name = table_of(function)
        text, values = question(name, request_ids, engines.dialect)
        with self._call(engines, engines.reader, name) as link:
            found = engines.dialect.read(link, text, values)
        rows = {key: row for key, *row in in_texts(found)}
        return [
            self._said(function, *rows[key]) if key in rows else None
            for key in request_ids
        ]

    def _put_all(
        self, function: Function, rows: Sequence[Values]
    ) -> dict[str, HisRejected]:
        """By request id those the table refuses: mostly for they are there already."""
        refusals: dict[str, HisRejected] = {}
        try:
            self._put(function, rows)
        except HisRejected as problem:
            if len(rows) == 1:
                return {str(rows[0]["request_id"]): problem}
            try:
                for row in rows:
                    refusals |= self._put_all(function, [row])
            except (HisUnavailable, HisMisconfigured) as other:  # some may be there
                raise HisUnavailable(str(other), sent=True) from None
        return refusals

    def _put(self, function: Function, rows: Sequence[Values]) -> None:
        engines = self._engines()
        name = table_of(function)
        text, given = putting(function, rows, self._now(), engines.dialect)
        is_begun = False
        try:
            with self._call(engines, engines.writer, name, write=True) as link:
                is_begun = True
                engines.dialect.write(link, text, given)
        except HisUnavailable as problem:  # of many, some may be there
            may_stand = problem.sent or (is_begun and len(rows) > 1)
            raise HisUnavailable(str(problem), sent=may_stand) from None

    def _said(
        self, function: Function, state: str, code: str, words: str, his_row_id: str
    ) -> Answer | Failure:
        if state == TO_DO:
            return HisPending(WAITS)
        if state == DONE:
            return Answer(ACCEPTED, words, his_row_id)
        if state == REFUSED:
            if code == ACCEPTED or code not in ERROR_CODES:
                code = UNEXPLAINED
            return HisRejected(code, words or ERROR_CODES[code])
        # The row is there, whatever is meant: it is not as if it had not been sent.
        problem = f"{table_of(function)}.state 不在约定的取值中"
        return HisUnavailable(f"{self._setting}: {problem}", sent=True)

    def _now(self) -> datetime:
        """Local time of the HIS, to the second."""
        return datetime.now(self._zone).replace(microsecond=0, tzinfo=None)


def putting(
    function: Function, rows: Sequence[Values], at: datetime, dialect: Dialect
) -> tuple[Statement, Sequence[Values]]:
    """What puts these rows in: all by one statement if it can be."""
    name = table_of(function)
    names = [item.name for item in function.arguments]
    if getattr(dialect, "takes_arrays", False) and len(rows) > 1:
        columns = {each: [row[each] for row in rows] for each in names}
        new = {"state": [TO_DO] * len(rows), "sent_at": [at] * len(rows)}
        return put_requests_by_arrays(name, dialect.sql), [columns | new]
    given = [
        {each: row[each] for each in names} | {"state": TO_DO, "sent_at": at}
        for row in rows
    ]
    return put_request(name, dialect.sql), given


def question(
    name: str, request_ids: Sequence[str], dialect: Dialect
) -> tuple[Statement, Values]:
    """What asks for the answers in these rows: their keys as one value if it can be."""
    if getattr(dialect, "takes_arrays", False):
        text = read_requests_by_array(name, dialect.sql)
        return text, {"request_id": list(request_ids)}
    keys = filled(request_ids, ROWS_AT_ONCE)
    values = {place("request_id", number): key for number, key in enumerate(keys)}
    return read_requests(name, len(keys), dialect.sql), values


def known(said: Answer | Failure) -> Answer:
    """An answer as a single call gives it: raised where it is none."""
    if isinstance(said, Answer):
        return said
    raise said
