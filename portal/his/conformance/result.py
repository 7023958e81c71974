"""What came of the cases. Plain Python; texts are Chinese, the sheet is signed in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from portal.his.conformance.cases import Case


class Outcome(StrEnum):
    PASSED = "PASSED"
    FAILED = "FAILED"
    UNCHECKED = "UNCHECKED"  # it could not be found out
    NOT_RUN = "NOT_RUN"  # not asked for, or a case before it has to pass first
    UNPROVABLE = "UNPROVABLE"  # from outside
    LACKING = "LACKING"  # the HIS said beforehand that it has no such interface


TITLES = {
    Outcome.PASSED: "通过",
    Outcome.FAILED: "不通过",
    Outcome.UNCHECKED: "未能检查",
    Outcome.NOT_RUN: "未执行",
    Outcome.UNPROVABLE: "外部不可证",
    Outcome.LACKING: "声明暂缺",
}


@dataclass(frozen=True)
class Found:
    """The answer to a case: what was expected, what was found, what to do next.

    ``found`` holds counts and at most a few keys, never a person's name.
    """

    outcome: Outcome
    expected: str = ""
    found: str = ""
    advice: str = ""


def passed(found: str = "") -> Found:
    return Found(Outcome.PASSED, found=found)


def failed(expected: str, found: str, advice: str) -> Found:
    return Found(Outcome.FAILED, expected, found, advice)


def not_run(why: str) -> Found:
    return Found(Outcome.NOT_RUN, found=why)


def unprovable(why: str) -> Found:
    return Found(Outcome.UNPROVABLE, found=why)


@dataclass(frozen=True)
class Result:
    case: Case
    answer: Found

    @property
    def outcome(self) -> Outcome:
        return self.answer.outcome


@dataclass(frozen=True)
class Report:
    """One run. ``started`` and ``ended`` carry their zone."""

    hospital: str
    product: str
    version: str  # of the contract
    started: datetime
    ended: datetime
    results: tuple[Result, ...]
    notes: tuple[str, ...] = ()  # what the run left in the HIS

    def count(self, outcome: Outcome) -> int:
        return sum(result.outcome is outcome for result in self.results)

    @property
    def is_good(self) -> bool:
        """Nothing failed and nothing stayed unchecked."""
        return not (self.count(Outcome.FAILED) or self.count(Outcome.UNCHECKED))

    def to_json(self) -> dict[str, Any]:
        """JSON values only; ``exit_code`` is that of the command."""
        return {
            "hospital": self.hospital,
            "product": self.product,
            "contract_version": self.version,
            "started": self.started.isoformat(timespec="seconds"),
            "ended": self.ended.isoformat(timespec="seconds"),
            "exit_code": 0 if self.is_good else 1,
            "counts": {str(kind): self.count(kind) for kind in Outcome},
            "interfaces": {
                name: {"passed": good, "failed": bad, "unproved": rest}
                for name, (good, bad, rest) in summary_by_interface(self).items()
            },
            "cases": [
                {
                    "number": result.case.number,
                    "interface": result.case.interface,
                    "title": result.case.title,
                    "outcome": str(result.outcome),
                    "expected": result.answer.expected,
                    "found": result.answer.found,
                    "advice": result.answer.advice,
                }
                for result in self.results
            ],
            "notes": list(self.notes),
        }


def summary_by_interface(report: Report) -> dict[str, tuple[int, int, int]]:
    """View or function: cases (passed, failed, unproved).

    Whatever neither passed nor failed proves nothing and counts as unproved.
    """
    counts: dict[str, Counter[Outcome]] = {}
    for result in report.results:
        counts.setdefault(result.case.interface, Counter())[result.outcome] += 1
    return {name: parts(found) for name, found in counts.items()}


def parts(found: Counter[Outcome]) -> tuple[int, int, int]:
    good, bad = found[Outcome.PASSED], found[Outcome.FAILED]
    return good, bad, found.total() - good - bad


def keys_shown(keys: Iterable[str], count: int) -> str:
    """``3 行，例如 001188、001027``."""
    shown = "、".join(keys)
    return f"{count} 行，例如 {shown}" if shown else f"{count} 行"
