from __future__ import annotations

from pathlib import Path

from portal.his.contract.codes import ERROR_CODES, STATUS_AFTER
from portal.his.contract.document import render
from portal.his.contract.interfaces import VIEWS, YW_PRIV_SAVE

CHAPTER = Path(__file__).resolve().parents[4] / "docs" / "his-contract.md"


def test_chapter_in_docs_is_the_one_the_contract_writes() -> None:
    assert CHAPTER.read_text(encoding="utf-8") == render()


def test_chapter_names_every_column_code_and_operation() -> None:
    text = render()
    names = [column.name for view in VIEWS for column in view.columns]
    names += [column.name for column in YW_PRIV_SAVE.arguments + YW_PRIV_SAVE.results]
    rows = [f"| `{name}` |" for name in [*names, *ERROR_CODES, *STATUS_AFTER]]

    assert [row for row in rows if row not in text] == []


def test_chapter_prints_the_signature_of_the_test_vector() -> None:
    # Computed apart from our code: openssl dgst -sha256 -hmac test-key-0001
    signature = "d4c4f248615277e9024eb851e7149d0fed9a3b2c58a0188ef3aa2b0dc570c48d"
    assert f"签名：\n\n```\n{signature}\n```" in render()
