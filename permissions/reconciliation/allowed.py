"""Who may do what about drifts; the page and the command line ask the same."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from permissions.enums import DriftState
from portal.accounts.capabilities import Capability

OFFICER = frozenset({Capability.CHANGE_GRANT})
OPERATOR = frozenset({Capability.OPERATE_HIS, Capability.CHANGE_GRANT})
# One of these is enough; a grade is proposed by who may propose grades, besides.
NEEDED: Mapping[str, frozenset[Capability]] = {
    "compare": OPERATOR,
    "repair": OPERATOR,
    "adopt": OFFICER,
    "ignore": OFFICER,
    "reopen": OFFICER,
}


# In which state a drift must be.
BEFORE: Mapping[str, DriftState] = {
    "repair": DriftState.OPEN,
    "adopt": DriftState.OPEN,
    "ignore": DriftState.OPEN,
    "reopen": DriftState.IGNORED,
}


def may(act: str, capabilities: Collection[str]) -> bool:
    return not NEEDED[act].isdisjoint(capabilities)
