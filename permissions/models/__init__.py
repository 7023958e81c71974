"""The privilege catalogue, proposals to grant, and the ledger of grants."""

from permissions.models.applications import Application
from permissions.models.bookings import BookingHit
from permissions.models.catalogue import (
    Basis,
    Prerequisite,
    Privilege,
    PrivilegeRevision,
    ScopeLimit,
    TrainingNeed,
)
from permissions.models.certificate_imports import (
    CertificateImport,
    CertificateImportRow,
)
from permissions.models.certificates import PersonalCertificate
from permissions.models.dictionaries import RegistrationScope, Regulation, Training
from permissions.models.imports import GrantImport, GrantImportRow
from permissions.models.ledger import Grant, GrantEvent, GrantState
from permissions.models.recoding import RecodedGrant
from permissions.models.reconciliation import Drift, DriftDecision, Reconciliation
from permissions.models.regrading import FollowedVersion, RegradedGrant
from permissions.models.reviews import (
    Assessment,
    EventCursor,
    EventReading,
    Reminder,
    Review,
    ReviewLine,
)
from permissions.models.rules import RuleChange, RuleSetting, RuleStrictness
from permissions.models.templates import PostTemplate, PostTemplateLine
from permissions.models.terms import Terms
from permissions.models.training_imports import TrainingImport, TrainingImportRow
from permissions.models.trainings import TrainingRecord
from permissions.models.versions import CatalogueVersion, DraftEntry

__all__ = [
    "Application",
    "Assessment",
    "Basis",
    "BookingHit",
    "CatalogueVersion",
    "CertificateImport",
    "CertificateImportRow",
    "DraftEntry",
    "Drift",
    "DriftDecision",
    "EventCursor",
    "EventReading",
    "FollowedVersion",
    "Grant",
    "GrantEvent",
    "GrantImport",
    "GrantImportRow",
    "GrantState",
    "PersonalCertificate",
    "PostTemplate",
    "PostTemplateLine",
    "Prerequisite",
    "Privilege",
    "PrivilegeRevision",
    "RecodedGrant",
    "Reconciliation",
    "RegradedGrant",
    "RegistrationScope",
    "Regulation",
    "RuleChange",
    "RuleSetting",
    "RuleStrictness",
    "Reminder",
    "Review",
    "ReviewLine",
    "ScopeLimit",
    "Terms",
    "Training",
    "TrainingImport",
    "TrainingImportRow",
    "TrainingNeed",
    "TrainingRecord",
]
