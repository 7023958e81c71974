"""Our copies of the HIS dictionaries, and what the pulls did."""

from __future__ import annotations

from portal.directory.models.masters import (
    PRACTISING,
    Department,
    Drug,
    HisGrade,
    HisPrivilege,
    HisProcedure,
    HisProcedureGrade,
    HisRightKind,
    HisRow,
    Practitioner,
    PractitionerDepartment,
    PractitionerEvent,
    PractitionerScope,
    PractitionerStatus,
)
from portal.directory.models.runs import (
    ConformanceResult,
    ConformanceRun,
    Loss,
    PulledView,
    QuarantinedRow,
    RowChange,
    SyncRun,
)

__all__ = [
    "PRACTISING",
    "ConformanceResult",
    "ConformanceRun",
    "Department",
    "Drug",
    "HisGrade",
    "HisPrivilege",
    "HisProcedure",
    "HisProcedureGrade",
    "HisRightKind",
    "HisRow",
    "Loss",
    "Practitioner",
    "PractitionerDepartment",
    "PractitionerEvent",
    "PractitionerScope",
    "PractitionerStatus",
    "PulledView",
    "QuarantinedRow",
    "RowChange",
    "SyncRun",
]
