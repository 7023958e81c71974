"""Our read-only copy of HIS master data; changed by pulls only."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Department(models.Model):
    code = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=50)

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name


class PractitionerStatus(models.TextChoices):
    """Codes of ``V_YW_DOCTOR.status``."""

    ACTIVE = "01", _("在职")
    PROBATION = "02", _("试用")
    VISITING = "03", _("进修")
    AWAY_TRAINING = "04", _("外出进修")
    SICK_LEAVE = "05", _("病假")
    SUSPENDED = "06", _("停职")
    REHIRED = "07", _("退休返聘")
    LEFT = "99", _("离职")


# Statuses in which a practitioner may practise here at all.
PRACTISING = frozenset(
    {
        PractitionerStatus.ACTIVE,
        PractitionerStatus.PROBATION,
        PractitionerStatus.VISITING,
        PractitionerStatus.REHIRED,
    }
)


class Practitioner(models.Model):
    """A doctor as the HIS knows them; ``emp_no`` is text with its leading zeros."""

    emp_no = models.CharField(max_length=20, unique=True)
    his_emp_id = models.CharField(max_length=32)
    name = models.CharField(max_length=50)
    initials = models.CharField(max_length=50, db_index=True)
    pinyin = models.CharField(max_length=200, db_index=True)
    sex = models.CharField(max_length=1, blank=True)
    department = models.ForeignKey(Department, on_delete=models.RESTRICT)
    title_code = models.CharField(max_length=3, blank=True)
    post = models.CharField(max_length=20, blank=True)
    license_no = models.CharField(max_length=50, blank=True)
    license_valid_to = models.DateField(null=True, blank=True)
    status = models.CharField(max_length=2, choices=PractitionerStatus.choices)
    row_hash = models.CharField(max_length=64)
    first_seen_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    # Set when the row vanished from the HIS view; the person is kept.
    missing_since = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["pinyin", "emp_no"]

    def __str__(self) -> str:
        return self.emp_no

    @property
    def is_practising(self) -> bool:
        return self.status in PRACTISING and self.missing_since is None


class HisPrivilege(models.Model):
    """A row of the HIS's own privilege dictionary."""

    code = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=100)
    category = models.CharField(max_length=10)
    value_kind = models.CharField(max_length=10)
    level = models.CharField(max_length=10, blank=True)
    is_enabled = models.BooleanField()
    row_hash = models.CharField(max_length=64)
    missing_since = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.code


class PractitionerEvent(models.Model):
    """A change of a practitioner that may touch rights; read by cursor upstairs."""

    class Kind(models.TextChoices):
        APPEARED = "APPEARED", _("新增")
        STATUS = "STATUS", _("状态变更")
        DEPARTMENT = "DEPARTMENT", _("科室变更")
        TITLE = "TITLE", _("职称变更")
        LICENSE = "LICENSE", _("执业注册变更")
        VANISHED = "VANISHED", _("从 HIS 消失")

    practitioner = models.ForeignKey(Practitioner, on_delete=models.RESTRICT)
    kind = models.CharField(max_length=12, choices=Kind.choices)
    before = models.CharField(max_length=50, blank=True)
    after = models.CharField(max_length=50, blank=True)
    at = models.DateTimeField()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.kind} #{self.pk}"


class SyncRun(models.Model):
    """One pull of one view: counts, or why it failed."""

    view = models.CharField(max_length=40, db_index=True)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    is_ok = models.BooleanField(default=False)
    error = models.CharField(max_length=200, blank=True)
    read = models.IntegerField(default=0)
    added = models.IntegerField(default=0)
    changed = models.IntegerField(default=0)
    vanished = models.IntegerField(default=0)
    quarantined = models.IntegerField(default=0)

    class Meta:
        ordering = ["-started_at"]

    def __str__(self) -> str:
        return f"{self.view} #{self.pk}"


class QuarantinedRow(models.Model):
    """A row one pull set aside: where to look in the HIS, never what stood there."""

    class Reason(models.TextChoices):
        MISSING = "MISSING", _("缺少必填值")
        UNKNOWN_CODE = "UNKNOWN_CODE", _("未知代码")
        TOO_LONG = "TOO_LONG", _("超过约定长度")
        NOT_A_DATE = "NOT_A_DATE", _("不是日期")
        DOUBLED = "DOUBLED", _("主键重复")

    run = models.ForeignKey(SyncRun, on_delete=models.CASCADE, related_name="bad_rows")
    key = models.CharField(max_length=100, blank=True)
    column = models.CharField(max_length=30)
    reason = models.CharField(max_length=12, choices=Reason.choices)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.reason} #{self.pk}"
