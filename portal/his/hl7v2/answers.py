"""What an engine answers: ACK or MFK, in original or enhanced mode, judged by MSA.

Most engines answer a bare ACK with a version of their own. So what is asked is: which
message (MSA-2), taken or not (MSA-1). Our code is looked for where one may put it: ZYA
(the results of ``YW_PRIV_SAVE`` in the order of the contract), MFA-4, ERR-5; else what
HL7 itself says in ERR-3.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from hl7apy.consts import VALIDATION_LEVEL
from hl7apy.core import Element, Message, Segment
from hl7apy.exceptions import HL7apyException
from hl7apy.parser import parse_message

from portal.his.contract.codes import ERROR_CODES
from portal.his.hl7v2.notification import OWN_CODES, VERSION, fill
from portal.his.hl7v2.texts import escaped, unescaped

ACCEPTED = "0"
OTHER_ERROR = "9999"
TAKEN = frozenset({"AA", "CA"})
REFUSED = frozenset({"AE", "AR", "CE", "CR"})
COMMIT = "C"  # the first letter of an acknowledgment that speaks of receipt alone
DONE = "S"  # table 0181; whatever else says what went wrong

# Table 0357 for those who keep no codes of ours; and ours for those who know HL7's.
FROM_HL7 = {"204": "2001", "205": "2006", "206": "3001", "207": "3002"}
TO_HL7 = {
    "2001": "204",
    "2003": "204",
    "2004": "204",
    "2005": "103",
    "2006": "205",
    "3001": "206",
}


class NotAnAnswer(Exception):
    """Bytes that are no message with an MSA segment."""


@dataclass(frozen=True)
class Reply:
    """What was said of the message with the control id ``about``."""

    about: str
    is_commit: bool  # received, and nothing said yet of what became of it
    code: str
    words: str
    his_row_id: str = ""


def read(text: str, encoding: str) -> Reply:
    """Raises NotAnAnswer."""
    try:
        message = parse_message(
            text, validation_level=VALIDATION_LEVEL.TOLERANT, find_groups=False
        )
    except (HL7apyException, ValueError, IndexError, AttributeError):
        raise NotAnAnswer from None
    segments = [Fields(item, encoding) for item in message.children]
    msa = next((item for item in segments if item.name == "MSA"), None)
    ack = msa.part(1) if msa else ""
    if msa is None or ack not in TAKEN | REFUSED:
        raise NotAnAnswer
    code, words, row_id = verdict(segments, is_taken=ack in TAKEN)
    if code != ACCEPTED:
        words = words or msa.part(3) or ERROR_CODES.get(code, "")
    is_commit = ack.startswith(COMMIT) and ack in TAKEN
    return Reply(msa.part(2), is_commit, code, words, row_id)


def verdict(segments: list[Fields], *, is_taken: bool) -> tuple[str, str, str]:
    """Our code, their words and the row; a success is one that nothing contradicts."""
    results = (item for item in segments if item.name == "ZYA")
    told = next(results, None)
    code, words, row_id = (told.part(n) if told else "" for n in (1, 2, 3))
    if code in ERROR_CODES and code != ACCEPTED:
        return code, words, ""
    named = [pair for item in segments for pair in failures_of(item)]
    if is_taken and not named:
        return ACCEPTED, words, row_id
    known = [(code, words) for code, words in named if code]
    code, words = next(iter(known or named), ("", ""))
    return code or OTHER_ERROR, words, ""


def failures_of(segment: Fields) -> Iterator[tuple[str, str]]:
    """Each failure a segment names, as our code, if it has one, and its words."""
    if segment.name == "MFA" and segment.part(4) != DONE:
        yield coded(segment, 4, 1), segment.part(4, 2)
        yield coded(segment, 4, 4), segment.part(4, 5) or segment.part(4, 2)
    if segment.name == "ERR":
        yield coded(segment, 5, 1), segment.part(8) or segment.part(5, 2)
        yield FROM_HL7.get(segment.part(3), ""), segment.part(8) or segment.part(3, 2)


def coded(segment: Fields, place: int, component: int) -> str:
    code = segment.part(place, component)
    return code if code in ERROR_CODES and code != ACCEPTED else ""


class Fields:
    """A segment's fields as plain texts.

    The library writes unknown escapes anew, so the values themselves are taken.
    """

    def __init__(self, segment: Segment, encoding: str) -> None:
        self.name: str = segment.name
        self._encoding = encoding
        self._parts: dict[tuple[int, int], str] = {}
        for field in segment.children:
            for place, component in enumerate(field.children, start=1):
                key = (number_of(field, 0), number_of(component, place))
                self._parts.setdefault(key, text_of(component))

    def part(self, place: int, component: int = 1) -> str:
        """One component, or the empty text; both count from 1."""
        found = self._parts.get((place, component), "")
        return unescaped(found.strip(), self._encoding)


def number_of(element: Element, place: int) -> int:
    """``MFA_4`` is 4; a name without a number keeps its place."""
    tail: str = (element.name or "").rpartition("_")[2]
    return int(tail) if tail.isdecimal() else place


def text_of(component: Element) -> str:
    values = (part.value for part in component.children)
    return "&".join(str(getattr(value, "value", value) or "") for value in values)


def answer(asked: str, reply: Reply, *, at: datetime, with_mfk: bool) -> str:
    """The answer of a receiver, for samples and trials; ``asked`` is the message."""
    question = parse_message(asked, find_groups=False)
    is_good = reply.code == ACCEPTED
    kind = "MFK" if with_mfk else "ACK"
    message = Message("MFK_M01" if with_mfk else "ACK", version=VERSION)
    moment = at.strftime("%Y%m%d%H%M%S")
    fill(
        message.msh,
        {
            3: question.msh.msh_5.to_er7(),
            5: question.msh.msh_3.to_er7(),
            7: moment,
            9: "MFK^M02^MFK_M01" if with_mfk else "ACK^M02^ACK",
            10: f"R{reply.about}"[:20],
            11: "P",
            12: VERSION,
            18: question.msh.msh_18.to_er7(),
        },
    )
    letter = COMMIT if reply.is_commit else "A"
    fill(message.msa, {1: f"{letter}{'A' if is_good else 'E'}", 2: reply.about})
    if not is_good:
        fill(message.add_segment("ERR"), error(reply))
    if kind == "MFK":
        fill(message.add_segment("MFI"), {1: "PRA^^HL70175", 3: "UPD", 6: "AL"})
        key = question.mfe.mfe_4.to_er7()
        state = DONE if is_good else f"U^{escaped(reply.words)}^HL70181"
        state += "" if is_good else f"^{reply.code}^^{OWN_CODES}"
        fields = {1: "MUP", 2: reply.about, 3: moment, 4: state, 5: key, 6: "CWE"}
        fill(message.add_segment("MFA"), fields)
    if not reply.is_commit:
        results = {1: reply.code, 2: escaped(reply.words), 3: escaped(reply.his_row_id)}
        fill(message.add_segment("ZYA"), results)
    return f"{message.to_er7()}\r"


def error(reply: Reply) -> dict[int, str]:
    """The fields of ERR."""
    meaning = escaped(ERROR_CODES.get(reply.code, ""))
    return {
        3: f"{TO_HL7.get(reply.code, '207')}^^HL70357",
        4: "E",
        5: f"{reply.code}^{meaning}^{OWN_CODES}",
        8: escaped(reply.words),
    }
