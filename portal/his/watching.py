"""Calls of a connection told to its breaker, the same for every transport."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.utils.translation import gettext_noop as _

from portal.his.breaker import Breaker
from portal.his.gateway import HisMisconfigured, HisRejected, HisUnavailable


class NothingHeard(HisUnavailable):
    """Not even a refusal came: the sort of failure a breaker counts."""


class NoLinkFree(HisUnavailable):
    """Nobody was asked: all our links are in use."""


@contextmanager
def watched(breaker: Breaker, *, asks: bool) -> Iterator[None]:
    """Tell the breaker how a call ended; while it is open, refuse the call."""
    if not breaker.admits(time.monotonic(), asks=asks):
        raise HisUnavailable(_("HIS 未应答：连续失败，稍候再试"))
    try:
        yield
    except NothingHeard:
        breaker.failed(time.monotonic())
        raise
    except NoLinkFree:
        breaker.told_nothing()
        raise
    except (HisRejected, HisMisconfigured, HisUnavailable):
        breaker.answered()
        raise
    except BaseException:  # our own fault, or nobody reads on
        breaker.told_nothing()
        raise
    else:
        breaker.answered()
