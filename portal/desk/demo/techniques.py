"""One restricted technique that is filed, one procedure the hospital has given up.

The others show what they are by their cases in the demo HIS: counting down, overdue.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from portal.accounts.models import User
from portal.parameters.days import day_of
from surgery.models import Procedure
from surgery.services.procedures import switch_procedure
from surgery.services.techniques import file_technique

CORNEA, LUNG = "11.6400x001", "33.5000"


def seed_techniques(*, by: User, now: datetime) -> None:
    known = Procedure.objects.in_bulk([CORNEA, LUNG], field_name="code")
    if CORNEA in known:
        file_technique(
            procedure=known[CORNEA],
            filed_on=day_of(now) - timedelta(days=700),
            authority="云溪市卫生健康委员会",
            document_no="云卫医备〔2024〕12号",
            document="医疗技术档案 K-03",
            by=by,
            at=now,
            reason="首例后按期备案，补录",
        )
    if LUNG in known:
        switch_procedure(
            procedure=known[LUNG],
            is_enabled=False,
            on=day_of(now),
            by=by,
            at=now,
            reason="云医务〔2026〕66号：不再具备专项许可条件，停止开展",
        )
