"""Pulling performed cases and booked operations from the HIS.

On the other side: the views named in ``FACTS``; how they are pulled stands in
``portal.directory.facts``. Who and what is unknown here is kept by its code.
"""

from __future__ import annotations

from datetime import datetime

from portal.directory.dictionaries import NOT_KEPT, Dictionary
from portal.directory.facts import pull_facts
from portal.directory.models import SyncRun
from portal.his.gateway import HisReader
from surgery.models import BookedOperation, CaseMember, CaseProcedure, PerformedCase
from surgery.sync.shares import keep, keep_if_empty

# The patient's name and what else says who they are stays in the HIS.
PATIENT = {"name": NOT_KEPT, "inpatient_no": NOT_KEPT}
# In the order they are pulled: a case before its procedures and its team.
FACTS = (
    Dictionary(
        "V_YW_SURGERY_APPLY",
        BookedOperation,
        {
            **PATIENT,
            "patient_id": NOT_KEPT,
            "bed": NOT_KEPT,
            "preop_diag": NOT_KEPT,
            "apply_time": "applied_at",
            "plan_time": "planned_at",
            "op_nature": "nature",
            "reop_type": "reoperation",
        },
    ),
    Dictionary(
        "V_YW_OPERATION",
        PerformedCase,
        {
            **PATIENT,
            "plan_time": "planned_at",
            "op_nature": "nature",
            "reop_type": "reoperation",
            "death_flag": "is_dead",
            "cancel_flag": "is_canceled",
        },
        follow=keep,
    ),
    Dictionary(
        "V_YW_OPERATION_ITEM",
        CaseProcedure,
        {"op_id": "case_id", "proc_code": "code", "proc_name": "name"},
        follow=keep,
    ),
    Dictionary(
        "V_YW_OPERATION_TEAM",
        CaseMember,
        {"op_id": "case_id", "team_role": "role"},
        follow=keep,
    ),
)
BY_VIEW = {fact.name: fact for fact in FACTS}


def pull_cases(
    *, gateway: HisReader, at: datetime, whole: bool = False
) -> list[SyncRun]:
    """Booked operations, cases, their procedures and teams; a run for each view."""
    keep_if_empty()
    return pull_facts(FACTS, gateway=gateway, at=at, whole=whole)
