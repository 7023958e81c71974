"""Forms of the room: what may be typed; whether it may be done, the acts say."""

from permissions.forms.acts import (
    ActForm,
    DowngradeForm,
    RenewForm,
    SuspendForm,
    TakeAwayForm,
)
from permissions.forms.catalogue import EntryForm, ReasonForm, SubmitForm
from permissions.forms.direct import DirectForm
from permissions.forms.grants import DecisionForm, ProposeForm, WithdrawForm

__all__ = [
    "ActForm",
    "DecisionForm",
    "DirectForm",
    "DowngradeForm",
    "EntryForm",
    "ProposeForm",
    "ReasonForm",
    "RenewForm",
    "SubmitForm",
    "SuspendForm",
    "TakeAwayForm",
    "WithdrawForm",
]
