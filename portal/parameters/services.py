"""Changing hospital parameters. Who may is asked at the door (CHANGE_PARAMETERS)."""

from __future__ import annotations

from typing import Any

from django.core.cache import cache
from django.db import IntegrityError, transaction

from portal.audit.acting import acting
from portal.audit.models import EventKind
from portal.audit.services import record
from portal.parameters.models import ParameterValue
from portal.parameters.queries import CACHE_KEY
from portal.parameters.refusals import (
    ParameterChangedMeanwhile,
    ParameterOutOfRange,
    ParameterUnchanged,
)
from portal.parameters.registry import Parameter


@transaction.atomic
def change(
    *, parameter: Parameter, value: int, by: Any, reason: str, seen: int | None = None
) -> ParameterValue:
    """Set a parameter, with history; raises a ParameterRefusal and leaves nothing.

    ``seen`` is the value the person had before them; when another one has been set
    since, the act is refused.
    """
    if not parameter.minimum <= value <= parameter.maximum:
        raise ParameterOutOfRange(parameter, value)
    row = ParameterValue.objects.select_for_update().filter(key=parameter.key).first()
    before = row.value if row else parameter.default
    if seen is not None and seen != before:
        raise ParameterChangedMeanwhile(parameter, before)
    if value == before:
        raise ParameterUnchanged(parameter, value)
    row = row or ParameterValue(key=parameter.key)
    row.value = value
    try:
        with transaction.atomic(), acting(by=by, reason=reason):
            row.save()
    except IntegrityError:
        # Set for the first time twice at once: the other one was faster.
        set_now = ParameterValue.objects.get(key=parameter.key).value
        raise ParameterChangedMeanwhile(parameter, set_now) from None
    record(
        EventKind.PARAMETER_CHANGED,
        by=by,
        subject=("parameter", parameter.key),
        reason=reason,
        before=before,
        after=value,
    )
    transaction.on_commit(lambda: cache.delete(CACHE_KEY))
    return row
