"""Long work as a row: what is to be done, who does it now, how far it has come."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class JobState(models.TextChoices):
    WAITING = "WAITING", _("等待开始")
    RUNNING = "RUNNING", _("正在进行")
    DONE = "DONE", _("已完成")
    FAILED = "FAILED", _("出错停止")


class Job(models.Model):
    """``kind`` names the work (``portal.jobs.kinds``), ``about`` the row it is about.

    ``claim`` is whoever does it now, until ``lease_until``; work whose doer died is
    taken up again after it. ``result_file`` is the key of a ``portal.files`` row: the
    two rooms do not know each other.
    """

    kind = models.CharField(max_length=40)
    about = models.BigIntegerField()
    needs = models.CharField(max_length=40)
    state = models.CharField(
        max_length=7, choices=JobState.choices, default=JobState.WAITING
    )
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.RESTRICT, related_name="+"
    )
    asked_at = models.DateTimeField()
    claim = models.UUIDField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    phase = models.CharField(max_length=50, blank=True)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    ended_at = models.DateTimeField(null=True, blank=True)
    result_file = models.BigIntegerField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["state", "id"], name="jobs_job_by_state")]

    def __str__(self) -> str:
        return f"{self.kind} #{self.pk}"

    @property
    def is_over(self) -> bool:
        return self.state in {JobState.DONE, JobState.FAILED}
