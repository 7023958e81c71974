"""The demo's personal certificates: two of them soon end.

Days count from today, negative ones lie in the past. They are not demanded by the check
here (``CERTIFICATES_DECIDE`` stays as it comes), so no right of the demo depends on them.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from permissions.services.certificates import Issued, record_certificate
from portal.accounts.models import User
from portal.directory.models import Practitioner
from portal.parameters.days import day_of

REASON = "医务科登记证书原件复印件"


class Held(NamedTuple):
    emp_no: str
    kind: str
    number: str
    issuer: str
    issued: int
    ends: int | None


CERTIFICATES: tuple[Held, ...] = (
    Held("1027", "ROBOT", "JQR-2024-0163", "国家级手术机器人培训基地", -640, 455),
    Held("1027", "GCP", "GCP-2025-11872", "国家药监局高级研修学院", -410, 685),
    Held("1188", "GCP", "GCP-2024-07315", "国家药监局高级研修学院", -690, 41),
    Held("1305", "LIFE_SUPPORT", "ACLS-2024-3391", "省急诊质控中心", -718, 12),
    Held("1214", "LIFE_SUPPORT", "ACLS-2026-0518", "省急诊质控中心", -180, 550),
    Held("1058", "INTERVENTION", "XXG-2021-0077", "国家心血管病中心", -1800, None),
)


def seed_certificates(*, by: User, now: datetime) -> None:
    """People the directory does not have are left out."""
    people = {one.emp_no: one for one in Practitioner.objects.order_by("pk")}
    today = day_of(now)
    for held in CERTIFICATES:
        if held.emp_no in people:
            ends = None if held.ends is None else today + timedelta(days=held.ends)
            record_certificate(
                practitioner=people[held.emp_no],
                issued=Issued(
                    kind=held.kind,
                    number=held.number,
                    issued_on=today + timedelta(days=held.issued),
                    valid_to=ends,
                    issuer=held.issuer,
                ),
                by=by,
                at=now,
                reason=REASON,
            )
