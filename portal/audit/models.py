"""The event log: who did what, when, from where, with what result."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.audit.history import WriteOnceModel


class EventKind(models.TextChoices):
    LOGIN = "LOGIN", _("登录")
    LOGIN_FAILED = "LOGIN_FAILED", _("登录失败")
    LOCKED = "LOCKED", _("账户锁定")
    LOGOUT = "LOGOUT", _("退出")
    PASSWORD_CHANGED = "PASSWORD_CHANGED", _("修改密码")
    LAUNCH = "LAUNCH", _("医生站进入")
    LAUNCH_REFUSED = "LAUNCH_REFUSED", _("医生站进入被拒")
    TEST_LINK = "TEST_LINK", _("生成测试链接")
    ROLE_REQUESTED = "ROLE_REQUESTED", _("申请角色")
    ROLE_APPROVED = "ROLE_APPROVED", _("批准角色")
    ROLE_REJECTED = "ROLE_REJECTED", _("不同意角色")
    ROLE_ENDED = "ROLE_ENDED", _("收回角色")
    USER_CREATED = "USER_CREATED", _("建立账户")
    USER_CHANGED = "USER_CHANGED", _("修改账户")
    PARAMETER_CHANGED = "PARAMETER_CHANGED", _("修改参数")
    EXPORTED = "EXPORTED", _("导出")
    MESSAGE_RETRIED = "MESSAGE_RETRIED", _("重新送达")
    MESSAGE_STOPPED = "MESSAGE_STOPPED", _("停止送达")
    TARGET_FROZEN = "TARGET_FROZEN", _("冻结推送")
    TARGET_THAWED = "TARGET_THAWED", _("恢复推送")
    MESSAGE_REPLAYED = "MESSAGE_REPLAYED", _("重放消息")
    LOSS_ACCEPTED = "LOSS_ACCEPTED", _("确认采用拉取")
    LOSS_DISMISSED = "LOSS_DISMISSED", _("放弃采用拉取")
    ACCESS_DENIED = "ACCESS_DENIED", _("拒绝访问")


class AuditEvent(WriteOnceModel):
    """One thing that happened. ``detail`` holds codes and numbers, never persons."""

    at = models.DateTimeField(db_index=True)
    kind = models.CharField(max_length=20, choices=EventKind.choices)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.RESTRICT,
        related_name="+",
    )
    subject_type = models.CharField(max_length=40, blank=True)
    subject_id = models.CharField(max_length=64, blank=True)
    is_ok = models.BooleanField(default=True)
    reason = models.TextField(blank=True)
    detail = models.JSONField(default=dict)
    address = models.GenericIPAddressField(null=True, blank=True)
    request_id = models.CharField(max_length=36, blank=True)

    class Meta:
        ordering = ["-at", "-id"]

    def __str__(self) -> str:
        return f"{self.kind} #{self.pk}"
