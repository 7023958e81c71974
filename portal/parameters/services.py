"""Changing hospital parameters."""

from __future__ import annotations

from typing import Any

from django.core.cache import cache
from django.db import transaction

from portal.audit.acting import acting
from portal.parameters.models import ParameterValue
from portal.parameters.queries import CACHE_KEY
from portal.parameters.registry import Parameter


class ParameterOutOfRange(Exception):
    """The value lies outside what regulation or sense allows."""

    def __init__(self, parameter: Parameter, value: int) -> None:
        super().__init__(f"{parameter.key}={value}")
        self.parameter = parameter
        self.value = value


@transaction.atomic
def change(
    *, parameter: Parameter, value: int, by: Any, reason: str
) -> ParameterValue:
    """Set a parameter, with history; raises ParameterOutOfRange."""
    if not parameter.minimum <= value <= parameter.maximum:
        raise ParameterOutOfRange(parameter, value)
    with acting(by=by, reason=reason):
        row = ParameterValue.objects.filter(key=parameter.key).first()
        row = row or ParameterValue(key=parameter.key)
        row.value = value
        row.save()
    transaction.on_commit(lambda: cache.delete(CACHE_KEY))
    return row
