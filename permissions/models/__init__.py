"""The privilege catalogue, proposals to grant, and the ledger of grants."""

from permissions.models.applications import Application
from permissions.models.catalogue import Privilege
from permissions.models.ledger import Grant, GrantEvent, GrantState
from permissions.models.terms import Terms

__all__ = ["Application", "Grant", "GrantEvent", "GrantState", "Privilege", "Terms"]
