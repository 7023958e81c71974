"""The acts of the permissions room: the only writers of proposals and ledger.

Each is one transaction in which state, history and the promise to the HIS are saved
together. What must not be is refused with an ``ActRefused`` and leaves nothing behind.
"""

from permissions.services.changes import (
    longest_renewal,
    renew,
    restore,
    revoke,
    suspend,
    void,
)
from permissions.services.consequences import consequences, consequences_of_granting
from permissions.services.copying import from_colleague, from_template, give
from permissions.services.direct import (
    downgrade,
    grant,
    grantable,
    lower_lines,
    lowered,
    may_be_lowered,
)
from permissions.services.foreseeing import refused_ahead
from permissions.services.lines import Line
from permissions.services.persons import is_second_needed
from permissions.services.proposals import (
    approve,
    propose,
    reject,
    return_,
    stand_for,
    withdraw,
)
from permissions.services.refusals import ActRefused
from permissions.services.refusals_of_acts import ManyRefused
from permissions.services.rule_settings import approve_rule, decline_rule, set_rule
from permissions.services.templates import keep_template
from permissions.services.together import many
from permissions.services.trainings import record_training, void_training
from permissions.services.undoing import (
    line_anew,
    must_be_undoable,
    must_not_be_undone,
    must_rest_on_nothing,
    undo,
    undone_by_kind,
    why_not_undoable,
)

__all__ = [
    "must_rest_on_nothing",
    "ActRefused",
    "Line",
    "ManyRefused",
    "approve",
    "approve_rule",
    "consequences",
    "decline_rule",
    "consequences_of_granting",
    "downgrade",
    "from_colleague",
    "from_template",
    "give",
    "grant",
    "grantable",
    "is_second_needed",
    "keep_template",
    "line_anew",
    "longest_renewal",
    "lower_lines",
    "lowered",
    "many",
    "may_be_lowered",
    "must_be_undoable",
    "must_not_be_undone",
    "propose",
    "record_training",
    "refused_ahead",
    "reject",
    "renew",
    "restore",
    "return_",
    "revoke",
    "set_rule",
    "stand_for",
    "suspend",
    "undo",
    "undone_by_kind",
    "why_not_undoable",
    "void",
    "void_training",
    "withdraw",
]
