from __future__ import annotations

from pathlib import Path

from portal.his.contract.catalogue import CODE_TABLES, all_columns
from portal.his.contract.codes import ERROR_CODES, STATUS_AFTER
from portal.his.contract.document import render
from portal.his.contract.interfaces import ALL, VIEWS, YW_PRIV_SAVE
from portal.his.contract.versions import VERSION, VERSIONS
from portal.his.ddl.rules import RULES
from portal.his.mapping.loader import DEMO, load

CHAPTER = Path(__file__).resolve().parents[4] / "docs" / "his-contract.md"


def test_chapter_in_docs_is_the_one_the_contract_writes() -> None:
    assert CHAPTER.read_text(encoding="utf-8") == render()


def test_chapter_names_every_column_code_and_operation() -> None:
    text = render()
    names = [column.name for view in VIEWS for column in view.all_columns]
    names += [column.name for column in YW_PRIV_SAVE.arguments + YW_PRIV_SAVE.results]
    rows = [f"| `{name}` |" for name in [*names, *ERROR_CODES, *STATUS_AFTER]]

    assert [row for row in rows if row not in text] == []


def test_chapter_has_a_section_for_every_interface_with_its_purpose() -> None:
    text = render()
    for item in ALL:
        assert f" {item.title} `{item.name}`\n" in text
        assert item.purpose in text


def test_chapter_gives_the_rules_of_every_function_in_their_order() -> None:
    text = render()
    for name, rules in RULES.items():
        section = text.split(f" `{name}`\n", 1)[1].split("\n## ")[0]
        for place, rule in enumerate(rules.rules, start=1):
            assert f"| {place} | `{rule.code}` | {rule.words} |" in section
            assert rule.code in ERROR_CODES


def test_chapter_explains_every_code_table_once() -> None:
    text = render()
    tables = {id(column.codes) for column in all_columns() if column.codes is not None}

    assert len(CODE_TABLES) == len(tables)
    for name, meanings in CODE_TABLES.items():
        assert text.count(f" `{name}`\n\n| 代码 | 含义 |\n") == 1
        for code, meaning in meanings.items():
            assert f"| `{code}` | {meaning} |" in text


def test_chapter_says_what_the_demo_his_lacks() -> None:
    text = render().split("的暂缺\n")[1]
    missing = load(DEMO).missing
    assert len(missing) == 8
    for name, why in missing.items():
        assert f"| `{name}` |" in text
        assert why in text
    assert "| `V_YW_OP_DICT` | `code_insurance` | 医保版编码 |" in text


def test_chapter_has_the_history_of_the_contract() -> None:
    text = render()
    assert f"\n版本 {VERSION}。\n" in text
    for version in VERSIONS:
        assert f"| {version.number} | {version.day} |" in text


def test_chapter_prints_the_signature_of_the_test_vector() -> None:
    # Computed apart from our code: openssl dgst -sha256 -hmac test-key-0001
    signature = "d4c4f248615277e9024eb851e7149d0fed9a3b2c58a0188ef3aa2b0dc570c48d"
    assert f"| HMAC-SHA256 | `{signature}` |" in render()
