"""Procedures and a HIS for tests of grades on their way."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from django.utils import timezone

from portal.audit.acting import acting
from portal.demo_his.database import Database, prepare
from portal.directory.dictionaries import BY_VIEW
from portal.directory.sync import pull
from portal.his.gateway import HisReader
from portal.outbox.models import Message
from portal.parameters.days import day_of
from surgery.importers import load_seed_procedures
from surgery.models import Procedure
from surgery.outbound import Turn

# Set otherwise in the demo HIS: ours 2, 3 and 2, theirs 3, 2 and none.
PLANTED = {"38.5901": ("2", "3"), "13.4100x001": ("3", "2"), "28.6x00x002": ("2", "0")}
GALL_BLADDER = "51.2300"


def filled_his(folder: Path) -> Path:
    """The file of a demo HIS as it is at first."""
    path = folder / "his.sqlite3"
    prepare(Database(f"sqlite:///{path}"))
    return path


def catalogue() -> None:
    """The seed of the hospital's catalogue."""
    load_seed_procedures()


def read_his(gateway: HisReader) -> None:
    """Our copies of what the HIS has."""
    for view in ("V_YW_OP_DICT", "V_YW_OP_GRADE"):
        pull(BY_VIEW[view], gateway=gateway, at=timezone.now())


def procedure(code: str = GALL_BLADDER) -> Procedure:
    return Procedure.objects.get(code=code)


def regraded(of: str = GALL_BLADDER, grade: int = 4, **fields: Any) -> Procedure:
    """As an act leaves it that changes a grade or whether it is in use."""
    one = procedure(of)
    one.grade = grade
    for name, value in fields.items():
        setattr(one, name, value)
    with acting(by=None, reason="年度调整"):
        one.save()
    return one


def turn(
    code: str = GALL_BLADDER, grade: int = 4, days: int = 0, **fields: Any
) -> Turn:
    """From today on, or from so many days later."""
    day = day_of(timezone.now()) + timedelta(days=days)
    return Turn(procedure(code), grade, day, **fields)


def due_now(message: Message) -> None:
    """The day of a message has come."""
    now = timezone.now()
    Message.objects.filter(pk=message.pk).update(not_before=now, due_at=now)
