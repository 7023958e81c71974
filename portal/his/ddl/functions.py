"""The statements inside a maintenance function, for one engine and one vendor."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from portal.his.contract.interfaces import V_YW_CHANGE_LOG
from portal.his.contract.shape import Column
from portal.his.ddl.engines import Engine
from portal.his.ddl.rules import CHANGED_BY, RULES, Rule, listed
from portal.his.ddl.views import coded_sql
from portal.his.mapping.shape import (
    AsText,
    Coded,
    Expression,
    FunctionMap,
    Literal,
    Template,
)

LOG_TABLE = "YW_CHANGE_LOG"
LOG_SEQUENCE = "YW_CHANGE_LOG_SEQ"
# The calling account has no terminal of its own.
LOG_COLUMNS = tuple(
    column for column in V_YW_CHANGE_LOG.all_columns if column.name != "terminal"
)
NO_BATCHES = Rule("2005", "没有提供整批替换", "{save_mode} = 'REPLACE'")
REVOKED = "3"


class Body:
    """What a function does, as SQL of the engine."""

    def __init__(
        self, function: FunctionMap, engine: Engine, views: frozenset[str]
    ) -> None:
        self.map = function
        self.engine = engine
        self.name = function.function.name
        self.calls = self.name if engine.name == "sqlite" else f"{self.name}_CALL"
        self._rules = RULES[self.name]
        self._views = views
        self._known = {column.name: column for column in function.function.arguments}
        self._words = {
            "allowed": function.allowed or "1 = 1",
            "status": self._rules.status,
            "status_number": self._rules.status_number,
            "calls": self.calls,
        }

    @property
    def arguments(self) -> tuple[Column, ...]:
        return self.map.function.arguments

    def rules(self) -> list[Rule]:
        """Those that can be asked of this HIS."""
        rules = [
            rule
            for rule in self._rules.rules
            if not rule.needs or rule.needs in self._views
        ]
        if self._rules.closes_when and not self.map.close_where:
            rules.insert(0, NO_BATCHES)
        return rules

    def verdict(self) -> str:
        """Four characters of code, a space, and the words."""
        whens = "\n".join(
            f"    WHEN {self.fill(rule.when)}\n      THEN"
            f" {self.engine.text(f'{rule.code:<4} {rule.words}')}"
            for rule in self.rules()
        )
        return f"CASE\n{whens}\n    ELSE {self.engine.text('0    成功')} END"

    def acts(self) -> Iterator[str]:
        """In order: write down what is about to change, then change it."""
        yield self._log_line()
        yield self._update()
        if self.map.inserts:
            yield self._insert()
        if self._rules.closes_when and self.map.close_where:
            yield self._log_closed()
            yield self._close()

    def row_id(self) -> str:
        cast = f"CAST({self.map.row_id} AS {self.engine.text_cast(32)})"
        return f"(SELECT MAX({cast}) FROM {self.map.table} WHERE {self._same_line()})"

    def fill(self, template: str) -> str:
        return self.engine.fill(template, self._known, **self._words)

    # --- statements --------------------------------------------------------------

    def _log_line(self) -> str:
        rules = self._rules
        given = {
            "request_id": "{request_id}",
            "target": self.engine.text(rules.target),
            "op": "{op}",
            "before_status": f"(SELECT MAX({rules.before}) {rules.line})",
            "after_status": "{status}",
            "operator": "{operator}",
            "changed_at": "{now}",
            "reason": "{reason}",
            "doc_no": "{doc_no}",
        } | dict(rules.log)
        source = f"{self.engine.from_nothing}{self._where(rules.acts_when)}"
        return self._log(given, source)

    def _log_closed(self) -> str:
        given = {
            "request_id": "{request_id}",
            "target": self.engine.text(self._rules.target),
            "op": self.engine.text("REVOKE"),
            "emp_no": "v.emp_no",
            "priv_code": "v.right_kind",
            "setting": "v.setting",
            "item_code": "v.his_item_id",
            "before_status": "v.status",
            "after_status": self.engine.text(REVOKED),
            "operator": "{operator}",
            "changed_at": "{now}",
            "reason": "{reason}",
            "doc_no": "{doc_no}",
        }
        others = "(v.batch_key IS NULL OR v.batch_key <> {batch_key})"
        where = f"v.emp_no = {{emp_no}} AND v.status = '1' AND {others}"
        return self._log(
            given,
            f"\n  FROM {self.map.function.shows} v"
            f"\n  WHERE {self._rules.closes_when} AND {where}",
        )

    def _log(self, given: Mapping[str, str], source: str) -> str:
        names = [column.name for column in LOG_COLUMNS if column.name in given]
        values = [given[name] for name in names]
        if self.engine.name == "oracle":
            names.insert(0, "seq")
            values.insert(0, f"{LOG_SEQUENCE}.NEXTVAL")
        return self.fill(
            f"INSERT INTO {LOG_TABLE} ({', '.join(names)})"
            f"\n  SELECT {', '.join(values)}{source}"
        )

    def _update(self) -> str:
        changes = ",\n    ".join(
            f"{column} = {self._guarded(column, source)}"
            for column, source in self.map.values.items()
        )
        when = self._rules.acts_when
        extra = f" AND {self.fill(when)}" if when else ""
        return (
            f"UPDATE {self.map.table} SET\n    {changes}"
            f"\n  WHERE {self._same_line()}{extra}"
        )

    def _insert(self) -> str:
        columns = self.map.key | self.map.values
        values = ", ".join(self._value(source) for source in columns.values())
        there = f"SELECT 1 FROM {self.map.table} WHERE {self._same_line()}"
        when = self._rules.acts_when
        extra = f"{self.fill(when)} AND " if when else ""
        return (
            f"INSERT INTO {self.map.table} ({', '.join(columns)})"
            f"\n  SELECT {values}{self.engine.from_nothing}"
            f"\n  WHERE {extra}NOT EXISTS ({there})"
        )

    def _close(self) -> str:
        changes = ", ".join(
            f"{column} = {self._value(source)}"
            for column, source in self.map.close_values.items()
        )
        where = self.fill(f"{self._rules.closes_when} AND {self.map.close_where}")
        return f"UPDATE {self.map.table} SET {changes}\n  WHERE {where}"

    # --- values ------------------------------------------------------------------

    def _where(self, condition: str) -> str:
        return f"\n  WHERE {condition}" if condition else ""

    def _same_line(self) -> str:
        return " AND ".join(
            f"{self._key_column(column, source)} = {self._value(source)}"
            for column, source in self.map.key.items()
        )

    def _key_column(self, column: str, source: Template) -> str:
        """Oracle keeps an empty text as NULL, which equals nothing."""
        is_blank = isinstance(source, Expression) and any(
            source.sql == f"{{{name}}}" and argument.blank
            for name, argument in self._known.items()
        )
        return self.engine.never_null(column) if is_blank else column

    def _guarded(self, column: str, source: Template) -> str:
        """What the operation does not speak of stays as it is."""
        value = self._value(source)
        for argument, operations in CHANGED_BY.items():
            if argument in self._known and f"{{{argument}}}" in template_of(source):
                when = self.fill(f"{{op}} IN ({listed(operations)})")
                return f"CASE WHEN {when} THEN {value} ELSE {column} END"
        return value

    def _value(self, source: Template) -> str:
        match source:
            case Expression(sql):
                return self.fill(sql)
            case Coded(sql):
                return coded_sql(replace(source, sql=self.fill(sql)), self.engine)
            case AsText(sql):
                return f"CAST({self.fill(sql)} AS {self.engine.text_cast(200)})"
            case Literal(value):
                return self.engine.text(value)


def template_of(source: Template) -> str:
    return source.value if isinstance(source, Literal) else source.sql
