"""What the office maintains keeps its history; what does not says why it need not."""

from __future__ import annotations

from django.apps import apps
from django.db.models import Model

from portal.audit.history import HistoricalModel, WriteOnceModel

ROOMS = ("portal.", "permissions.", "surgery.", "reports.", "his_plugin.")
# Rows nobody maintains here, each with what stands for a history instead.
NOT_MAINTAINED = {
    "accounts.LoginSession": "logins and logouts stand in the event log",
    "directory.ConformanceResult": "is itself the record of a check",
    "directory.ConformanceRun": "is itself the record of a check",
    "directory.Department": "the HIS's; pulled, with its first and last sight",
    "directory.Drug": "the HIS's; pulled, with its first and last sight",
    "directory.HisGrade": "the HIS's; pulled, with its first and last sight",
    "directory.HisPrivilege": "the HIS's; pulled, with its first and last sight",
    "directory.HisProcedure": "the HIS's; pulled, with its first and last sight",
    "directory.HisProcedureGrade": "the HIS's; pulled, with its first and last sight",
    "directory.HisRightKind": "the HIS's; pulled, with its first and last sight",
    "directory.Loss": "each decision on it is an audit event",
    "directory.Practitioner": "the HIS's; what changes is a PractitionerEvent",
    "directory.PractitionerDepartment": "the HIS's; what changes is a RowChange",
    "directory.PractitionerEvent": "is itself the record of a change",
    "directory.PractitionerScope": "the HIS's; what changes is a RowChange",
    "directory.PulledView": "where our copy stands; how it got there are the runs",
    "directory.QuarantinedRow": "belongs to one pull and goes with the next",
    "directory.RowChange": "is itself the record of a change",
    "directory.SyncRun": "is itself the record of a pull",
    "his_plugin.LaunchNonce": "each launch is an audit event; kept for a day",
    "jobs.Job": "is itself the record of a work",
    "notices.Delivery": "tells its tries and its end itself; a person's acts are audited",
    "notices.Notice": "is itself the record; the moment it was read stands in it",
    "outbox.ArchivedMessage": "a message as it was when it was settled",
    "outbox.Attempt": "is itself the record of a try",
    "outbox.TargetState": "a person's acts are audit events, the rest is how it stands",
    "outbox.Message": "each change of state is an Attempt or an audit event",
    "permissions.Drift": "says itself since when; what was decided is written once",
    "permissions.EventCursor": "up to where events are read; what came of each is kept",
    "permissions.EventReading": "is itself the record of a reading",
    "permissions.FollowedVersion": "up to where grades are followed; what came is kept",
    "permissions.GrantImportRow": "a row of a file; what came of it is in the ledger",
    "permissions.CertificateImportRow": "a row of a file; what came of it is a record",
    "permissions.TrainingImportRow": "a row of a file; what came of it is a record",
    "permissions.Reconciliation": "is itself the record of a look",
    "permissions.Reminder": "is itself the record of a reminder",
    "surgery.ProcedureImportRow": "a row of a file; what came of it is in the catalogue",
    "surgery.RecodingSheetRow": "a row of a file; what came of it is the re-coding",
    "surgery.BookedOperation": "the HIS's; pulled, with its first and last sight",
    "surgery.CaseMember": "the HIS's; pulled, with its first and last sight",
    "surgery.CaseShare": "made of the pulled cases, and anew whenever they change",
    "surgery.CaseProcedure": "the HIS's; pulled, with its first and last sight",
    "surgery.PerformedCase": "the HIS's; pulled, with its first and last sight",
    "watch.Alert": "says itself when it was opened and closed",
    "watch.Sign": "the last sign of life; nobody asks for those before",
    "watch.Tally": "counts tries, which are the record themselves",
    "watch.TallyMark": "up to where tries are counted",
}


def our_models() -> list[type[Model]]:
    return [
        model
        for model in apps.get_models()
        if model.__module__.startswith(ROOMS) and not hasattr(model, "instance_type")
    ]


def test_every_model_has_history_is_written_once_or_is_not_maintained() -> None:
    kept = (HistoricalModel, WriteOnceModel)
    without = {m._meta.label for m in our_models() if not issubclass(m, kept)}
    assert without == set(NOT_MAINTAINED)


def test_every_maintained_model_has_a_history_table() -> None:
    historical = [m for m in our_models() if issubclass(m, HistoricalModel)]
    assert historical != []
    assert [m._meta.label for m in historical if not hasattr(m, "history")] == []
