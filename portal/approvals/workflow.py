"""Which decision leads from which state to which. Plain Python."""

from __future__ import annotations

from enum import StrEnum


class ProposalState(StrEnum):
    SUBMITTED = "SUBMITTED"
    APPROVED = "APPROVED"
    RETURNED = "RETURNED"
    REJECTED = "REJECTED"
    WITHDRAWN = "WITHDRAWN"


class Decision(StrEnum):
    APPROVE = "APPROVE"
    RETURN = "RETURN"
    REJECT = "REJECT"
    WITHDRAW = "WITHDRAW"


TRANSITIONS: dict[tuple[ProposalState, Decision], ProposalState] = {
    (ProposalState.SUBMITTED, Decision.APPROVE): ProposalState.APPROVED,
    (ProposalState.SUBMITTED, Decision.RETURN): ProposalState.RETURNED,
    (ProposalState.SUBMITTED, Decision.REJECT): ProposalState.REJECTED,
    (ProposalState.SUBMITTED, Decision.WITHDRAW): ProposalState.WITHDRAWN,
}

OPEN = frozenset({ProposalState.SUBMITTED})


class TransitionRefused(Exception):
    """That decision cannot be taken in this state."""

    def __init__(self, state: ProposalState, decision: Decision) -> None:
        super().__init__(f"{decision} in {state}")
        self.state = state
        self.decision = decision


def next_state(state: ProposalState, decision: Decision) -> ProposalState:
    """The state a decision leads to; raises TransitionRefused."""
    try:
        return TRANSITIONS[state, decision]
    except KeyError:
        raise TransitionRefused(state, decision) from None
