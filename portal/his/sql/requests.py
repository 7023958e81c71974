"""The part of ``HisGateway`` that tells by intermediate tables; it reads no view.

The DSN is ``table+`` before that of the database. A row is put in and, in the same
breath, looked at: a HIS that acts by a trigger has answered by then. One that comes for
its rows now and then has not, which is HisPending; its answer is asked for later. A row
that is there already is not put in again, so a repeat has no second effect.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_noop as _

from portal.his.contract.codes import ERROR_CODES
from portal.his.contract.requests import DONE, REFUSED, TO_DO, table_of
from portal.his.contract.shape import Function
from portal.his.gateway import (
    HisMisconfigured,
    HisPending,
    HisRejected,
    HisUnavailable,
)
from portal.his.messages import Answer
from portal.his.named import WAYS, Saved
from portal.his.sql.gateway import ACCEPTED, SqlGateway
from portal.his.sql.statements import (
    as_text,
    put_request,
    read_requests,
    request_place,
)

PREFIX = "table+"
WAITS = _("已写入中间表，等 HIS 处理")
UNEXPLAINED = "9999"
Row = tuple[str, ...]  # state, code, message, his_row_id


class RequestWriter(SqlGateway):
    """See the module; only its saving, ``answer_to``, ``ping`` and ``close`` are used."""

    def __init__(self, dsn: str, timeout_seconds: float, setting: str) -> None:
        super().__init__(dsn.removeprefix(PREFIX), timeout_seconds, setting)

    def call(self, function: Function, values: Mapping[str, Any]) -> Answer:
        """Raises HisPending where the row has no answer yet."""
        refusal: HisRejected | None = None
        try:
            self._put(function, [values])
        except HisRejected as problem:  # it is there already, or the table refused it
            refusal = problem
        try:
            row = self._row(function, values["request_id"])
        except HisUnavailable as problem:  # it is there by now, and may be acted on
            raise HisUnavailable(str(problem), sent=True) from None
        if row is not None:
            return self._said(function, row)
        raise refusal or HisUnavailable(_("HIS 应答丢失"), sent=True)

    def answer_to(self, message: Saved) -> Answer | None:
        """See ``AnswersLater``."""
        function = WAYS[type(message)].function
        row = self._row(function, message.request_id)
        return None if row is None else self._said(function, row)

    def _put(self, function: Function, rows: Sequence[Mapping[str, Any]]) -> None:
        engines = self._engines()
        name = table_of(function)
        text = put_request(name, engines.dialect.sql)
        new = {"state": TO_DO, "sent_at": self._now()}
        names = [item.name for item in function.arguments]
        given = [{each: row[each] for each in names} | new for row in rows]
        with self._call(engines, engines.writer, name, write=True) as link:
            engines.dialect.write(link, text, given)

    def _row(self, function: Function, request_id: str) -> Row | None:
        return self._rows(function, [request_id]).get(request_id)

    def _rows(self, function: Function, request_ids: Iterable[str]) -> dict[str, Row]:
        """By request id; what is not there is left out."""
        engines = self._engines()
        name = table_of(function)
        keys = {request_place(place): key for place, key in enumerate(request_ids)}
        text = read_requests(name, len(keys), engines.dialect.sql)
        with self._call(engines, engines.reader, name) as link:
            found = engines.dialect.read(link, text, keys)
        texts = [tuple(as_text(value).strip() for value in row) for row in found]
        return {key: tuple(row) for key, *row in texts}

    def _said(self, function: Function, row: Row) -> Answer:
        """What the HIS has written in the row."""
        state, code, words, his_row_id = row
        if state == TO_DO:
            raise HisPending(WAITS)
        if state == REFUSED:
            code = code if code in ERROR_CODES and code != ACCEPTED else UNEXPLAINED
            raise HisRejected(code, words or ERROR_CODES[code])
        if state != DONE:
            problem = f"{table_of(function)}.state 不在约定的取值中"
            raise HisMisconfigured(self._setting, problem)
        return Answer(ACCEPTED, words, his_row_id)

    def _now(self) -> datetime:
        """Local time of the HIS, to the second."""
        return datetime.now(self._zone).replace(microsecond=0, tzinfo=None)
