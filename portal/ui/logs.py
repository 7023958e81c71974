"""What a log line must not carry: paths, SQL values, persons.

Django hangs the request onto its lines and writes the path into the text; an error's
own words may quote a row. The place in the code and the request's number are enough
to find the cause; the words are left out.
"""

from __future__ import annotations

import traceback
from collections.abc import MutableMapping
from typing import Any

# ``message`` is the whole text again, set by whatever other handler came first.
DROPPED = ("request", "message", "server_time", "sql", "params", "duration")
# These write paths or persons into their text; the status says as much.
TELL_TALE = ("django.request", "django.security", "django.server")
Event = MutableMapping[str, Any]


def places_of(error: BaseException) -> str:
    """Types and code places of an error and its causes; not their words."""
    lines = []
    cause: BaseException | None = error
    while cause is not None:
        lines.append(f"{type(cause).__module__}.{type(cause).__qualname__}")
        frames = traceback.extract_tb(cause.__traceback__)
        lines += [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
        context = None if cause.__suppress_context__ else cause.__context__
        cause = cause.__cause__ or context
    return "\n".join(lines)


def numbers_only(logger: Any, name: str, event: Event) -> Event:
    """A structlog processor: keeps numbers and code places, drops the rest."""
    for key in DROPPED:
        event.pop(key, None)
    record = event.get("_record")
    if record is not None and record.name.startswith(TELL_TALE):
        event["event"] = "request failed"
    raised = event.pop("exc_info", None)
    if isinstance(raised, tuple) and raised[1] is not None:
        event["exception"] = places_of(raised[1])
    return event
