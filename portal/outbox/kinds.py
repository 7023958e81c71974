"""The kinds of messages: what each says, how it is sent, and what proves it.

A further kind is one more entry of ``KINDS``; nothing else in the outbox knows what is
inside a message.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import Any, Generic, Protocol, Self, TypeVar

from portal.his.contract.interfaces import (
    YW_DOCTOR_OP_SAVE,
    YW_OPGRADE_SAVE,
    YW_PRIV_SAVE,
)
from portal.his.gateway import AnswersLater, HisPending, HisWriter, Saved
from portal.his.messages import (
    Answer,
    DoctorOpSave,
    DoctorOpSet,
    OpGradeSave,
    PrivSave,
)
from portal.outbox.comparison import (
    Differences,
    Effect,
    effect_of_a_grade,
    grade_differences,
    is_stricter,
    is_untouched,
    line_differences,
    privilege_differences,
    set_differences,
)


class Call(Protocol):
    """What all messages have in common."""

    @property
    def request_id(self) -> str: ...

    def payload(self) -> dict[str, Any]: ...

    @classmethod
    def from_payload(cls, payload: dict[str, Any]) -> Self: ...


M = TypeVar("M", bound=Call)
Line = TypeVar("Line")


def any_other(now: Any, earlier: Any) -> bool:
    return True


def alone(message: Any) -> Iterable[Saved]:
    """It is one call."""
    return (message,)


def never(_message: Any) -> bool:
    return False


def as_it_is(message: Any, _earlier: Any) -> Any:
    return message


def is_update(message: PrivSave | DoctorOpSave) -> bool:
    """An ADD makes the line and a change of status needs it as it was; this does not."""
    return message.op == "UPDATE"


TAKES_AWAY = frozenset({"SUSPEND", "REVOKE", "VOID"})


@dataclass(frozen=True)
class Kind(Generic[M, Line]):
    """One kind. ``Line`` is what the HIS shows of a message, absent or not.

    - ``stream``: those of one are sent in order, one at a time.
    - ``line``: messages with the same are about the same line: a later one speaks
      after an earlier one.
    - ``effect``: what a read-back after a lost answer says, ``before`` being what we
      last proved of the same line.
    - ``calls``: those of the contract it is made of, each with its request id.
    - ``is_whole``: it tells all there is, so it replaces an earlier one that waits.
    - ``outdates``: whether a message undoes an earlier one of its line that waits.
    - ``in_place_of``: the message, when an earlier one that it outdates was never acted on.
    - ``tells_line``: it finds the line and leaves all of it as it says, so that of two
      in a row the later one alone does the same.
    """

    name: str
    function: str  # of the contract, and the view that proves it
    view: str
    message: type[M]
    stream: Callable[[M], str]
    line: Callable[[M], Hashable]
    takes_away: Callable[[M], bool]
    send: Callable[[HisWriter, M], Answer]
    read: Callable[[HisWriter, M], Line]
    differences: Callable[[M, Line], Differences]
    effect: Callable[[M, Line, M | None], Effect]
    calls: Callable[[M], Iterable[Saved]] = alone
    is_whole: bool = False
    outdates: Callable[[M, M], bool] = any_other
    in_place_of: Callable[[M, M], M] = as_it_is
    tells_line: Callable[[M], bool] = never

    def call_of(self, payload: dict[str, Any]) -> M:
        return self.message.from_payload(payload)

    def answer_to(self, gateway: AnswersLater, message: M) -> Answer | None:
        """What the HIS has answered by now; None when it does not know it."""
        return last_answer(gateway.answer_to, self.calls(message))


def stream_of(emp_no: str) -> str:
    """Messages about one practitioner are sent in order, one at a time."""
    return f"practitioner:{emp_no}"


def stream_of_procedure(proc_code: str) -> str:
    """The same of one procedure."""
    return f"procedure:{proc_code}"


def effect_on_a_line(
    differences: Callable[[Any, Any], Differences],
) -> Callable[[Any, Any, Any], Effect]:
    """Did the call work?

    A HIS never deletes a line, so an absent one means that nothing was done; so does a
    line that still stands as it was proved before, or, for a line we never touched,
    one whose status the call would have changed. Anything else has been changed by
    another hand, and only a person can say whose word holds.
    """

    def effect_of(sent: Any, line: Any, before: Any | None) -> Effect:
        if not differences(sent, line):
            return Effect.SHOWN
        if line is None:
            return Effect.ABSENT
        if before is not None:
            return Effect.UNCLEAR if differences(before, line) else Effect.ABSENT
        return Effect.ABSENT if is_untouched(sent, line.status) else Effect.UNCLEAR

    return effect_of


def effect_of_a_set(
    sent: DoctorOpSet, lines: Any, _before: DoctorOpSet | None
) -> Effect:
    """A set that does not stand is sent again: it says all there is, whoever changed
    something, and its calls are harmless twice."""
    return Effect.ABSENT if set_differences(sent, lines) else Effect.SHOWN


def send_set(gateway: HisWriter, message: DoctorOpSet) -> Answer:
    """Line by line. A batch broken off has only given, and is finished by the rest."""
    answer = last_answer(gateway.save_doctor_op, message.calls())
    if answer is None:
        raise RuntimeError("even an empty set is one call")
    return answer


def last_answer(
    ask: Callable[[Any], Answer | None], calls: Iterable[Saved]
) -> Answer | None:
    """Of all calls the last one's; None when one is unknown. One that waits for the HIS
    keeps no other from being told, and then the whole waits."""
    answer: Answer | None = None
    pending: HisPending | None = None
    for call in calls:
        try:
            answer = ask(call)
        except HisPending as problem:
            pending = problem
        else:
            if answer is None:
                return None
    if pending is not None:
        raise pending
    return answer


PRIV_SAVE = Kind(
    name="PRIV_SAVE",
    function=YW_PRIV_SAVE.name,
    view=YW_PRIV_SAVE.shows,
    message=PrivSave,
    stream=lambda m: stream_of(m.emp_no),
    line=lambda m: (m.emp_no, m.priv_code, m.setting, m.item_code, m.valid_from),
    takes_away=lambda m: m.op in TAKES_AWAY,
    send=lambda gateway, m: gateway.save_privilege(m),
    read=lambda gateway, m: gateway.doctor_privilege(m),
    differences=privilege_differences,
    effect=effect_on_a_line(privilege_differences),
    tells_line=is_update,
)
DOCTOR_OP_SAVE = Kind(
    name="DOCTOR_OP_SAVE",
    function=YW_DOCTOR_OP_SAVE.name,
    view=YW_DOCTOR_OP_SAVE.shows,
    message=DoctorOpSave,
    stream=lambda m: stream_of(m.emp_no),
    line=lambda m: (m.emp_no, m.his_item_id, m.right_kind, m.setting, m.valid_from),
    takes_away=lambda m: m.op in TAKES_AWAY,
    send=lambda gateway, m: gateway.save_doctor_op(m),
    read=lambda gateway, m: gateway.doctor_op(m),
    differences=line_differences,
    effect=effect_on_a_line(line_differences),
    tells_line=is_update,
)
DOCTOR_OP_SET = Kind(
    name="DOCTOR_OP_SET",
    function=YW_DOCTOR_OP_SAVE.name,
    view=YW_DOCTOR_OP_SAVE.shows,
    message=DoctorOpSet,
    stream=lambda m: stream_of(m.emp_no),
    line=lambda m: m.emp_no,
    takes_away=lambda m: False,  # it gives as well, and must not pass what was refused
    send=send_set,
    calls=DoctorOpSet.calls,
    read=lambda gateway, m: gateway.doctor_ops(m.emp_no),
    differences=set_differences,
    effect=effect_of_a_set,
    is_whole=True,
)
OPGRADE_SAVE = Kind(
    name="OPGRADE_SAVE",
    function=YW_OPGRADE_SAVE.name,
    view=YW_OPGRADE_SAVE.shows,
    message=OpGradeSave,
    stream=lambda m: stream_of_procedure(m.proc_code),
    line=lambda m: m.proc_code,
    takes_away=is_stricter,
    send=lambda gateway, m: gateway.save_op_grade(m),
    read=lambda gateway, m: gateway.op_grade(m),
    differences=grade_differences,
    effect=effect_of_a_grade,
    is_whole=True,
    # A grade from January on still comes when another is told today.
    outdates=lambda now, earlier: earlier.effective_from <= now.effective_from,
    in_place_of=OpGradeSave.in_place_of,
)

KINDS: dict[str, Kind[Any, Any]] = {
    kind.name: kind for kind in (PRIV_SAVE, DOCTOR_OP_SAVE, DOCTOR_OP_SET, OPGRADE_SAVE)
}
_BY_MESSAGE: dict[type, Kind[Any, Any]] = {
    kind.message: kind for kind in KINDS.values()
}


def kind_of(message: Call) -> Kind[Any, Any]:
    return _BY_MESSAGE[type(message)]
