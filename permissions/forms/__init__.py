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
from permissions.forms.imports import ColumnsForm, UploadForm, WriteForm
from permissions.forms.second import GivesRights, WithSecond

__all__ = [
    "ActForm",
    "ColumnsForm",
    "DecisionForm",
    "DirectForm",
    "DowngradeForm",
    "EntryForm",
    "GivesRights",
    "ProposeForm",
    "ReasonForm",
    "RenewForm",
    "SubmitForm",
    "SuspendForm",
    "TakeAwayForm",
    "UploadForm",
    "WithSecond",
    "WithdrawForm",
    "WriteForm",
]
