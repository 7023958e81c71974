"""Reading hospital parameters."""

from __future__ import annotations

from django.core.cache import cache

from portal.parameters.models import ParameterValue
from portal.parameters.registry import Parameter

CACHE_KEY = "parameters"
# Another process sees a change after this long at most.
CACHE_SECONDS = 5


def value_of(parameter: Parameter) -> int:
    """What the hospital set, or the default."""
    values: dict[str, int] | None = cache.get(CACHE_KEY)
    if values is None:
        values = dict(ParameterValue.objects.values_list("key", "value"))
        cache.set(CACHE_KEY, values, CACHE_SECONDS)
    return values.get(parameter.key, parameter.default)
