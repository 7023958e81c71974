"""What the HIS shows beside what it should show, and putting the rest right.

``running`` looks at ``rights`` and at ``grades``, ``keeping`` writes down what was found, ``repairing``, ``adopting`` and
``deciding`` are what a person or the hospital's ``policy`` does about it.
"""

from permissions.reconciliation.adopting import adopt
from permissions.reconciliation.deciding import ignore, reopen
from permissions.reconciliation.outcome import Outcome
from permissions.reconciliation.repairing import repair, settle_repairs
from permissions.reconciliation.running import (
    NOT_OFFERED,
    ask,
    job_of,
    reconcile,
    reconcile_all,
    reconcile_if_due,
)

__all__ = [
    "NOT_OFFERED",
    "Outcome",
    "adopt",
    "ask",
    "ignore",
    "job_of",
    "reconcile",
    "reconcile_all",
    "reconcile_if_due",
    "reopen",
    "repair",
    "settle_repairs",
]
