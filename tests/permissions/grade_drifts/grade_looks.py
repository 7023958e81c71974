"""Looks at the grades of a demo HIS, for the tests beside this file."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from permissions.enums import Part
from permissions.models import Drift, Reconciliation
from permissions.reconciliation import reconcile
from portal.demo_his.database import Database

BY_HAND = "UPDATE 手术项目目录 SET 手术类型 = :grade WHERE 编码 = :code"
LOGGED = (
    "INSERT INTO 权限维护日志 (请求号, 对象, 操作, 项目编码, 原状态, 新状态, 操作人员, 操作时间)"
    " VALUES (NULL, 'OPGRADE', 'UPDATE', :code, :before, :after, 'DBA', :at)"
)
REASON = "与信息科核对，以本院目录为准"
# Longer than the contract allows: the row is set aside.
UNREADABLE = "八级" * 11
VEIN, LENS, TONSIL = "38.5901", "13.4100x001", "28.6x00x002"


def look(his: Any, **later: float) -> Reconciliation:
    """So much later; an hour is past the margin of what was just told."""
    at = timezone.now() + timedelta(**later)
    one = Reconciliation(part=Part.GRADES, asked_at=at)
    found = reconcile(gateway=his, at=at, one=one)
    assert found is not None
    return found


def rename(database: Database, code: str, new: str) -> None:
    database.run(
        "UPDATE 手术项目目录 SET 编码 = :new WHERE 编码 = :code", new=new, code=code
    )


def there() -> Any:
    return Drift.objects.filter(target="GRADE", closed_at=None).order_by("item")


def drift_of(code: str) -> Drift:
    found: Drift = there().get(item=code)
    return found


def keys(*codes: str) -> list[int]:
    rows = there().filter(item__in=codes) if codes else there()
    return list(rows.values_list("pk", flat=True))


def shown() -> dict[str, list[str]]:
    """Kind, ours and theirs by code."""
    rows = there().values_list("item", "kind", "ours_value", "theirs_value")
    return {code: list(rest) for code, *rest in rows}
