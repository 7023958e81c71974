"""What the HIS of this site offers and how it wants to be told, by its mapping."""

from __future__ import annotations

from functools import cache

from django.conf import settings
from django.utils.translation import gettext_noop as _

from portal.his.contract.interfaces import FUNCTIONS, YW_PRIV_SAVE
from portal.his.mapping.gaps import interfaces_lacking
from portal.his.mapping.loader import load, shipped
from portal.his.mapping.shape import Push

ONLY_PRIV_SAVE = _("HL7 v2 只传送 YW_PRIV_SAVE")


def lacking() -> dict[str, str]:
    """Interfaces we cannot use here, each with the reason: the HIS has them not, or the
    way by which it is told carries them not."""
    return not_carried(settings.HIS_PUSH_DSN) | interfaces_lacking(settings.HIS_MAPPING)


def not_carried(push_dsn: str) -> dict[str, str]:
    """What a transport has no message for."""
    if not push_dsn.startswith("mllp:"):
        return {}
    return {
        function.name: ONLY_PRIV_SAVE
        for function in FUNCTIONS
        if function.name != YW_PRIV_SAVE.name
    }


def push() -> Push:
    return push_of(settings.HIS_MAPPING)


@cache
def push_of(mapping: str) -> Push:
    return load(shipped(mapping)).push if mapping else Push()
