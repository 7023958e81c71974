"""Users of this portal and the roles they hold."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.hashers import check_password
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from portal.accounts.capabilities import Capability, Role, capabilities_of
from portal.audit.acting import acting
from portal.audit.history import HistoricalModel, HistoricalQuerySet
from portal.directory.models import Practitioner

# In whose name the system itself acts; see ``services.system_account``.
SYSTEM_STAFF_NO = "SYSTEM"


class UserManager(BaseUserManager.from_queryset(HistoricalQuerySet)):  # type: ignore[misc]
    """Users are made by ``accounts.services`` only; login looks them up by number."""

    def get_by_natural_key(self, username: str | None) -> Any:
        return self.get(staff_no=username)


class User(AbstractBaseUser, HistoricalModel):
    """Someone who logs in here; the staff number is the login."""

    staff_no = models.CharField(_("工号"), max_length=20, unique=True)
    name = models.CharField(_("姓名"), max_length=50)
    office = models.CharField(_("部门"), max_length=50, blank=True)
    practitioner = models.OneToOneField(
        Practitioner, null=True, blank=True, on_delete=models.RESTRICT
    )
    is_active = models.BooleanField(default=True)
    must_change_password = models.BooleanField(default=False)
    password_changed_at = models.DateTimeField(null=True, blank=True)
    # Hashes of earlier passwords, newest first; never shown.
    password_history = models.JSONField(default=list)
    last_login = None  # logins stand in the event log and in LoginSession

    objects: ClassVar[UserManager] = UserManager()
    history_excludes = ("password", "password_history")

    USERNAME_FIELD = "staff_no"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        ordering = ["staff_no"]

    def __str__(self) -> str:
        return self.staff_no

    @cached_property
    def roles(self) -> frozenset[str]:
        """Roles in force; each was approved by a second person."""
        return frozenset(
            self.role_assignments.filter(state=RoleAssignment.State.ACTIVE).values_list(
                "role", flat=True
            )
        )

    @property
    def is_system(self) -> bool:
        """The account in whose name the system acts: nobody stands behind it."""
        return self.staff_no == SYSTEM_STAFF_NO

    @property
    def capabilities(self) -> frozenset[Capability]:
        return capabilities_of(self.roles) if self.is_active else frozenset()

    def has_capability(self, capability: Capability) -> bool:
        return capability in self.capabilities

    def get_username(self) -> str:
        return self.staff_no

    def check_password(self, raw_password: str | None) -> bool:
        """As Django's; a hash made the old way is renewed in the user's own name."""

        def renew(password: str) -> None:
            self.set_password(password)
            # Not a change of password: its day and the history stay.
            self._password = None
            with acting(by=self, reason="登录时更新密码散列"):
                self.save(update_fields=["password"])

        return check_password(raw_password, self.password, renew)


class RoleAssignment(HistoricalModel):
    """A role asked for by one person and put in force by another."""

    class State(models.TextChoices):
        PENDING = "PENDING", _("待批准")
        ACTIVE = "ACTIVE", _("生效")
        REJECTED = "REJECTED", pgettext_lazy("state", "不同意")
        ENDED = "ENDED", _("已收回")

    user = models.ForeignKey(
        User, on_delete=models.RESTRICT, related_name="role_assignments"
    )
    role = models.CharField(max_length=20, choices=Role.choices)
    # Of a head of department: codes of those looked after beside the own one.
    departments = models.JSONField(_("所管科室"), default=list, blank=True)
    state = models.CharField(max_length=10, choices=State.choices)
    requested_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.RESTRICT, related_name="+"
    )
    requested_at = models.DateTimeField(default=timezone.now)
    decided_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.RESTRICT, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-requested_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "role"],
                condition=Q(state__in=["PENDING", "ACTIVE"]),
                name="accounts_roleassignment_one_open",
                violation_error_message=_("这个角色已经有了，或正在等待批准。"),
            ),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True)
                | Q(requested_by__isnull=True)
                | ~Q(decided_by=F("requested_by")),
                name="accounts_roleassignment_second_person",
                violation_error_message=_("申请人不能批准自己的申请。"),
            ),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("user")),
                name="accounts_roleassignment_not_own",
                violation_error_message=_("不能批准本人的角色。"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role} #{self.pk}"


class LoginSession(models.Model):
    """The one portal session a user may have at a time; "" while there is none.

    No history: it is not maintained. Sessions launched from a station do not count: they
    have the doctor's capabilities only, and must not end the office's own work.
    """

    user = models.OneToOneField(User, on_delete=models.RESTRICT)
    session_key = models.CharField(max_length=40, blank=True)
    logged_in_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"#{self.pk}"
