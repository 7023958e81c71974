from __future__ import annotations

from dataclasses import asdict, replace
from datetime import date, datetime

import pytest
from hl7apy.parser import parse_message
from hl7apy.validation import Validator
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.his.contract.codes import ERROR_CODES, OPERATIONS
from portal.his.hl7v2.answers import Reply, answer, read
from portal.his.hl7v2.notification import control_id, notification
from portal.his.messages import PrivSave
from tests.contract.hl7_peers import arguments

AT = datetime(2026, 11, 23, 10, 18)  # noqa: DTZ001 (local time of the HIS)
MESSAGE = PrivSave(
    request_id="6f1c0a52-0001",
    op="ADD",
    emp_no="001188",
    priv_code="AB02",
    setting="INP",
    item_code="50.3x00",
    his_value="2",
    valid_from=date(2026, 12, 1),
    valid_to=date(2027, 11, 30),
    reason="年度授权",
    doc_no="院医〔2026〕18 号",
    operator="009001",
)


def written(message: PrivSave) -> str:
    return notification(
        asdict(message), at=AT, encoding="gbk", receiver="HIS", is_enhanced=False
    )


def test_notification_is_written_as_agreed() -> None:
    assert written(MESSAGE).split("\r") == [
        r"MSH|^~\&|YIWU||HIS||20261123101800||MFN^M02^MFN_M02|"
        f"{control_id('6f1c0a52-0001')}|P|2.5.1|||||CHN|GB 18030-2000",
        "MFI|PRA^^HL70175||UPD|20261123101800||AL",
        f"MFE|MUP|{control_id('6f1c0a52-0001')}||001188|CWE",
        "STF|001188|001188",
        "PRA|001188||||||AB02&&YW&50.3x00&&YW^INP&住院&YW^20271130^20261201",
        "ZYP|6f1c0a52-0001|ADD|001188|AB02|INP|50.3x00|2|20261201|20271130|年度授权|"
        "院医〔2026〕18 号|009001",
        "",
    ]


@pytest.mark.parametrize("op", OPERATIONS)
def test_person_is_only_ever_updated_whatever_becomes_of_the_right(op: str) -> None:
    message = parse_message(written(replace(MESSAGE, op=op)), find_groups=False)
    assert message.mfe.mfe_1.to_er7() == "MUP"
    assert message.zyp.zyp_2.to_er7() == op


@given(st.text(st.characters(codec="gbk", exclude_categories=["Cc"]), max_size=40))
@settings(max_examples=25)
def test_every_argument_comes_through_and_the_message_keeps_the_standard(
    text: str,
) -> None:
    message = replace(MESSAGE, reason=text, doc_no=text[::-1], valid_to=None)
    parsed = parse_message(written(message))
    assert Validator.validate(parsed)
    flat = parse_message(written(message), find_groups=False)
    assert arguments(flat, "gbk") == asdict(message)


@pytest.mark.parametrize("with_mfk", [True, False], ids=["mfk", "ack"])
@pytest.mark.parametrize("code", ERROR_CODES)
def test_answer_of_every_code_is_read_as_it_was_meant(
    code: str, with_mfk: bool
) -> None:
    reply = Reply("N1", False, code, "说|明", "7" if code == "0" else "")
    text = answer(written(MESSAGE), reply, at=AT, with_mfk=with_mfk)
    assert Validator.validate(parse_message(text))
    assert read(text, "gbk") == reply


def test_code_survives_an_engine_that_drops_our_own_segment() -> None:
    for code in ERROR_CODES:
        reply = Reply("N1", False, code, "")
        for with_mfk in (True, False):
            text = answer(written(MESSAGE), reply, at=AT, with_mfk=with_mfk)
            kept = [line for line in text.split("\r") if not line.startswith("ZYA")]
            assert read("\r".join(kept), "gbk").code == code


def test_commit_says_that_nothing_is_decided_yet() -> None:
    text = answer(written(MESSAGE), Reply("N1", True, "0", ""), at=AT, with_mfk=False)
    assert "\rMSA|CA|N1\r" in text
    assert read(text, "gbk") == Reply("N1", True, "0", "")
