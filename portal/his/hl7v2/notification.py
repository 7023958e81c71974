"""``YW_PRIV_SAVE`` as a master file notification, MFN^M02 of HL7 2.5.1.

One message tells one line. PRA-7 shows it in the words of the standard; what the
standard has no place for, the operation above all, stands in the segment ZYP, whose
fields are the arguments of the function in the order of the contract.

MFE-1 is always MUP. It speaks of the person whose key is in MFE-4: with MDC or MDL an
engine that knows the standard would deactivate or delete the doctor.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from hl7apy.core import Group, Message, Segment

from portal.his.contract.codes import SETTINGS
from portal.his.contract.interfaces import YW_PRIV_SAVE
from portal.his.hl7v2.texts import CHARSETS, escaped, field_text

VERSION = "2.5.1"
STRUCTURE = "MFN_M02"
SENDER = "YIWU"
OWN_CODES = "YW"
ID_BYTES = 12  # twenty characters: all that MSH-10 may hold


def control_id(request_id: str) -> str:
    """MSH-10 of every message about this request, so that a repeat is known as one."""
    digest = hashlib.blake2b(request_id.encode(), digest_size=ID_BYTES).digest()
    return base64.b32encode(digest).decode().rstrip("=")


def notification(
    values: Mapping[str, Any],
    *,
    at: datetime,
    encoding: str,
    receiver: str,
    is_enhanced: bool,
) -> str:
    """The message; ``values`` are the arguments by name, ``at`` is local time."""
    number = control_id(values["request_id"])
    moment = at.strftime("%Y%m%d%H%M%S")
    message = Message(STRUCTURE, version=VERSION)
    fill(
        message.msh,
        {
            3: SENDER,
            5: escaped(receiver),
            7: moment,
            9: "MFN^M02^MFN_M02",
            10: number,
            11: "P",
            12: VERSION,
            15: "AL" if is_enhanced else "",
            16: "AL" if is_enhanced else "",
            17: "CHN",
            18: CHARSETS.get(encoding, encoding.upper()),
        },
    )
    fill(message.add_segment("MFI"), {1: "PRA^^HL70175", 3: "UPD", 4: moment, 6: "AL"})
    staff: Group = message.add_group("MFN_M02_MF_STAFF")
    emp_no = field_text(values["emp_no"])
    fill(staff.add_segment("MFE"), {1: "MUP", 2: number, 4: emp_no, 5: "CWE"})
    fill(staff.add_segment("STF"), {1: emp_no, 2: emp_no})
    fill(staff.add_segment("PRA"), {1: emp_no, 7: privilege(values)})
    fill(
        staff.add_segment("ZYP"),
        {
            place: field_text(values[item.name])
            for place, item in enumerate(YW_PRIV_SAVE.arguments, start=1)
        },
    )
    return f"{message.to_er7()}\r"


def privilege(values: Mapping[str, Any]) -> str:
    """PRA-7: privilege, its item and setting, last day, first day."""
    code, item = field_text(values["priv_code"]), field_text(values["item_code"])
    setting = values["setting"]
    named = f"{field_text(setting)}&{escaped(SETTINGS.get(setting, ''))}&{OWN_CODES}"
    right = f"{code}&&{OWN_CODES}" + (f"&{item}&&{OWN_CODES}" if item else "")
    ends, begins = field_text(values["valid_to"]), field_text(values["valid_from"])
    return f"{right}^{named}^{ends}^{begins}"


def fill(segment: Segment, fields: Mapping[int, str]) -> None:
    """Fields by their number, the empty ones left out; texts are escaped already."""
    for place, text in fields.items():
        name = f"{segment.name}_{place}".lower()
        if text and segment.name.startswith("Z"):
            segment.add_field(name).value = text
        elif text:
            setattr(segment, name, text)
