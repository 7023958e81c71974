"""Acts on accounts: the only writers of users and roles.

A refused act raises a subclass of ``AccountRefusal`` and leaves nothing. ``by`` None is
the system itself: installation, the demo's seeds, a launch.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.accounts import refusals
from portal.accounts.capabilities import SEPARATED, Capability, Role
from portal.accounts.lockout import unlock
from portal.accounts.models import LoginSession, RoleAssignment, User
from portal.accounts.passwords import KEPT_HASHES, was_used
from portal.accounts.queries import other_active_holders
from portal.audit.acting import acting
from portal.audit.models import EventKind
from portal.audit.services import record
from portal.directory.models import Practitioner
from portal.parameters.queries import value_of
from portal.parameters.registry import PASSWORD_HISTORY

State = RoleAssignment.State
OPEN = (State.PENDING, State.ACTIVE)
# Without one of each nobody could ever be given a role again.
INDISPENSABLE = (Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN)


# --- users --------------------------------------------------------------------------


@transaction.atomic
def create_user(
    *,
    staff_no: str,
    name: str,
    password: str,
    by: User | None,
    reason: str,
    office: str = "",
    must_change: bool = True,
) -> User:
    """Make an active user without roles, who must change the given password."""
    _demand(by, Capability.ASSIGN_ROLE)
    if User.objects.filter(staff_no=staff_no).exists():
        raise refusals.StaffNumberTaken
    user = User(staff_no=staff_no, name=name, office=office)
    _put_password(user, password)
    user.must_change_password = must_change
    with acting(by=by, reason=reason):
        user.save()
    record(EventKind.USER_CREATED, by=by, subject=("user", user.pk), reason=reason)
    return user


@transaction.atomic
def deactivate_user(*, user: User, by: User | None, reason: str) -> User:
    """Shut the user out at once; sessions end, roles and history stay."""
    _demand(by, Capability.ASSIGN_ROLE)
    user = _locked(user)
    _refuse_own(user, by)
    if not user.is_active:
        raise refusals.UserInactive
    for role in INDISPENSABLE:
        _refuse_last(user, role)
    user.is_active = False
    _save_changed(user, by, reason, "DEACTIVATED")
    LoginSession.objects.filter(user=user).update(session_key="")
    return user


@transaction.atomic
def activate_user(*, user: User, by: User | None, reason: str) -> User:
    """Let the user in again, with the roles they had."""
    _demand(by, Capability.ASSIGN_ROLE)
    user = _locked(user)
    _refuse_own(user, by)
    if user.is_active:
        raise refusals.UserActive
    user.is_active = True
    _save_changed(user, by, reason, "ACTIVATED")
    return user


# --- passwords ----------------------------------------------------------------------


@transaction.atomic
def change_password(*, user: User, old: str, new: str) -> User:
    """The user's own change: the old one must be right, the new one must be new."""
    user = _locked(user)
    if not user.check_password(old):
        raise refusals.WrongPassword
    _put_password(user, new)
    user.must_change_password = False
    _save_password(user, by=user, reason=_("本人修改密码"))
    return user


@transaction.atomic
def set_password(
    *,
    user: User,
    password: str,
    by: User | None,
    reason: str,
    must_change: bool = True,
) -> User:
    """Somebody else's password; unlocks the account and ends its session.

    Not an administrator's, unless from the server: who could log in as the other
    administrator would be both the one who asks and the one who approves.
    """
    _demand(by, Capability.ASSIGN_ROLE)
    user = _locked(user)
    _refuse_own(user, by)
    if by is not None and user.roles & SEPARATED:
        raise refusals.AdministratorPassword
    _put_password(user, password)
    user.must_change_password = must_change
    _save_password(user, by=by, reason=reason)
    LoginSession.objects.filter(user=user).update(session_key="")
    unlock(user.staff_no)
    return user


def _put_password(user: User, password: str) -> None:
    """Hold the password to the policy and set it; the caller saves."""
    try:
        validate_password(password, user)
    except ValidationError as broken:
        raise refusals.PasswordRefused(broken.messages) from None
    hashes = [known for known in (user.password, *user.password_history) if known]
    last = value_of(PASSWORD_HISTORY)
    if was_used(password, hashes, last=last):
        problem = _("不能与最近 %(last)s 次用过的密码相同。") % {"last": last}
        raise refusals.PasswordRefused([problem])
    user.set_password(password)
    user.password_history = hashes[:KEPT_HASHES]
    user.password_changed_at = timezone.now()


def _save_password(user: User, *, by: User | None, reason: str) -> None:
    with acting(by=by, reason=reason):
        user.save()
    record(EventKind.PASSWORD_CHANGED, by=by, subject=("user", user.pk), reason=reason)


# --- roles --------------------------------------------------------------------------


@transaction.atomic
def request_role(*, user: User, role: Role, by: User, reason: str) -> RoleAssignment:
    """Ask for a role for somebody else; it is in force once another approved it."""
    _demand(by, Capability.ASSIGN_ROLE)
    user = _locked(user)
    _refuse_own(user, by)
    if not user.is_active:
        raise refusals.UserInactive
    if role == Role.DOCTOR and user.practitioner_id is None:
        raise refusals.DoctorByLaunch
    opened = set(
        user.role_assignments.filter(state__in=OPEN).values_list("role", flat=True)
    )
    if role in opened:
        raise refusals.RoleAlreadyOpen
    _refuse_excluding(role, opened)
    assignment = RoleAssignment(
        user=user, role=role, state=State.PENDING, requested_by=by
    )
    _save_role(assignment, EventKind.ROLE_REQUESTED, by=by, reason=reason)
    return assignment


@transaction.atomic
def approve_role(
    *, assignment: RoleAssignment, by: User, reason: str
) -> RoleAssignment:
    """Put a requested role in force; never one's own request, never one's own role."""
    assignment = _pending(assignment, by)
    if not assignment.user.is_active:
        raise refusals.UserInactive
    held = set(
        assignment.user.role_assignments.filter(state=State.ACTIVE).values_list(
            "role", flat=True
        )
    )
    _refuse_excluding(assignment.role, held)
    return _decide(assignment, State.ACTIVE, EventKind.ROLE_APPROVED, by, reason)


@transaction.atomic
def reject_role(*, assignment: RoleAssignment, by: User, reason: str) -> RoleAssignment:
    """Say no to a requested role."""
    assignment = _pending(assignment, by)
    return _decide(assignment, State.REJECTED, EventKind.ROLE_REJECTED, by, reason)


@transaction.atomic
def end_role(*, assignment: RoleAssignment, by: User, reason: str) -> RoleAssignment:
    """Take a role in force away, at once; taking away needs no second person."""
    if not by.capabilities & {Capability.ASSIGN_ROLE, Capability.APPROVE_ROLE}:
        raise refusals.NotAllowed
    assignment = _locked_role(assignment)
    _refuse_own(assignment.user, by)
    if assignment.state != State.ACTIVE:
        raise refusals.NotInForce
    if assignment.role in INDISPENSABLE:
        _refuse_last(assignment.user, assignment.role)
    assignment.state = State.ENDED
    _save_role(assignment, EventKind.ROLE_ENDED, by=by, reason=reason)
    return assignment


def _pending(assignment: RoleAssignment, by: User) -> RoleAssignment:
    """The request, locked, if ``by`` may decide it."""
    _demand(by, Capability.APPROVE_ROLE)
    assignment = _locked_role(assignment)
    if assignment.state != State.PENDING:
        raise refusals.NotPending
    _refuse_own(assignment.user, by)
    if assignment.requested_by_id == by.pk:
        raise refusals.SamePerson
    return assignment


def _decide(
    assignment: RoleAssignment, state: State, kind: EventKind, by: User, reason: str
) -> RoleAssignment:
    assignment.state = state
    assignment.decided_by = by
    assignment.decided_at = timezone.now()
    _save_role(assignment, kind, by=by, reason=reason)
    return assignment


def _save_role(
    assignment: RoleAssignment, kind: EventKind, *, by: User | None, reason: str
) -> None:
    with acting(by=by, reason=reason):
        assignment.save()
    record(
        kind,
        by=by,
        subject=("user", assignment.user_id),
        reason=reason,
        role=assignment.role,
        assignment=assignment.pk,
    )


# --- a launch, an installation ------------------------------------------------------


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
        _give_role(user, Role.DOCTOR, reason=_("从医生站首次进入"))
    elif doctor.state != State.ACTIVE:
        raise refusals.LaunchRoleEnded
    return user


def _known_or_new(practitioner: Practitioner) -> User:
    """The linked user, or the one with this staff number, or a new one."""
    known = User.objects.filter(practitioner=practitioner).first()
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
    user = _locked(User.objects.get(staff_no=practitioner.emp_no))
    if user.practitioner_id is None and user.is_active:
        user.practitioner = practitioner
        _save_changed(user, None, reason, "LINKED")
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
        _give_role(user, role, reason=reason)
        made.append(user)
    return made[0], made[1]


def _give_role(user: User, role: Role, *, reason: str) -> None:
    assignment = RoleAssignment(
        user=user, role=role, state=State.ACTIVE, decided_at=timezone.now()
    )
    _save_role(assignment, EventKind.ROLE_APPROVED, by=None, reason=reason)


# --- what acts share ----------------------------------------------------------------


def _demand(by: User | None, capability: Capability) -> None:
    if by is not None and not by.has_capability(capability):
        raise refusals.NotAllowed


def _locked(user: User) -> User:
    """The row as it stands now, kept from others until the transaction ends."""
    row: User = User.objects.select_for_update().get(pk=user.pk)
    return row


def _locked_role(assignment: RoleAssignment) -> RoleAssignment:
    _locked(assignment.user)
    return RoleAssignment.objects.select_for_update().get(pk=assignment.pk)


def _refuse_own(user: User, by: User | None) -> None:
    if by is not None and user.pk == by.pk:
        raise refusals.OwnAccount


def _refuse_excluding(role: str, held: set[str]) -> None:
    if role in SEPARATED and (held & SEPARATED) - {role}:
        raise refusals.RolesExclude


def _refuse_last(user: User, role: str) -> None:
    if role in user.roles and not other_active_holders(user, role):
        raise refusals.LastAdministrator


def _save_changed(user: User, by: User | None, reason: str, code: str) -> None:
    with acting(by=by, reason=reason):
        user.save()
    record(
        EventKind.USER_CHANGED,
        by=by,
        subject=("user", user.pk),
        reason=reason,
        code=code,
    )
