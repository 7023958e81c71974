"""Which function does the work of which kind; rooms register theirs when they load.

    @work_of("permissions.check_import")
    def check(job: Job, report: Report) -> int | None: ...

A work may be run again from its beginning at any time: what it has done stands in the
rows it works on. It returns the key of its result file, if it made one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeAlias

from portal.jobs.models import Job


class Report(Protocol):
    """Tells how far the work has come, and goes on having it.

    Raises Overtaken when somebody else has it by now.
    """

    def __call__(self, phase: str, done: int = 0, total: int = 0) -> None: ...


Work: TypeAlias = Callable[[Job, Report], int | None]
WORKS: dict[str, Work] = {}


def work_of(kind: str) -> Callable[[Work], Work]:
    def keep(work: Work) -> Work:
        WORKS[kind] = work
        return work

    return keep
