"""Our ledger lines as messages for the HIS (domain 9.4).

On the other side: ``YW_PRIV_SAVE`` and ``YW_DOCTOR_OP_SAVE`` of ``portal.his.contract``.
What the HIS was promised so far is held against what the ledger says now, and only the
difference is told. Days are whole, the last one included.

``table`` compares, ``flags`` draws coarse fields (both plain Python), ``ways`` says what
of a line this HIS can be told, ``telling`` makes the messages of an act.
"""

from permissions.outbound.table import Right, Row, RowKey
from permissions.outbound.telling import Call, Change, Telling, changes_of
from permissions.outbound.ways import Ways, his_value_of, last_day_for

__all__ = [
    "Call",
    "Change",
    "Right",
    "Row",
    "RowKey",
    "Telling",
    "Ways",
    "changes_of",
    "his_value_of",
    "last_day_for",
]
