"""Acts on accounts: the only writers of users and roles.

A refused act raises a subclass of ``AccountRefusal`` and leaves nothing. ``by`` None is
the system itself: installation, the demo's seeds, a launch.
"""

from portal.accounts.services.entrances import (
    FirstAdministrator,
    found_administrators,
    user_for_launch,
)
from portal.accounts.services.passwords import change_password, set_password
from portal.accounts.services.roles import (
    approve_role,
    end_role,
    reject_role,
    request_role,
)
from portal.accounts.services.system import system_account
from portal.accounts.services.users import (
    activate_user,
    create_user,
    deactivate_user,
    unlock_user,
)

__all__ = [
    "FirstAdministrator",
    "activate_user",
    "approve_role",
    "change_password",
    "create_user",
    "deactivate_user",
    "end_role",
    "found_administrators",
    "reject_role",
    "request_role",
    "set_password",
    "system_account",
    "unlock_user",
    "user_for_launch",
]
