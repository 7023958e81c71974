"""What a user may do in this portal, and which role brings it. Roles are code."""

from __future__ import annotations

from enum import StrEnum

from django.db import models
from django.utils.translation import gettext_lazy as _


class Capability(StrEnum):
    VIEW_PRIVILEGES = "VIEW_PRIVILEGES"
    PROPOSE_PRIVILEGE = "PROPOSE_PRIVILEGE"
    APPROVE_PRIVILEGE = "APPROVE_PRIVILEGE"
    CHANGE_GRANT = "CHANGE_GRANT"  # suspend, restore, revoke, void
    HANDLE_BOOKING = "HANDLE_BOOKING"  # see to booked operations that were hit
    CHANGE_CATALOGUE = "CHANGE_CATALOGUE"  # collect and submit changes of entries
    APPROVE_CATALOGUE = "APPROVE_CATALOGUE"
    PROPOSE_GRADE = "PROPOSE_GRADE"
    APPROVE_GRADE = "APPROVE_GRADE"  # where no grade of 3 or 4 is touched
    RECORD_COMMITTEE = (
        "RECORD_COMMITTEE"  # what the committee decided of grades 3 and 4
    )
    VIEW_OWN_PRIVILEGES = "VIEW_OWN_PRIVILEGES"
    VIEW_LOG = "VIEW_LOG"
    VIEW_HIS = "VIEW_HIS"
    OPERATE_HIS = "OPERATE_HIS"
    VIEW_PARAMETERS = "VIEW_PARAMETERS"
    CHANGE_PARAMETERS = "CHANGE_PARAMETERS"
    VIEW_USERS = "VIEW_USERS"
    ASSIGN_ROLE = "ASSIGN_ROLE"
    APPROVE_ROLE = "APPROVE_ROLE"
    EXPORT = "EXPORT"


class Role(models.TextChoices):
    OFFICER = "OFFICER", _("医务科干事")
    OFFICE_HEAD = "OFFICE_HEAD", _("医务科科长")
    DEPARTMENT_HEAD = "DEPARTMENT_HEAD", _("科主任")
    COMMITTEE = "COMMITTEE", _("委员会委员")
    DOCTOR = "DOCTOR", _("医师")
    INFORMATION_CENTER = "INFORMATION_CENTER", _("信息科")
    SYSTEM_ADMIN = "SYSTEM_ADMIN", _("系统管理员")
    SECURITY_ADMIN = "SECURITY_ADMIN", _("安全管理员")
    AUDITOR = "AUDITOR", _("审计管理员")
    LEADER = "LEADER", _("院领导")


C = Capability
ROLE_CAPABILITIES: dict[str, frozenset[Capability]] = {
    Role.OFFICER: frozenset(
        {
            C.VIEW_PRIVILEGES,
            C.PROPOSE_PRIVILEGE,
            C.APPROVE_PRIVILEGE,
            C.CHANGE_GRANT,
            C.HANDLE_BOOKING,
            C.CHANGE_CATALOGUE,
            C.PROPOSE_GRADE,
            C.APPROVE_GRADE,
            C.VIEW_LOG,
            C.VIEW_HIS,
            C.EXPORT,
        }
    ),
    Role.OFFICE_HEAD: frozenset(
        {
            C.VIEW_PRIVILEGES,
            C.PROPOSE_PRIVILEGE,
            C.APPROVE_PRIVILEGE,
            C.CHANGE_GRANT,
            C.HANDLE_BOOKING,
            C.CHANGE_CATALOGUE,
            C.APPROVE_CATALOGUE,
            C.PROPOSE_GRADE,
            C.APPROVE_GRADE,
            C.RECORD_COMMITTEE,
            C.VIEW_LOG,
            C.VIEW_HIS,
            C.VIEW_PARAMETERS,
            C.EXPORT,
        }
    ),
    Role.DEPARTMENT_HEAD: frozenset({C.VIEW_PRIVILEGES, C.HANDLE_BOOKING}),
    Role.COMMITTEE: frozenset(
        {C.VIEW_PRIVILEGES, C.APPROVE_CATALOGUE, C.RECORD_COMMITTEE}
    ),
    Role.DOCTOR: frozenset({C.VIEW_OWN_PRIVILEGES}),
    Role.INFORMATION_CENTER: frozenset({C.VIEW_HIS, C.OPERATE_HIS, C.VIEW_LOG}),
    Role.SYSTEM_ADMIN: frozenset({C.VIEW_USERS, C.ASSIGN_ROLE}),
    Role.SECURITY_ADMIN: frozenset(
        {C.VIEW_USERS, C.APPROVE_ROLE, C.VIEW_PARAMETERS, C.CHANGE_PARAMETERS}
    ),
    Role.AUDITOR: frozenset(
        {C.VIEW_LOG, C.VIEW_USERS, C.VIEW_PARAMETERS, C.VIEW_HIS, C.EXPORT}
    ),
    Role.LEADER: frozenset({C.VIEW_PRIVILEGES, C.VIEW_LOG}),
}

# The three separated administrators (security rows DB07, DB10) exclude each other.
SEPARATED = frozenset({Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDITOR})


def capabilities_of(roles: frozenset[str]) -> frozenset[Capability]:
    """The union of what the given roles bring."""
    return frozenset().union(*(ROLE_CAPABILITIES[role] for role in roles))
