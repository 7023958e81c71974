"""What pages show of a message; no view writes these words again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import ClassVar

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from portal.his import targets
from portal.outbox.backoff import STUCK_AFTER
from portal.outbox.models import EVERY_TARGET, Message, State, TargetState
from portal.outbox.queries import Confirmed
from portal.parameters.days import ZONE, day_of
from portal.ui.elements import Arrival, Chip, Note
from portal.ui.moments import today, write_moment, write_second, write_short

POLL_SECONDS = 2
SLOW_POLL_SECONDS = 15


class Proofs:
    """Arrivals of confirmed messages for a whole list: the same words as ``arrival`` and
    ``long_arrival`` write, looked up once."""

    def __init__(self) -> None:
        on = today()
        self._today = on.isoformat()
        self._day_before = (on - timedelta(days=1)).isoformat()
        words = _proof_words(get_language())
        self._approved, self._same, self._proved, self._shown, self._yesterday = words

    def of(self, message: Confirmed, approved_at: datetime) -> tuple[str, Arrival]:
        """The three steps in words, and the chain whose title says them too."""
        text = self._approved % {"at": _clock(approved_at, "minutes")}
        if message.delivered_at:
            text = f"{text} · HIS {_clock(message.delivered_at)}"
        text = f"{text} · {self._same}"
        day, clock = _day_and_clock(message.confirmed_at)
        title = f"{text} {self._proved % {'at': f'{day} {clock}'.strip()}}"
        shown = self._shown % {"at": self._short(day, clock)}
        return text, Arrival(("f", "f", "f"), "m2", shown, title)

    def _short(self, day: str, clock: str) -> str:
        """As ``write_arrival``: the second today, the day before, else the day."""
        if day == self._today:
            return clock
        if day == self._day_before:
            return self._yesterday
        return day[5:] if day[:4] == self._today[:4] else day


@lru_cache(maxsize=8)
def _proof_words(_language: str) -> tuple[str, str, str, str, str]:
    return (
        _("已批 %(at)s"),
        _("回读一致"),
        _("已批、已送达、回读一致 %(at)s"),
        _("一致 %(at)s"),
        _("昨天"),
    )


def _clock(moment: datetime, to: str = "seconds") -> str:
    """``10:02:05``; a time without its zone is written in a third of the time."""
    return moment.astimezone(ZONE).time().isoformat(to)


def _day_and_clock(moment: datetime | None) -> tuple[str, str]:
    """``2026-11-23`` and ``10:02:05``; what is missing is a dash."""
    if moment is None:
        return "—", ""
    local = moment.astimezone(ZONE)
    return local.date().isoformat(), local.time().isoformat("seconds")


def arrival(message: Message) -> Arrival:
    """The chain 已批 → 已送达 → 回读一致 of a list's row; held up, with its reason."""
    chain: Arrival = _CHAINS[State(message.state)](message)
    is_held_up = chain.tone in {"warn", "bad"}
    return chain._replace(why=chain.why or reason_of(message)) if is_held_up else chain


@dataclass(frozen=True)
class LiveArrival:
    """An arrival that asks for itself again until nothing more happens by itself.

    ``row.arrival = live_arrival(message)`` in a presenter, ``{% draw row.arrival %}``
    in the template of the row.
    """

    template: ClassVar[str] = "outbox/_arrival.html"
    message_id: int
    arrival: Arrival
    every_seconds: int  # 0: no more

    @property
    def url(self) -> str:
        return reverse("outbox:arrival", args=[self.message_id])


def live_arrival(message: Message) -> LiveArrival:
    return LiveArrival(message.pk, arrival(message), poll_seconds(message))


def poll_seconds(message: Message) -> int:
    """How soon a page asks again; a message that waits for long is asked for less."""
    if message.is_settled or message.not_before > timezone.now():
        return 0
    return SLOW_POLL_SECONDS if message.tries >= STUCK_AFTER else POLL_SECONDS


def long_arrival(
    message: Message, approved_at: datetime, chain: Arrival | None = None
) -> str:
    """``已批 10:01 · HIS 10:02:04 · 回读一致``, as far as it got; ``chain`` where its
    ``arrival`` is known."""
    steps = [_("已批 %(at)s") % {"at": f"{approved_at.astimezone(ZONE):%H:%M}"}]
    if message.delivered_at and message.is_told_again:
        steps.append(_("曾送达 %(at)s") % {"at": write_short(message.delivered_at)})
    elif message.delivered_at:
        at = message.delivered_at.astimezone(ZONE)
        steps.append(f"HIS {at:%H:%M:%S}")
    state = State(message.state)
    if state == State.CONFIRMED:
        steps.append(_("对方已确认") if is_believed(message) else _("回读一致"))
    else:
        steps.append(str((chain or arrival(message)).text))
    return " · ".join(steps)


def reason_of(message: Message) -> str:
    """What the HIS said last, or why nothing was heard of it."""
    return _(message.last_text) if message.last_text else ""


def title_of(message: Message) -> str:
    """What happened and what comes next, in one sentence."""
    words = reason_of(message)
    if message.last_code not in {"", "0"}:
        words = f"{message.last_code} {words}".strip()
    if message.state == State.CONFIRMED:
        return _proved(message)
    if message.due_at and message.tries:
        again = _("%(at)s 再试") % {"at": write_second(message.due_at)}
        return _("，").join(filter(None, (words, again)))
    return words


def is_believed(message: Message) -> bool:
    """Its target shows nothing: its own answer is all the proof there is."""
    target = targets.targets().get(message.target)
    return target is not None and not target.reads_back


def _proved(message: Message) -> str:
    at = write_second(message.confirmed_at)
    if is_believed(message):
        return _("已批、已送达、对方已确认 %(at)s") % {"at": at}
    return _("已批、已送达、回读一致 %(at)s") % {"at": at}


def _waiting(message: Message) -> Arrival:
    title = title_of(message)
    if message.not_before > timezone.now():
        return _not_yet(message)
    if message.tries >= STUCK_AFTER:
        return Arrival.stuck(title)
    if message.tries:
        return _retrying(message)
    if text := holder_words(message):
        return _held_up(message, text)
    return Arrival.queued(title=title)


def held_by(message: Message) -> str | None:
    """The HIS code of an earlier message of the stream that waits for a person.

    Empty where the HIS gave none; None when nothing holds it up, or when the message
    was not read by ``queries.shown``.
    """
    return getattr(message, "held_by", None)


def holder_words(message: Message) -> str:
    """What the message before it waits for, or that nobody knows yet what became of a
    later one that passed it; empty when nothing holds it up."""
    code = held_by(message)
    if code is not None:
        return (
            _("前一条 %(code)s 待处理") % {"code": code} if code else _("前一条待处理")
        )
    return _("等后一条的结果") if getattr(message, "is_held_by_later", False) else ""


def _held_up(message: Message, text: str) -> Arrival:
    why = (
        _("后一条变更还不知道是否写入 HIS；有结果后，这条自动送达")
        if held_by(message) is None
        else _("前一条变更还没有被 HIS 接受；到 HIS 对接页处理后，这条自动送达")
    )
    return Arrival(("f", "w", ""), "warn", text, why, why=why)


def _not_yet(message: Message) -> Arrival:
    on = day_of(message.not_before)
    is_this_year = on.year == today().year
    text = f"{on:%m-%d}" if is_this_year else on.isoformat()
    return Arrival.not_due(_("%(day)s 推送") % {"day": text})


def _retrying(message: Message) -> Arrival:
    text = _("重试中 %(tries)s/%(limit)s") % {
        "tries": message.tries,
        "limit": STUCK_AFTER,
    }
    return Arrival(("f", "w", ""), "warn", text, title_of(message))


def _delivered(message: Message) -> Arrival:
    if message.has_mismatch and message.is_settled:
        return Arrival.differs(title_of(message))
    return Arrival.delivered(message.delivered_at, title_of(message))


def _unknown(message: Message) -> Arrival:
    if message.tries >= STUCK_AFTER or message.is_settled:
        return Arrival.stuck(title_of(message))
    return Arrival.unknown(title_of(message))


def _stopped(message: Message) -> Arrival:
    return Arrival(("f", "", ""), "m", _("已停止"), title_of(message))


_CHAINS = {
    State.WAITING: _waiting,
    State.SENDING: lambda message: Arrival.sending(),
    State.DELIVERED: _delivered,
    State.CONFIRMED: lambda message: Arrival.confirmed(
        message.confirmed_at, title_of(message)
    ),
    State.REJECTED: lambda message: Arrival.rejected(
        message.last_code, title_of(message)
    ),
    State.UNKNOWN: _unknown,
    State.STOPPED: _stopped,
}


def title_of_target(name: str) -> str:
    return _("全部目标") if name == EVERY_TARGET else targets.title_of(name)


def freeze_notes(states: Iterable[TargetState]) -> tuple[Note, ...]:
    """The banners of what is frozen; that of all targets says it all."""
    found = list(states)
    whole = [state for state in found if state.name == EVERY_TARGET]
    return tuple(Note("warn", _freeze_words(state)) for state in whole or found)


def _freeze_words(state: TargetState) -> str:
    until = _("，到 %(at)s 自动恢复") % {"at": write_moment(state.frozen_until)}
    words = {
        "target": title_of_target(state.name),
        "at": write_moment(state.frozen_at),
        "by": state.frozen_by.name if state.frozen_by else "",
        "until": until if state.frozen_until else "",
        "reason": state.frozen_reason,
    }
    return (
        _(
            "推送已冻结（%(target)s）：%(at)s 由 %(by)s 冻结%(until)s。原因：%(reason)s。"
            "期间的变更照常审批并排队，恢复后自动送达。"
        )
        % words
    )


def chip(message: Message) -> Chip:
    """The state as the HIS page shows it."""
    if message.has_mismatch:
        return Chip("bad", "git-compare", _("不一致"))
    is_stuck = message.state in {State.WAITING, State.UNKNOWN, State.DELIVERED}
    if is_stuck and message.tries >= STUCK_AFTER:
        return Chip("warn", "hourglass", _("卡住"))
    if message.state == State.WAITING and message.tries:
        return Chip("warn", "refresh", _("重试中"))
    if message.state == State.CONFIRMED and is_believed(message):
        return Chip("ok", "circle-check", _("对方已确认"))
    return _CHIPS[State(message.state)]()


_CHIPS = {
    State.WAITING: lambda: Chip("info", "clock", _("等待")),
    State.SENDING: lambda: Chip("info", "progress", _("送达中")),
    State.DELIVERED: lambda: Chip("info", "progress", _("已送达")),
    State.CONFIRMED: lambda: Chip("ok", "circle-check", _("回读一致")),
    State.REJECTED: lambda: Chip("bad", "circle-x", _("拒收")),
    State.UNKNOWN: lambda: Chip("warn", "help-circle", _("未知")),
    State.STOPPED: lambda: Chip("mute", "x", _("已停止")),
}
