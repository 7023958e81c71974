"""Our read-only copies of the HIS dictionaries; changed by pulls only.

Each is one view of the contract, see ``portal.directory.dictionaries``. Codes are the
contract's; a last day is included, as the HIS counts it.
"""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class HisRow(models.Model):
    """A row of a dictionary as last accepted; a vanished one is kept."""

    row_hash = models.CharField(max_length=64, blank=True)
    first_seen_at = models.DateTimeField(default=timezone.now)
    changed_at = models.DateTimeField(default=timezone.now)
    # Set when the row vanished from the HIS view.
    missing_since = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True


class Department(HisRow):
    """A department; one that only a doctor's row has named has no ``row_hash`` yet."""

    code = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=50)
    initials = models.CharField(max_length=20, blank=True)
    subject_code = models.CharField(max_length=10, blank=True)
    kind = models.CharField(max_length=10, blank=True)
    parent_code = models.CharField(max_length=20, blank=True)
    is_enabled = models.BooleanField(default=True)

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


class Practitioner(HisRow):
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

    class Meta:
        ordering = ["pinyin", "emp_no"]

    def __str__(self) -> str:
        return self.emp_no

    @property
    def is_practising(self) -> bool:
        return self.status in PRACTISING and self.missing_since is None


class PractitionerEvent(models.Model):
    """A change of a practitioner that may touch rights; read by cursor upstairs.

    ``before`` and ``after`` are codes and days, never names. What one pull found, or one
    look for lapses, has one ``at``.
    """

    class Kind(models.TextChoices):
        APPEARED = "APPEARED", _("新增")
        STATUS = "STATUS", _("状态变更")
        DEPARTMENT = "DEPARTMENT", _("科室变更")
        TITLE = "TITLE", _("职称变更")
        LICENSE = "LICENSE", _("执业注册变更")
        SCOPE = "SCOPE", _("执业范围变更")
        LAPSED = "LAPSED", _("执业注册到期")
        SCOPE_LAPSED = "SCOPE_LAPSED", _("执业范围或备案到期")
        CERTIFICATE = "CERTIFICATE", _("证书到期")
        VANISHED = "VANISHED", _("从 HIS 消失")

    practitioner = models.ForeignKey(Practitioner, on_delete=models.RESTRICT)
    kind = models.CharField(max_length=12, choices=Kind.choices)
    before = models.CharField(max_length=50, blank=True)
    after = models.CharField(max_length=50, blank=True)
    at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [
            # What ended on a day ended once, however many look for it at once.
            models.UniqueConstraint(
                fields=["practitioner", "kind", "after"],
                condition=models.Q(kind__in=["LAPSED", "SCOPE_LAPSED", "CERTIFICATE"]),
                name="directory_practitionerevent_lapsed_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} #{self.pk}"


class PractitionerDepartment(HisRow):
    """Where a practitioner belongs, works beside, or may log in; by codes."""

    emp_no = models.CharField(max_length=20, db_index=True)
    dept_code = models.CharField(max_length=20)
    dept_role = models.CharField(max_length=1)

    class Meta:
        ordering = ["emp_no", "dept_code"]
        constraints = [
            models.UniqueConstraint(
                fields=["emp_no", "dept_code"],
                name="directory_practitionerdepartment_key",
            )
        ]

    def __str__(self) -> str:
        return f"{self.emp_no} {self.dept_code}"


class PractitionerScope(HisRow):
    """What a practitioner is licensed for, and where."""

    emp_no = models.CharField(max_length=20, db_index=True)
    scope_code = models.CharField(max_length=10)
    scope_name = models.CharField(max_length=50, blank=True)
    prac_category = models.CharField(max_length=1, blank=True)
    prac_org = models.CharField(max_length=80)
    is_main_org = models.BooleanField(null=True, blank=True)
    filed_on = models.DateField(null=True, blank=True)
    valid_to = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["emp_no", "scope_code", "prac_org"]
        constraints = [
            models.UniqueConstraint(
                fields=["emp_no", "scope_code", "prac_org"],
                name="directory_practitionerscope_key",
            )
        ]

    def __str__(self) -> str:
        return f"{self.emp_no} {self.scope_code}"


class HisPrivilege(HisRow):
    """A row of the HIS's own privilege dictionary."""

    code = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=100)
    category = models.CharField(max_length=10)
    value_kind = models.CharField(max_length=10)
    level = models.CharField(max_length=10, blank=True)
    is_enabled = models.BooleanField()

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.code


class Drug(HisRow):
    """A drug product with what a right to prescribe it depends on."""

    drug_id = models.CharField(max_length=32, unique=True)
    drug_code = models.CharField(max_length=40, db_index=True)
    generic_name = models.CharField(max_length=100)
    trade_name = models.CharField(max_length=100, blank=True)
    spec = models.CharField(max_length=50, blank=True)
    dose_form = models.CharField(max_length=30, blank=True)
    manufacturer = models.CharField(max_length=100, blank=True)
    drug_type = models.CharField(max_length=1)
    antibiotic_level = models.CharField(max_length=1)
    antibiotic_class = models.CharField(max_length=1, blank=True)
    is_narcotic = models.BooleanField()
    psych_class = models.CharField(max_length=1)
    is_toxic = models.BooleanField()
    is_radioactive = models.BooleanField()
    antitumor_level = models.CharField(max_length=1)
    is_enabled = models.BooleanField()

    class Meta:
        ordering = ["drug_id"]

    def __str__(self) -> str:
        return self.generic_name


class HisProcedure(HisRow):
    """An item of the HIS's list of procedures; our own catalogue is ``surgery``'s."""

    his_item_id = models.CharField(max_length=32, unique=True)
    code_clinical = models.CharField(max_length=32, db_index=True)
    code_insurance = models.CharField(max_length=32, blank=True)
    name = models.CharField(max_length=100)
    initials = models.CharField(max_length=30, blank=True)
    category = models.CharField(max_length=1)
    specialty = models.CharField(max_length=20, blank=True)
    is_enabled = models.BooleanField()

    class Meta:
        ordering = ["code_clinical", "his_item_id"]

    def __str__(self) -> str:
        return self.code_clinical


class HisProcedureGrade(HisRow):
    """The grade a procedure has in the HIS today."""

    proc_code = models.CharField(max_length=32, unique=True)
    grade = models.CharField(max_length=1)
    grade_name = models.CharField(max_length=20, blank=True)
    effective_from = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["proc_code"]

    def __str__(self) -> str:
        return self.proc_code


class HisGrade(HisRow):
    """A grade the HIS knows, with its criteria."""

    code = models.CharField(max_length=1, unique=True)
    name = models.CharField(max_length=20)
    criteria = models.CharField(max_length=500, blank=True)
    sort_no = models.IntegerField()

    class Meta:
        ordering = ["sort_no", "code"]

    def __str__(self) -> str:
        return self.name


class HisRightKind(HisRow):
    """A kind of right to a procedure the HIS knows."""

    code = models.CharField(max_length=20, unique=True)
    right_kind = models.CharField(max_length=1)
    name = models.CharField(max_length=50)
    grade = models.CharField(max_length=1, blank=True)
    setting = models.CharField(max_length=4)
    is_enabled = models.BooleanField()

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.code
