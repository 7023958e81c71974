"""Two years of the graded catalogue: versions decided, reported, one taken back, and what
waits for the committee now."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from permissions import regrading
from portal.accounts.models import User
from portal.parameters.days import ZONE, day_of
from surgery.checks.scoring import ScoreSheet
from surgery.enums import Publishing
from surgery.models import GradeProposal, GradeVersion, Procedure
from surgery.presenters.grade_versions import sheet
from surgery.queries.grade_versions import reported_catalogue
from surgery.services import grading
from surgery.services.grading import Wish
from surgery.services.publications import record_publication

AUTHORITY = "云溪市卫生健康委员会医政科"
NOTICE_BOARD = "医院网站「院务公开」栏及门诊大厅公示屏"


class Regrading(NamedTuple):
    """One procedure of a batch; the sheet as four digits."""

    code: str
    grade: int
    points: str
    reason: str


class Batch(NamedTuple):
    """What one meeting decided, so many days ago."""

    days_ago: int
    meeting: str
    regradings: tuple[Regrading, ...]
    is_undone: bool = False


BATCHES = (
    Batch(
        688,
        "第 1 次会议",
        (
            Regrading("81.5100", 4, "5444", "首年开展，团队与设备要求高，先按四级管理"),
            Regrading("19.4x01", 2, "3332", "近三年无严重并发症，各医疗组均能独立完成"),
        ),
    ),
    Batch(
        334,
        "第 4 次会议",
        (
            Regrading("81.5100", 3, "4443", "年度评估：并发症率 1.1%，低于同级中位数"),
            Regrading("19.4x01", 3, "4333", "年度评估：再次手术率上升，调回三级管理"),
        ),
    ),
    Batch(
        142,
        "第 3 次会议",
        (Regrading("28.2x00x002", 1, "2221", "日间开展满三年，风险低、过程简单"),),
    ),
    Batch(
        41,
        "第 5 次会议",
        (Regrading("39.2700x001", 3, "3433", "拟按新术式管理，须补评估材料"),),
        is_undone=True,
    ),
)
WAITING = (
    Regrading(
        "65.2501", 4, "5543", "近 12 个月并发症 4.2%，高于同级中位数 1.8%，须多学科讨论"
    ),
    Regrading("39.9500", 1, "2221", "血液透析由专科护士操作，风险低于同级"),
)


def seed_grades(*, author: User, second: User, decider: User, now: datetime) -> None:
    for number, batch in enumerate(BATCHES, start=1):
        _decided(batch, number, author=author, decider=decider, now=now)
    new_year = date(day_of(now).year + 1, 1, 1)
    asked = (new_year, day_of(now) + timedelta(days=20))
    for wish, on, by in zip(WAITING, asked, (author, second), strict=True):
        at = now - timedelta(days=3, minutes=wish.grade * 7)
        _asked(wish, on, f"云技委〔{at.year}〕14号", "", by=by, at=at)


def _decided(
    batch: Batch, number: int, *, author: User, decider: User, now: datetime
) -> None:
    at = _morning(now, batch.days_ago)
    doc_no = f"云医务〔{at.year}〕{20 + number}号"
    meeting = f"{at.year} 年{batch.meeting}"
    proposals = [
        _asked(one, day_of(at), doc_no, meeting, by=author, at=at - timedelta(days=6))
        for one in batch.regradings
    ]
    version = regrading.approve(
        proposals=proposals,
        by=decider,
        at=at,
        reason="医疗技术临床应用管理委员会审定通过，按会议纪要执行",
    )
    if batch.is_undone:
        regrading.undo(
            version=version,
            by=decider,
            at=at + timedelta(hours=5),
            reason="会议纪要核对后发现评估材料不全，撤销后重新上会",
        )
        return
    _shown(version, by=author, at=at)


def _asked(
    wish: Regrading, on: date, doc_no: str, meeting: str, *, by: User, at: datetime
) -> GradeProposal:
    points: Sequence[int] = [int(one) for one in wish.points]
    asked = Wish(
        procedure=Procedure.objects.get(code=wish.code),
        grade=wish.grade,
        effective_on=on,
        sheet=ScoreSheet(*points),
        meeting=meeting,
        doc_no=doc_no,
    )
    return grading.propose(wish=asked, by=by, at=at, reason=wish.reason)


def _shown(version: GradeVersion, *, by: User, at: datetime) -> None:
    """Reported within the week, published the week after."""
    found = reported_catalogue(version)
    paper = sheet(version, found, made_at="", made_by=by.name)
    for kind, to, days in (
        (Publishing.REPORTED, AUTHORITY, 5),
        (Publishing.PUBLISHED, NOTICE_BOARD, 9),
    ):
        on = day_of(at) + timedelta(days=days)
        record_publication(
            version=version,
            kind=kind,
            on=on,
            to=to,
            receipt=f"云卫收〔{on.year}〕{on:%m%d}号" if days == 5 else "",
            count=paper.count,
            check_code=paper.check,
            by=by,
            at=at + timedelta(days=days),
        )


def _morning(now: datetime, days_ago: int) -> datetime:
    day = day_of(now) - timedelta(days=days_ago)
    return datetime.combine(day, time(10, 40), tzinfo=ZONE)
