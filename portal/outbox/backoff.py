"""When to try again. Pure: numbers in, seconds out."""

from __future__ import annotations

FIRST_SECONDS = 2
LONGEST_SECONDS = 300

# After so many tries the pages say 卡住; the tries themselves go on.
STUCK_AFTER = 3

# A HIS may show a change a little late: so long between the read-backs, then it is
# shown as 不一致 and left to a person.
REREAD_SECONDS = (1, 5, 30)

# So long between two looks for the answer of a HIS that has the request in its table.
POLL_SECONDS = 5


def seconds_until_next(tries: int) -> int:
    """Seconds to wait after the ``tries``-th try got no answer."""
    doublings = min(max(tries, 1) - 1, 10)
    return min(FIRST_SECONDS << doublings, LONGEST_SECONDS)


def seconds_until_reread(rereads: int) -> int | None:
    """Seconds until the next read-back; None when it has been read often enough."""
    return REREAD_SECONDS[rereads] if rereads < len(REREAD_SECONDS) else None
