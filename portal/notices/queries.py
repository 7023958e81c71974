"""Who is to be told, and what waits to be read or sent."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from portal.accounts.capabilities import Role
from portal.accounts.models import RoleAssignment, User
from portal.directory.models import Practitioner
from portal.notices.models import Delivery, DeliveryState, Notice

# After so many tries a page shows that it does not get through.
STUCK_AFTER = 3
IS_OPEN = Q(state__in=[DeliveryState.WAITING, DeliveryState.REFUSED])
IS_IN_TROUBLE = Q(state=DeliveryState.REFUSED) | Q(
    state=DeliveryState.WAITING, tries__gte=STUCK_AFTER
)


def holders(*roles: Role) -> QuerySet[User]:
    """Users who may log in and hold one of the roles."""
    held = RoleAssignment.objects.filter(
        role__in=roles, state=RoleAssignment.State.ACTIVE
    )
    found: QuerySet[User] = User.objects.filter(
        is_active=True, pk__in=held.order_by().values("user")
    ).order_by("pk")
    return found


def officers() -> list[User]:
    return list(holders(Role.OFFICER, Role.OFFICE_HEAD))


def account_of(practitioner: Practitioner) -> list[User]:
    """The doctor's own account, if there is one that may log in."""
    return list(User.objects.filter(practitioner=practitioner, is_active=True))


def notices_of(user: User) -> QuerySet[Notice]:
    return Notice.objects.filter(recipient=user)


def unread_count(user_id: int) -> int:
    return Notice.objects.filter(recipient=user_id, read_at=None).count()


def deliveries_in_trouble() -> int:
    return Delivery.objects.filter(IS_IN_TROUBLE).count()
