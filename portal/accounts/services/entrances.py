"""Users nobody asked for: a doctor's first launch, an installation's first two."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_noop as _

from portal.accounts import refusals
from portal.accounts.capabilities import Role
from portal.accounts.models import RoleAssignment, User
from portal.accounts.services.shared import State, give_role, locked, save_changed
from portal.accounts.services.users import create_user
from portal.audit.acting import acting
from portal.audit.models import EventKind
from portal.audit.services import record
from portal.directory.models import Practitioner


@transaction.atomic
def user_for_launch(*, practitioner: Practitioner) -> User:
    """The user of a practitioner who comes from a station, made at the first launch.

    No usable password; the role DOCTOR is given here once and by nobody else. If it was
    taken away later, the launch is refused.
    """
    if not practitioner.is_practising:
        raise refusals.PractitionerNotPractising
    user = _known_or_new(practitioner)
    if not user.is_active:
        raise refusals.UserInactive
    doctor = user.role_assignments.filter(role=Role.DOCTOR).order_by("-id").first()
    if doctor is None:
        give_role(user, Role.DOCTOR, reason=_("从医生站首次进入"))
    elif doctor.state != State.ACTIVE:
        raise refusals.LaunchRoleEnded
    return user


def _known_or_new(practitioner: Practitioner) -> User:
    """The linked user, or the one with this staff number, or a new one."""
    known: User | None = User.objects.filter(practitioner=practitioner).first()
    if known is not None:
        return known
    reason = _("从医生站首次进入")
    try:
        with transaction.atomic(), acting(by=None, reason=reason):
            user = User(
                staff_no=practitioner.emp_no,
                name=practitioner.name,
                office=practitioner.department.name,
                practitioner=practitioner,
            )
            user.set_unusable_password()
            user.save()
    except IntegrityError:
        # The staff number has an account, or the same doctor came in twice at once.
        return _linked(practitioner, reason)
    record(EventKind.USER_CREATED, subject=("user", user.pk), reason=reason)
    return user


def _linked(practitioner: Practitioner, reason: str) -> User:
    user = locked(User.objects.get(staff_no=practitioner.emp_no))
    if user.practitioner_id is None and user.is_active:
        user.practitioner = practitioner
        save_changed(user, None, reason, "LINKED")
    return user


@dataclass(frozen=True)
class FirstAdministrator:
    """One of the two people an installation begins with."""

    staff_no: str
    name: str
    password: str
    office: str = ""


@transaction.atomic
def found_administrators(
    *,
    system: FirstAdministrator,
    security: FirstAdministrator,
    reason: str,
    must_change: bool = True,
) -> tuple[User, User]:
    """Make the first system and security administrator, once and together.

    Every further role is asked for by one of them and approved by the other.
    """
    if RoleAssignment.objects.exclude(role=Role.DOCTOR).exists():
        raise refusals.UsersExist
    made = []
    for person, role in ((system, Role.SYSTEM_ADMIN), (security, Role.SECURITY_ADMIN)):
        user = create_user(
            staff_no=person.staff_no,
            name=person.name,
            office=person.office,
            password=person.password,
            by=None,
            reason=reason,
            must_change=must_change,
        )
        give_role(user, role, reason=reason)
        made.append(user)
    return made[0], made[1]
