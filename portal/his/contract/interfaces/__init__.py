"""All interfaces of the contract: T01–T15 of the tender and the views beside them.

``VIEWS`` and ``FUNCTIONS`` are the whole contract. What the running portal reads and
calls today is ``VIEWS_IN_USE`` and ``FUNCTIONS_IN_USE``: a HIS should offer these first.
"""

from __future__ import annotations

from portal.his.contract.interfaces.doctors import (
    V_YW_DEPT,
    V_YW_DOCTOR,
    V_YW_DOCTOR_DEPT,
    V_YW_DOCTOR_PRIV,
    V_YW_DOCTOR_SCOPE,
    V_YW_PRIV_DICT,
)
from portal.his.contract.interfaces.drugs import V_YW_DRUG
from portal.his.contract.interfaces.front_page import (
    V_YW_FRONT_PAGE,
    V_YW_FRONT_PAGE_DIAG,
    V_YW_FRONT_PAGE_FEE,
    V_YW_FRONT_PAGE_OPER,
)
from portal.his.contract.interfaces.functions import (
    V_YW_CHANGE_LOG,
    YW_DOCTOR_OP_SAVE,
    YW_OPGRADE_SAVE,
    YW_PRIV_SAVE,
)
from portal.his.contract.interfaces.operations import (
    V_YW_OPERATION,
    V_YW_OPERATION_ITEM,
    V_YW_OPERATION_TEAM,
    V_YW_SURGERY_APPLY,
)
from portal.his.contract.interfaces.outpatient import (
    V_YW_OUTP_DIAG,
    V_YW_OUTP_OP,
    V_YW_OUTP_PRESC,
    V_YW_OUTP_VISIT,
)
from portal.his.contract.interfaces.surgery import (
    V_YW_DOCTOR_OP,
    V_YW_GRADE_DICT,
    V_YW_OP_DICT,
    V_YW_OP_GRADE,
    V_YW_OPRIGHT_DICT,
)

__all__ = [
    "ALL",
    "FUNCTIONS",
    "FUNCTIONS_IN_USE",
    "VIEWS",
    "VIEWS_IN_USE",
    "V_YW_CHANGE_LOG",
    "V_YW_DOCTOR",
    "V_YW_DOCTOR_OP",
    "V_YW_DOCTOR_PRIV",
    "V_YW_OP_GRADE",
    "V_YW_PRIV_DICT",
    "YW_DOCTOR_OP_SAVE",
    "YW_OPGRADE_SAVE",
    "YW_PRIV_SAVE",
]

VIEWS = (
    V_YW_DOCTOR,
    V_YW_PRIV_DICT,
    V_YW_DOCTOR_PRIV,
    V_YW_DEPT,
    V_YW_DOCTOR_DEPT,
    V_YW_DOCTOR_SCOPE,
    V_YW_DRUG,
    V_YW_OP_DICT,
    V_YW_OP_GRADE,
    V_YW_GRADE_DICT,
    V_YW_DOCTOR_OP,
    V_YW_OPRIGHT_DICT,
    V_YW_OUTP_VISIT,
    V_YW_OUTP_DIAG,
    V_YW_OUTP_OP,
    V_YW_OUTP_PRESC,
    V_YW_SURGERY_APPLY,
    V_YW_OPERATION,
    V_YW_OPERATION_ITEM,
    V_YW_OPERATION_TEAM,
    V_YW_FRONT_PAGE,
    V_YW_FRONT_PAGE_DIAG,
    V_YW_FRONT_PAGE_OPER,
    V_YW_FRONT_PAGE_FEE,
    V_YW_CHANGE_LOG,
)
FUNCTIONS = (YW_PRIV_SAVE, YW_OPGRADE_SAVE, YW_DOCTOR_OP_SAVE)
ALL = (*VIEWS, *FUNCTIONS)

VIEWS_IN_USE = tuple(view for view in VIEWS if view.in_use)
FUNCTIONS_IN_USE = tuple(function for function in FUNCTIONS if function.in_use)
