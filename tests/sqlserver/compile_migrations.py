"""What Django's migrations become on SQL Server: read, and held to its limits."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest
import sqlglot
from django.apps import apps
from sqlfluff.core import FluffConfig, Linter
from sqlglot import exp

from tests.sqlserver.migrating import migration_scripts
from tests.sqlserver.refusals import refusals

WIDEST_KEY = 1700  # bytes of an index that is not clustered, since SQL Server 2016
LONGEST_NAME = 128
# A filtered index takes comparisons joined by AND, and nothing else.
OUTER = re.compile(r"^\(([^()]*(?:\([^()]*\)[^()]*)*)\)$")
FILTER = re.compile(
    r"\[\w+\] (?:IS NOT NULL|IS NULL|(?:=|<>|<|>|<=|>=) \S+|IN \([^()]*\))"
)
BYTES = {"BIGINT": 8, "INTEGER": 4, "SMALLINT": 2, "BIT": 1, "DATE": 3}
BYTES |= {"DATETIMEOFFSET": 10}
INDEX = re.compile(
    r"CREATE (?P<unique>UNIQUE )?INDEX \[(?P<name>\w+)\] ON \[(?P<table>\w+)\] ?"
    r"\((?P<keys>[^)]*)\)(?: WHERE (?P<where>.*))?;"
)


LATER_COLUMN = re.compile(
    r"ALTER TABLE \[(\w+)\] (?:ADD|ALTER COLUMN) \[(\w+)\] (.*?);?$"
)


@pytest.fixture(scope="module")
def scripts() -> dict[str, list[str]]:
    return migration_scripts()


@dataclass(frozen=True)
class Index:
    name: str
    table: str
    keys: tuple[str, ...]
    where: str
    is_unique: bool


@pytest.fixture(scope="module")
def indexes(scripts: dict[str, list[str]]) -> list[Index]:
    return [
        index_of(text)
        for script in scripts.values()
        for text in script
        if re.match("CREATE (UNIQUE )?INDEX", text)
    ]


def index_of(text: str) -> Index:
    found = INDEX.fullmatch(text)
    assert found is not None, text
    return Index(
        name=found["name"],
        table=found["table"],
        keys=tuple(re.findall(r"\[(\w+)\]", found["keys"])),
        where=found["where"] or "",
        is_unique=found["unique"] is not None,
    )


@pytest.fixture(scope="module")
def columns(scripts: dict[str, list[str]]) -> dict[tuple[str, str], str]:
    """The definition of each column, as it was written last."""
    found: dict[tuple[str, str], str] = {}
    for text in (line for script in scripts.values() for line in script):
        if text.startswith("CREATE TABLE"):
            tree = sqlglot.parse_one(text, dialect="tsql")
            for column in tree.find_all(exp.ColumnDef):
                found[tree.this.this.name, column.name] = column.sql("tsql")
        elif given := LATER_COLUMN.match(text):
            table, name, definition = given.groups()
            found[table, name] = f"[{name}] {definition.upper()}"
    return found


def test_every_app_is_compiled(scripts: dict[str, list[str]]) -> None:
    with_models = {
        config.label for config in apps.get_app_configs() if any(config.get_models())
    }
    assert {name.split(".")[0] for name in scripts} == with_models


def test_every_statement_is_read_to_the_end(scripts: dict[str, list[str]]) -> None:
    assert [
        f"{name}: {found}"
        for name, script in scripts.items()
        for text in script
        for found in refusals(after_the_loop(text))
    ] == []


def after_the_loop(text: str) -> str:
    """To drop a table the backend first writes a loop over ``sys.foreign_keys``, which
    the parser of this test does not read; that of the next one does."""
    is_loop = "FROM sys.foreign_keys" in text
    return text[text.rindex("DROP TABLE ") :] if is_loop else text


def test_every_statement_is_grammatical(scripts: dict[str, list[str]]) -> None:
    linter = Linter(config=FluffConfig(overrides={"dialect": "tsql"}))
    for name, script in scripts.items():
        tree = linter.parse_string("\n".join(script) + "\n").tree
        assert tree is not None, name
        broken = [part.raw for part in tree.recursive_crawl("unparsable")]
        assert broken == [], name


def test_index_keys_fit(
    indexes: list[Index], columns: dict[tuple[str, str], str]
) -> None:
    for index in indexes:
        width = sum(width_of(columns[index.table, key]) for key in index.keys)
        assert width <= WIDEST_KEY, index.name


def test_names_fit(scripts: dict[str, list[str]]) -> None:
    text = "\n".join(line for script in scripts.values() for line in script)
    names = set(re.findall(r"\[(\w+)\]", text))
    assert [name for name in names if len(name) > LONGEST_NAME] == []


def test_filtered_indexes_ask_what_they_may(indexes: list[Index]) -> None:
    filtered = [index for index in indexes if index.where]
    assert len(filtered) >= 8
    for index in filtered:
        # One pair around all of it is the engine's own way to write several.
        whole = OUTER.sub(r"\1", index.where)
        assert FILTER.sub("", whole).replace(" AND ", "") == "", index


def test_a_column_that_may_be_empty_is_unique_among_its_values_only(
    indexes: list[Index],
    columns: dict[tuple[str, str], str],
    scripts: dict[str, list[str]],
) -> None:
    """SQL Server takes NULL for a value: a second one would be refused."""
    for index in indexes:
        for key in index.keys if index.is_unique else ():
            is_never_empty = " NOT NULL" in columns[index.table, key]
            assert is_never_empty or f"[{key}] IS NOT NULL" in index.where, index
    for script in scripts.values():
        for text in script:
            assert " NULL UNIQUE" not in text.replace(" NOT NULL UNIQUE", ""), text
            added = re.match(r"ALTER TABLE \[(\w+)\] ADD .* UNIQUE \((.*)\);", text)
            if added is None:
                continue
            for key in re.findall(r"\[(\w+)\]", added[2]):
                assert " NOT NULL" in columns[added[1], key], text


@pytest.mark.parametrize(
    ("name", "where"),
    [
        ("accounts_roleassignment_one_open", "[state] IN ('PENDING', 'ACTIVE')"),
        ("permissions_application_one_open", "[state] = 'SUBMITTED'"),
    ],
)
def test_one_open_row_stays_a_rule_of_the_database(
    indexes: list[Index], name: str, where: str
) -> None:
    # A migration that changes its columns makes it anew.
    *_earlier, last = [one for one in indexes if one.name == name]
    assert (last.where, last.is_unique) == (where, True)


def width_of(definition: str) -> int:
    """Bytes of a column in a key; of text two for each character, as nvarchar has."""
    text = re.search(r"\bN?(VAR)?CHAR\((\d+)\)", definition)
    return int(text[2]) * 2 if text else BYTES[definition.split()[1]]
