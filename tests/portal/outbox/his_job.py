"""The HIS side of the intermediate tables: a job that takes rows and acts on them.

It is a program of its own with links of its own, as a vendor's would be: it knows the
tables, its own functions, and nothing of us.
"""

from __future__ import annotations

from threading import Event, Thread

from portal.his.contract.interfaces import FUNCTIONS
from portal.his.contract.requests import DONE, REFUSED, TO_DO, table_of
from portal.his.contract.shape import Function, Type
from tests.portal.his.ddl.peers import Engine, quoted


class HisJob:
    """``work`` is one round; between ``start`` and ``stop`` they follow each other."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._is_over = Event()
        self._thread = Thread(target=self._run)

    def work(self) -> int:
        """How many rows it acted on."""
        return sum(self._work_on(function) for function in FUNCTIONS)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._is_over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._is_over.wait(0.05):
            self.work()

    def _work_on(self, function: Function) -> int:
        columns = function.arguments
        names = [column.name for column in columns]
        # The lines of one batch in their order; nothing else waits for one doctor.
        order = "batch_key, line_no" if "batch_key" in names else "request_id"
        rows = self._engine.rows(
            f"SELECT {', '.join(names)} FROM {table_of(function)}"
            f" WHERE state = '{TO_DO}' ORDER BY {order}"
        )
        for row in rows:
            values: dict[str, str | int | None] = {}
            for column, text in zip(columns, row, strict=True):
                is_kept = text or column.blank
                number = column.type is Type.INTEGER and text
                values[column.name] = int(text) if number else text if is_kept else None
            code, words, row_id = self._engine.call(function.name, values)
            state = DONE if code == "0" else REFUSED
            request_id = row[names.index("request_id")]
            self._engine.run(
                f"UPDATE {table_of(function)} SET state = '{state}', code = '{code}',"
                f" message = {quoted(words)}, his_row_id = {quoted(row_id)},"
                " done_at = CURRENT_TIMESTAMP"
                f" WHERE request_id = {quoted(request_id)};"
            )
        return len(rows)
