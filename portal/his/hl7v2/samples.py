"""The messages of ``docs/his-other-transports.md``, written by the code that sends them.

``python -m portal.his.hl7v2.samples`` prints them.
"""

from __future__ import annotations

import sys
from dataclasses import asdict, replace
from datetime import date, datetime

from portal.his.contract.codes import ERROR_CODES
from portal.his.hl7v2.answers import Reply, answer
from portal.his.hl7v2.notification import control_id, notification
from portal.his.messages import PrivSave

AT = datetime(2026, 11, 23, 10, 18)  # noqa: DTZ001 (local time of the HIS)
ADD = PrivSave(
    request_id="6f1c0a52-0001",
    op="ADD",
    emp_no="001188",
    priv_code="AB02",
    setting="INP",
    item_code="",
    his_value="2",
    valid_from=date(2026, 12, 1),
    valid_to=date(2027, 11, 30),
    reason="年度授权",
    doc_no="院医〔2026〕18 号",
    operator="009001",
)
SUSPEND = replace(
    ADD, request_id="6f1c0a52-0002", op="SUSPEND", reason="处方点评不合格"
)


def samples() -> dict[str, str]:
    """By title; the lines of a message end with CR."""
    number = control_id(ADD.request_id)
    done = Reply(number, False, "0", ERROR_CODES["0"], "70012")
    refused = Reply(number, False, "2001", "医生不存在：001188")
    return {
        "新增": told(ADD),
        "暂停": told(SUSPEND),
        "MFK 成功": answer(told(ADD), done, at=AT, with_mfk=True),
        "MFK 拒绝": answer(told(ADD), refused, at=AT, with_mfk=True),
        "ACK 拒绝": answer(told(ADD), refused, at=AT, with_mfk=False),
    }


def told(message: PrivSave) -> str:
    return notification(
        asdict(message), at=AT, encoding="utf-8", receiver="HIS", is_enhanced=False
    )


def shown(message: str) -> str:
    """One segment a line, as documents have it."""
    return message.replace("\r", "\n")


if __name__ == "__main__":
    for title, message in samples().items():
        sys.stdout.write(f"{title}\n\n{shown(message)}\n")
