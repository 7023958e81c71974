"""Short words for writing down cases of the regulation."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from permissions.checks.facts import Line, Role, Setting, Side, Status, Terms

CHINA = timezone(timedelta(hours=8))


def at(text: str) -> datetime:
    """``at("2026-12-01")`` is the first moment of that day in Shanghai."""
    return datetime.fromisoformat(text).replace(tzinfo=CHINA)


def line(
    privilege: str,
    item: str = "",
    *,
    start: str = "2026-01-01",
    end: str | None = "2027-01-01",
    status: Status = Status.ACTIVE,
    since: str | None = None,
    until: str | None = None,
    setting: Setting = Setting.ALL,
    role: Role = Role.OPERATE,
    campus: str = "",
    side: Side = Side.ANY,
    due: str | None = None,
    conditions: str = "",
) -> Line:
    """A grant from ``start`` to before ``end``; suspended or revoked ``since``, a
    suspension to before ``until``."""
    terms = Terms(
        privilege=privilege,
        valid_from=at(start),
        valid_to=at(end) if end else None,
        status=status,
        changed_from=at(since) if since else None,
        resumes_at=at(until) if until else None,
        setting=setting,
        role=role,
        campus=campus,
        side=side,
        assessment_due=at(due) if due else None,
        conditions=conditions,
    )
    return Line(item, terms)
