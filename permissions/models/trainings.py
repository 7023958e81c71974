"""Training records 培训考核记录: who passed which course, until when."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from permissions.models.dictionaries import Training
from portal.audit.history import HistoricalModel
from portal.directory.models import Practitioner


class TrainingRecord(HistoricalModel):
    """A course somebody finished; ``valid_to`` is the last day it is good for.

    With a ``score`` it is an exam, passed from ``pass_mark`` on. A record entered in
    error is void and stays.
    """

    practitioner = models.ForeignKey(
        Practitioner, on_delete=models.RESTRICT, related_name="trainings"
    )
    training = models.ForeignKey(
        Training, on_delete=models.RESTRICT, verbose_name=_("课程")
    )
    passed_on = models.DateField(_("完成日期"))
    valid_to = models.DateField(_("有效期至"), null=True, blank=True)
    provider = models.CharField(_("举办单位"), max_length=80, blank=True)
    hours = models.PositiveSmallIntegerField(_("学时"), null=True, blank=True)
    score = models.PositiveSmallIntegerField(_("考核成绩"), null=True, blank=True)
    pass_mark = models.PositiveSmallIntegerField(_("合格线"), default=60)
    certificate_no = models.CharField(_("证书编号"), max_length=50, blank=True)
    document = models.CharField(_("材料"), max_length=100, blank=True)
    is_void = models.BooleanField(default=False)

    class Meta:
        ordering = ["-passed_on", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["practitioner", "training", "passed_on"],
                condition=Q(is_void=False),
                name="permissions_trainingrecord_once",
                violation_error_message=_("同一医师同一课程同一天已有记录。"),
            ),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gte=F("passed_on")),
                name="permissions_trainingrecord_ends_after",
                violation_error_message=_("有效期不能早于完成日期。"),
            ),
            models.CheckConstraint(
                condition=Q(pass_mark__lte=100)
                & (Q(score__isnull=True) | Q(score__lte=100)),
                name="permissions_trainingrecord_marks",
                violation_error_message=_("成绩和合格线为 0 至 100 分。"),
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"

    @property
    def is_passed(self) -> bool:
        return self.score is None or self.score >= self.pass_mark

    @property
    def is_exam(self) -> bool:
        return self.score is not None
