"""Whose rights a user may look at: those of the whole house, or of some departments."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Q

from portal.accounts.capabilities import ROLE_CAPABILITIES, Capability, Role

# A head of department with one of these besides looks at the whole house.
WHOLE_HOUSE = frozenset(
    role
    for role, capabilities in ROLE_CAPABILITIES.items()
    if Capability.VIEW_PRIVILEGES in capabilities and role != Role.DEPARTMENT_HEAD
)


@dataclass(frozen=True)
class Scope:
    """``departments`` are codes of the HIS; None is the whole house."""

    departments: frozenset[str] | None = None

    @property
    def is_whole(self) -> bool:
        return self.departments is None

    @property
    def key(self) -> str:
        """Tells scopes apart where something is kept for a reader; "" is the house."""
        if self.departments is None:
            return ""
        return f"dept:{','.join(sorted(self.departments))}"

    def holds(self, department: str) -> bool:
        return self.departments is None or department in self.departments

    def of(self, path: str) -> Q:
        """For the database: rows whose department's code stands at ``path``."""
        if self.departments is None:
            return Q()
        return Q((f"{path}__in", sorted(self.departments)))


HOUSE = Scope()


def scope_for(roles: Collection[str], departments: Collection[str]) -> Scope:
    """``departments`` are the own one and those the role of head was given for."""
    if Role.DEPARTMENT_HEAD not in roles or WHOLE_HOUSE & set(roles):
        return HOUSE
    return Scope(frozenset(departments))
