"""The demo's catalogue: the first version, one published since, one under way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any, NamedTuple

from permissions.importers import load_catalogue
from permissions.queries.catalogue import open_version, present_entries
from permissions.services import catalogue
from portal.accounts.models import User
from portal.parameters.days import ZONE, day_of

FIRST_DAYS_AGO, SECOND_DAYS_AGO, DRAFT_DAYS_AGO = 400, 118, 2


class Wish(NamedTuple):
    """What somebody changes of an entry, and why."""

    code: str
    changes: Mapping[str, Any]
    reason: str


PUBLISHED = (
    Wish(
        "SD06",
        {"assessment_months": 6},
        "重点监控药品目录调整，改为每半年评估一次",
    ),
    Wish(
        "RX07",
        {"trainings": ("TR17",)},
        "互联网诊疗监管要求上岗前完成培训",
    ),
    Wish(
        "ER01",
        {"trainings": ("TR10",), "certificates": ("RESIDENCY", "LIFE_SUPPORT")},
        "独立值班须持心肺复苏证书，急诊质控会提出",
    ),
)
UNDER_WAY = (
    Wish(
        "ND01",
        {"validity_months": 12, "assessment_months": 12},
        "麻精药品考核改为每年一次，药事会已同意",
    ),
    Wish(
        "CN01",
        {"title_rule": "HARD", "min_title_rank": 4},
        "院内会诊改由副主任医师及以上承担，征求意见中",
    ),
    Wish("TE02", {"is_enabled": False}, "质控员改由科室聘任，不再作为权限管理"),
)


def seed_first_version(*, now: datetime) -> None:
    """More than a year ago, before anybody was given a right."""
    load_catalogue(at=_morning(now, FIRST_DAYS_AGO))


def seed_versions(*, author: User, second: User, decider: User, now: datetime) -> None:
    """One version collected, approved and published; one still being collected."""
    at = _morning(now, SECOND_DAYS_AGO)
    _collect(PUBLISHED, by=author, at=at - timedelta(days=6))
    version = open_version()
    if version is None:
        return
    catalogue.submit(
        version=version,
        effective_on=day_of(at),
        doc_no=f"云医务〔{at.year}〕31号",
        by=author,
        at=at - timedelta(days=3),
        reason="第二季度药事会、急诊质控会意见汇总",
    )
    catalogue.approve_version(
        version=version,
        by=decider,
        at=at,
        reason="医疗技术临床应用管理委员会审定通过",
    )
    _collect(UNDER_WAY, by=second, at=_morning(now, DRAFT_DAYS_AGO))


def _collect(wishes: tuple[Wish, ...], *, by: User, at: datetime) -> None:
    entries = present_entries()
    for number, wish in enumerate(wishes):
        catalogue.draft_entry(
            entry=replace(entries[wish.code], **wish.changes),
            by=by,
            at=at + timedelta(minutes=number * 9),
            reason=wish.reason,
        )


def _morning(now: datetime, days_ago: int) -> datetime:
    day = day_of(now) - timedelta(days=days_ago)
    return datetime.combine(day, time(9, 20), tzinfo=ZONE)
