"""The acts of the permissions room: the only writers of proposals and ledger.

Each is one transaction in which state, history and the promise to the HIS are saved
together. What must not be is refused with an ``ActRefused`` and leaves nothing behind.
"""

from permissions.services.changes import restore, revoke, suspend, void
from permissions.services.proposals import (
    approve,
    propose,
    reject,
    return_,
    withdraw,
)
from permissions.services.refusals import ActRefused

__all__ = [
    "ActRefused",
    "approve",
    "propose",
    "reject",
    "restore",
    "return_",
    "revoke",
    "suspend",
    "void",
    "withdraw",
]
