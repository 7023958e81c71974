"""Where the last change of a grant stands, live, short in lists and long on pages."""

from __future__ import annotations

from typing import NamedTuple, cast

from django.utils.translation import gettext as _

from permissions.models import Grant, GrantState
from permissions.outbound import Ways
from permissions.queries.grant_lines import Line
from portal.outbox.models import Message
from portal.outbox.presenters import Proofs, arrival, long_arrival, poll_seconds
from portal.outbox.queries import Confirmed
from portal.ui.elements import Arrival
from portal.ui.stencils import address_of


class GrantArrival(NamedTuple):
    """The chain; asks for itself again until nothing more happens by itself. A tuple:
    a list makes one for each row."""

    state_id: int
    chain: Arrival
    text: str  # 已批 10:02 · HIS 10:02:05 · 回读一致
    every_seconds: int
    is_long: bool

    @property
    def template(self) -> str:
        return "permissions/_arrival.html"

    @property
    def url(self) -> str:
        url = address_of("permissions:grant-arrival", self.state_id)
        return f"{url}?long=1" if self.is_long else url

    def long(self) -> GrantArrival:
        """The same with its three steps in words below."""
        return self._replace(is_long=True)


def untold_arrival(state: GrantState | Line, ways: Ways) -> GrantArrival | None:
    """Why nothing of a line was told; None where something might have been."""
    why = ways.why_not_told(cast(Grant, state.grant))
    if not why:
        return None
    chain = Arrival(("", "", ""), "m", _("不推送"), why, why)
    return GrantArrival(state.pk, chain, why, every_seconds=0, is_long=False)


def grant_arrival(
    state: GrantState | Line, message: Message | Confirmed, proofs: Proofs
) -> GrantArrival:
    if isinstance(message, Confirmed):
        text, chain = proofs.of(message, state.last_event.recorded_at)
        return GrantArrival(state.pk, chain, text, every_seconds=0, is_long=False)
    chain = arrival(message)
    text = long_arrival(message, state.last_event.recorded_at, chain)
    return GrantArrival(
        state_id=state.pk,
        chain=chain._replace(title=f"{text} {chain.title}".strip()),
        text=text,
        every_seconds=poll_seconds(message),
        is_long=False,
    )
