"""The one seam to the HIS: the protocol every transport keeps, and its failures.

On the other side: whatever the hospital has. The SQL transport is ``portal.his.sql``.
Business code knows this module, ``messages`` and ``records`` only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, NamedTuple, Protocol, runtime_checkable

from portal.his.contract.shape import Function, View
from portal.his.messages import Answer, DoctorOpSave, OpGradeSave, PrivSave
from portal.his.records import (
    DoctorOpRecord,
    DoctorPrivRecord,
    DoctorRecord,
    OpGradeRecord,
    PrivilegeRecord,
)


class HisUnavailable(Exception):
    """Nothing was heard in time; try later, from the table.

    ``sent`` says whether the HIS may have acted: with ``True`` the answer is lost and
    only a read-back can tell.
    """

    def __init__(self, reason: str, *, sent: bool = False) -> None:
        super().__init__(reason)
        self.sent = sent


class HisRejected(Exception):
    """The HIS said no: its code and words, for a person."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code} {message}")
        self.code = code
        self.message = message


class HisPending(Exception):
    """The HIS has the request and has not acted on it yet: ask again for its answer."""


class HisMisconfigured(Exception):
    """A setting is wrong: an operator must act."""

    def __init__(self, setting: str, problem: str) -> None:
        super().__init__(f"{setting}: {problem}")
        self.setting = setting
        self.problem = problem


class InterfaceMissing(HisMisconfigured):
    """The HIS answers, but does not offer this interface, or not to our account."""


class HisReader(Protocol):
    """What pulls ask of a HIS.

    Every call of every part has a deadline and raises HisUnavailable and
    HisMisconfigured; a transport that lacks an interface says so by the latter.
    """

    def doctors(self) -> Iterator[DoctorRecord]: ...

    def privileges(self) -> Iterator[PrivilegeRecord]: ...

    def batches(
        self, view: View, since: datetime | None = None
    ) -> Iterator[Sequence[Any]]:
        """All rows of a view as the driver gives them, in the order of its ``columns``.

        Made for comparing whole rows cheaply; ``typed`` makes values of them. With
        ``since``, local time of the HIS, a transport that can leaves out what was last
        modified before it; one that cannot gives all.
        """
        ...

    def typed(self, view: View, rows: Iterable[Any]) -> Iterator[tuple[Any, ...]]:
        """Rows of ``batches``, each value as the contract's type.

        What cannot be read as its type stays as it is, for the quarantine.
        """
        ...


class HisWriter(Protocol):
    """What deliveries ask of a HIS; saving also raises HisRejected."""

    def save_privilege(self, message: PrivSave) -> Answer: ...

    def doctor_privilege(self, message: PrivSave) -> DoctorPrivRecord | None:
        """The line that ``message`` speaks of, read back through the view."""
        ...

    def save_doctor_op(self, message: DoctorOpSave) -> Answer: ...

    def doctor_op(self, message: DoctorOpSave) -> DoctorOpRecord | None:
        """The same for a right to one item."""
        ...

    def doctor_ops(self, emp_no: str) -> Sequence[DoctorOpRecord]:
        """Every right to an item a doctor has or had."""
        ...

    def save_op_grade(self, message: OpGradeSave) -> Answer: ...

    def op_grade(self, message: OpGradeSave) -> OpGradeRecord | None:
        """The grade the procedure has now, read back through the view."""
        ...

    def kept_open(self) -> AbstractContextManager[None]:
        """For a short run of calls: those of this thread share their links."""
        ...

    def ping(self) -> float:
        """Seconds one trivial read took."""
        ...


Failure = HisUnavailable | HisRejected | HisPending | HisMisconfigured


class Told(NamedTuple):
    """What came of one message of many: the answer, and the line read back."""

    answer: Answer | Failure | None  # None: the HIS does not know the request
    line: Any = None  # the record, None where there is no line, or a Failure


Saved = PrivSave | DoctorOpSave | OpGradeSave


@runtime_checkable
class TellsMany(Protocol):
    """A transport that need not wait for one answer before it makes the next call."""

    @property
    def at_once(self) -> int:
        """So many may be given to ``tell_each``; 0 where each must go by itself."""
        ...

    def tell_each(self, messages: Sequence[Saved]) -> Iterator[Told]:
        """Each message told and read back by itself, whatever comes of the others.

        Raises as a single call does where nothing more is heard: what was not yielded
        by then was told, or not, as the exception says.
        """
        ...


@runtime_checkable
class AnswersLater(TellsMany, Protocol):
    """A transport whose HIS acts when it comes to it: saving raises HisPending too.

    What is told or looked at together is of one kind.
    """

    def answer_to(self, message: Saved) -> Answer | None:
        """Its answer so far, nothing being sent; None when it does not know the request.

        Raises HisPending and HisRejected as saving does.
        """
        ...

    def look_each(self, messages: Sequence[Saved]) -> Iterator[Told]:
        """The same of many, and where there is an answer the line read back."""
        ...


class HisGateway(HisReader, HisWriter, Protocol):
    """The whole of a transport."""

    def rows(self, view: View) -> Iterator[tuple[Any, ...]]:
        """All rows of a view, typed: ``batches`` and ``typed`` in one."""
        ...

    def call(self, function: Function, values: Mapping[str, Any]) -> Answer:
        """Call a maintenance function once, with its arguments by name."""
        ...

    def close(self) -> None:
        """Close this process's links; the next call opens new ones."""
        ...
