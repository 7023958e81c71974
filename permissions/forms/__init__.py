"""Forms of the room: what may be typed; whether it may be done, the acts say."""

from permissions.forms.catalogue import EntryForm, ReasonForm, SubmitForm
from permissions.forms.grants import (
    DecisionForm,
    ProposeForm,
    RestoreForm,
    TakeAwayForm,
    WithdrawForm,
)

__all__ = [
    "DecisionForm",
    "EntryForm",
    "ProposeForm",
    "ReasonForm",
    "RestoreForm",
    "SubmitForm",
    "TakeAwayForm",
    "WithdrawForm",
]
