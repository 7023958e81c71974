"""The acts of the permissions room: the only writers of proposals and ledger.

Each is one transaction in which state, history and the promise to the HIS are saved
together. What must not be is refused with an ``ActRefused`` and leaves nothing behind.
"""

from permissions.services.changes import renew, restore, revoke, suspend, void
from permissions.services.consequences import consequences
from permissions.services.copying import from_colleague, from_template, give
from permissions.services.direct import downgrade, grant
from permissions.services.lines import Line
from permissions.services.proposals import (
    approve,
    propose,
    reject,
    return_,
    withdraw,
)
from permissions.services.refusals import ActRefused
from permissions.services.refusals_of_acts import ManyRefused
from permissions.services.rule_settings import approve_rule, decline_rule, set_rule
from permissions.services.templates import keep_template
from permissions.services.together import many
from permissions.services.trainings import record_training, void_training
from permissions.services.undoing import undo

__all__ = [
    "ActRefused",
    "Line",
    "ManyRefused",
    "approve",
    "approve_rule",
    "consequences",
    "decline_rule",
    "downgrade",
    "from_colleague",
    "from_template",
    "give",
    "grant",
    "keep_template",
    "many",
    "propose",
    "record_training",
    "reject",
    "renew",
    "restore",
    "return_",
    "revoke",
    "set_rule",
    "suspend",
    "undo",
    "void",
    "void_training",
    "withdraw",
]
