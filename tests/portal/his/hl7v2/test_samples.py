from __future__ import annotations

from pathlib import Path

import pytest
from hl7apy.parser import parse_message
from hl7apy.validation import Validator

from portal.his.connection import READERS
from portal.his.hl7v2.samples import samples, shown

DOCUMENT = Path(__file__).resolve().parents[4] / "docs" / "his-other-transports.md"


@pytest.mark.parametrize("title", samples())
def test_sample_in_docs_is_the_message_the_code_writes(title: str) -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    assert f"{title}：\n\n```\n{shown(samples()[title])}```\n" in text


@pytest.mark.parametrize("title", samples())
def test_sample_keeps_the_standard(title: str) -> None:
    assert Validator.validate(parse_message(samples()[title]))


def test_options_in_docs_are_those_a_dsn_may_have() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    for name in ("encoding", "tls", "ca_file", "cert_file", "key_file", "pool"):
        assert name in READERS
        assert f"`yw_{name}`" in text
