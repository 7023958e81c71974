"""Reading a mapping; every mistake is named with its line, all in one go."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping as AnyMapping
from pathlib import Path
from typing import Any

from portal.his.contract.interfaces import ALL, FUNCTIONS, VIEWS
from portal.his.contract.shape import Column, Function, View
from portal.his.mapping.lines import Lines
from portal.his.mapping.shape import (
    AsText,
    Coded,
    Expression,
    Flag,
    FunctionMap,
    Join,
    Literal,
    Mapping,
    MappingError,
    Push,
    Source,
    Template,
    Utc,
    ViewMap,
)

HERE = Path(__file__).parent
DEMO = HERE / "demo_his.toml"
TYPICAL = HERE / "typical_his.toml"
GNU_HEALTH = HERE / "gnu_health.toml"

VIEW = {view.name: view for view in VIEWS}
FUNCTION = {function.name: function for function in FUNCTIONS}
GENERATED = "V_YW_CHANGE_LOG"  # unmapped: a table and a view of our own are written
SECTIONS = {"his", "missing", "provided", "codes", "push"}
PUSH_WORDS = {"whole_sets", "keeps_dates", "flags"}
VIEW_WORDS = {"table", "joins", "where", "columns", "missing", "rows"}
FUNCTION_WORDS = {"table", "row_id", "key", "values", "inserts", "allowed", "close"}
ANSWER_PLACE = re.compile(r"line (\d+)")


def shipped(name: str) -> Path:
    """The file of a mapping that comes with us, by its name; else the path itself."""
    found = HERE / f"{name}.toml"
    return found if found.is_file() else Path(name)


def load(path: Path) -> Mapping:
    """The mapping of a file; raises MappingError."""
    text = path.read_text(encoding="utf-8")
    try:
        words = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = ANSWER_PLACE.search(str(error))
        line = place[1] if place else "1"
        raise MappingError([f"{path.name}:{line}: 不是 TOML：{error}"]) from None
    return _Reader(path.name, words, Lines(text)).mapping()


class _Reader:
    """Collects what is wrong instead of stopping at the first."""

    def __init__(self, name: str, words: dict[str, Any], lines: Lines) -> None:
        self._name = name
        self._words = words
        self._lines = lines
        self._problems: list[str] = []

    def mapping(self) -> Mapping:
        his = self._words.get("his", {})
        for word in ("name", "account"):
            if not isinstance(his.get(word), str):
                self._say(f"[his] 缺少 {word}", "his")
        self._unknown_sections()
        views = {name: self._view(VIEW[name]) for name in VIEW if name in self._words}
        functions = {
            name: self._function(FUNCTION[name])
            for name in FUNCTION
            if name in self._words
        }
        missing = self._reasons("missing")
        provided = self._reasons("provided")
        self._everything_spoken_of({*missing, *provided})
        push = self._push(self._words.get("push", {}))
        if self._problems:
            raise MappingError(self._problems)
        return Mapping(
            his["name"], his["account"], views, functions, missing, provided, push
        )

    def _say(self, problem: str, *path: str) -> None:
        self._problems.append(f"{self._name}:{self._lines.of(*path)}: {problem}")

    def _unknown_sections(self) -> None:
        for name in self._words:
            if name not in SECTIONS | set(VIEW) | set(FUNCTION):
                self._say(f"约定中没有接口 {name}", name)

    def _reasons(self, section: str) -> dict[str, str]:
        found: dict[str, str] = self._words.get(section, {})
        names = {item.name for item in ALL}
        for name in found:
            if name not in names:
                self._say(f"约定中没有接口 {name}", section, name)
            elif name in self._words:
                self._say(f"{name} 已有映射，不应再列在 [{section}]", section, name)
        return found

    def _everything_spoken_of(self, named: set[str]) -> None:
        for item in ALL:
            if item.name not in {*self._words, *named, GENERATED}:
                self._say(f"没有 {item.name} {item.title}：请映射或写进 [missing]")

    # --- how it wants to be told ---------------------------------------------------

    def _push(self, words: dict[str, Any]) -> Push:
        self._unknown_words("push", words, PUSH_WORDS)
        for word in ("whole_sets", "keeps_dates"):
            if not isinstance(words.get(word, True), bool):
                self._say(f"[push] 的 {word} 要写 true 或 false", "push", word)
        flags = words.get("flags", {})
        return Push(
            whole_sets=words.get("whole_sets") is True,
            keeps_dates=words.get("keeps_dates", True) is True,
            flags=tuple(self._flag(name, said) for name, said in flags.items()),
        )

    def _flag(self, name: str, said: Any) -> Flag:
        place = ("push", "flags", name)
        if name not in {column.name for column in VIEW["V_YW_DOCTOR"].all_columns}:
            self._say(f"V_YW_DOCTOR 没有列 {name}", *place)
        match said:
            case {"bits": list(bits)} if all(isinstance(bit, str) for bit in bits):
                return Flag(name, bits=tuple(bits), setting=said.get("setting", ""))
            case dict() if said and all(isinstance(v, str) for v in said.values()):
                return Flag(name, values=dict(said))
        self._say(
            f"[push.flags] 的 {name} 看不懂：权限 = 取值，或 bits = [权限…]", *place
        )
        return Flag(name)

    # --- views -------------------------------------------------------------------

    def _view(self, view: View) -> ViewMap:
        words: dict[str, Any] = self._words[view.name]
        self._unknown_words(view.name, words, VIEW_WORDS)
        missing = self._missing(view, words.get("missing", ()))
        if "rows" in words:
            return self._fixed_rows(view, words["rows"], missing)
        if not isinstance(words.get("table"), str):
            self._say(f"{view.name} 缺少 table（来源表）", view.name)
        known = {column.name: column for column in view.all_columns}
        given: dict[str, Any] = words.get("columns", {})
        columns = {
            name: self._source(known[name], value, view.name, "columns", name)
            for name, value in given.items()
            if self._is_column(view, name, known)
        }
        self._complete(view, set(given), missing)
        return ViewMap(
            view,
            str(words.get("table", "")),
            tuple(self._join(view, join) for join in words.get("joins", ())),
            str(words.get("where", "")),
            columns,
            missing,
        )

    def _is_column(self, view: View, name: str, known: AnyMapping[str, Column]) -> bool:
        if name not in known:
            self._say(f"{view.name} 没有列 {name}", view.name, "columns", name)
        return name in known

    def _unknown_words(
        self, section: str, words: AnyMapping[str, Any], known: set[str]
    ) -> None:
        for word in words:
            if word not in known:
                self._say(f"{section} 中不认识 {word}", section, word)

    def _missing(self, view: View, words: Any) -> dict[str, str]:
        """Names alone, or names with reasons."""
        found = dict(words) if isinstance(words, dict) else dict.fromkeys(words, "")
        names = {column.name for column in view.all_columns}
        for name, why in found.items():
            if name not in names:
                self._say(f"{view.name} 没有列 {name}", view.name, "missing", name)
            elif not isinstance(why, str):
                what = f"{view.name}.{name} 的原因要写成文字"
                self._say(what, view.name, "missing", name)
        return found

    def _complete(
        self, view: View, given: set[str], missing: AnyMapping[str, str]
    ) -> None:
        for column in view.columns:
            what = f"{view.name} 缺少列 {column.name}（{column.title}）"
            place = (view.name, "missing", column.name)
            if column.name in given:
                if column.name in missing:
                    what = f"{view.name}.{column.name} 已有来源，不应再列为 missing"
                    self._say(what, *place)
            elif column.name not in missing:
                self._say(f"{what}：请给出来源，或写进 missing", view.name)
            elif column.name in {*view.key, view.watermark}:
                self._say(f"{what}：主键和水位列不能没有", *place)
            elif not column.nullable and not missing[column.name]:
                self._say(f"{what}：必填列列为 missing 要写明原因", *place)

    def _fixed_rows(
        self, view: View, rows: list[dict[str, str]], missing: dict[str, str]
    ) -> ViewMap:
        known = {column.name: column for column in view.all_columns}
        for row in rows:
            for name, value in row.items():
                if not self._is_column(view, name, known):
                    continue
                codes = known[name].codes
                if codes is not None and value not in codes:
                    self._say(f"{view.name}.{name} 没有代码 {value}", view.name, "rows")
        given = set(rows[0]) if rows else set()
        self._complete(view, given, missing)
        return ViewMap(view, "", missing=missing, rows=tuple(rows))

    def _join(self, view: View, words: AnyMapping[str, str]) -> Join:
        table = words.get("table") or words.get("left")
        if not table or "on" not in words:
            self._say(
                f"{view.name} 的连接缺少 table（或 left）和 on", view.name, "joins"
            )
        return Join(str(table), str(words.get("on")), "left" in words)

    # --- sources -----------------------------------------------------------------

    def _source(self, column: Column, value: Any, *path: str) -> Source:
        """A vendor's value of a contract column: its codes are the contract's."""
        if isinstance(value, dict) and isinstance(value.get("utc"), str):
            return Utc(value["utc"])
        source = self._template(value, *path)
        if isinstance(source, Coded) and column.codes is not None:
            results = [*source.codes.values(), source.otherwise]
            for code in results:
                if code is not None and code not in column.codes:
                    self._say(f"{path[0]}.{column.name} 没有代码 {code}", *path)
        return source

    def _template(self, value: Any, *path: str) -> Template:
        match value:
            case str():
                return Expression(value)
            case {"text": str(sql)}:
                return AsText(sql)
            case {"literal": str(literal)}:
                return Literal(literal)
            case {"value": str(sql), "codes": codes}:
                return Coded(
                    sql,
                    self._codes(codes, *path),
                    value.get("otherwise"),
                    bool(value.get("number", False)),
                )
            case _:
                self._say(f"{'.'.join(path)} 的来源看不懂", *path)
                return Expression("")

    def _codes(self, codes: Any, *path: str) -> dict[str, str]:
        """Given on the spot, or by the name of a table in ``[codes]``."""
        if isinstance(codes, dict):
            return codes
        found: dict[str, str] | None = self._words.get("codes", {}).get(codes)
        if found is None:
            self._say(f"[codes] 中没有 {codes}", *path)
        return found or {}

    # --- functions ---------------------------------------------------------------

    def _function(self, function: Function) -> FunctionMap:
        words: dict[str, Any] = self._words[function.name]
        name = function.name
        self._unknown_words(name, words, FUNCTION_WORDS)
        for word in ("table", "row_id", "key", "values"):
            if word not in words:
                self._say(f"{name} 缺少 {word}", name)
        if function.shows not in self._words:
            self._say(f"{name} 写入的行要在 {function.shows} 中可见：请映射它", name)
        close: dict[str, Any] = words.get("close", {})
        shown = self._words.get(function.shows, {}).get("columns", {})
        if close and "batch_key" not in shown:
            self._say(
                f"{name} 的 close 要用 {function.shows} 的 batch_key", name, "close"
            )
        return FunctionMap(
            function,
            str(words.get("table", "")),
            str(words.get("row_id", "")),
            self._templates(words.get("key", {}), name, "key"),
            self._templates(words.get("values", {}), name, "values"),
            bool(words.get("inserts", True)),
            str(words.get("allowed", "")),
            str(close.get("where", "")),
            self._templates(close.get("values", {}), name, "close"),
        )

    def _templates(
        self, words: AnyMapping[str, Any], *path: str
    ) -> dict[str, Template]:
        return {
            column: self._template(value, *path, column)
            for column, value in words.items()
        }
