"""Small tables the catalogue refers to: courses, regulations, registration scopes."""

from __future__ import annotations

from django.db import models

from portal.audit.history import HistoricalModel


class Named(HistoricalModel):
    """A code and what it is called."""

    code = models.CharField(max_length=10, unique=True)
    name = models.CharField(max_length=100)
    is_enabled = models.BooleanField(default=True)
    sort = models.PositiveSmallIntegerField(default=0)

    class Meta:
        abstract = True
        ordering = ["sort", "code"]

    def __str__(self) -> str:
        return self.code


class Training(Named):
    """A course of the training and exam dictionary (domain 2.4)."""


class RegistrationScope(Named):
    """A scope a doctor is registered for 执业范围 (domain 4.3)."""


class Regulation(Named):
    """A regulation an entry rests on 制度依据 (domain 1.1)."""

    number = models.CharField(max_length=100, blank=True)
    demand = models.CharField(max_length=200, blank=True)
