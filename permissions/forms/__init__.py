"""Forms of the room: what may be typed; whether it may be done, the acts say."""

from permissions.forms.catalogue import EntryForm, ReasonForm, SubmitForm
from permissions.forms.grants import (
    DecisionForm,
    ProposeForm,
    RestoreForm,
    TakeAwayForm,
    WithdrawForm,
)
from permissions.forms.imports import ColumnsForm, UndoForm, UploadForm, WriteForm
from permissions.forms.second import WithSecond

__all__ = [
    "ColumnsForm",
    "UndoForm",
    "UploadForm",
    "WithSecond",
    "WriteForm",
    "DecisionForm",
    "EntryForm",
    "ProposeForm",
    "ReasonForm",
    "RestoreForm",
    "SubmitForm",
    "TakeAwayForm",
    "WithdrawForm",
]
