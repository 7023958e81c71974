"""Joining words into phrases, with the punctuation of the reader's language; and
keeping what is stored or sent free of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from typing import ParamSpec, TypeVar

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import override

from portal.ui.elements import Text

P = ParamSpec("P")
R = TypeVar("R")


def listed(words: Iterable[Text]) -> str:
    """``甲、乙、丙``; what is empty is left out."""
    return _("、").join(str(word) for word in words if word)


def said(who: Text, what: Text) -> str:
    """``林若川：材料齐全``"""
    return _("%(who)s：%(what)s") % {"who": who, "what": what}


def noted(name: Text, note: Text) -> str:
    """``腹腔镜下胆囊切除术（51.2300）``"""
    return _("%(name)s（%(note)s）") % {"name": name, "note": note}


def spanning(first: Text, last: Text) -> str:
    """``2026-11-23 至 2027-11-22``"""
    return _("%(first)s 至 %(last)s") % {"first": first, "last": last}


def in_chinese(words: Callable[P, R]) -> Callable[P, R]:
    """For what is kept or sent as written, whatever language the reader's page has.

    Not ``override`` as a decorator: that keeps the reader's language on one object, and
    two threads, or one call within another, would hand it to each other.
    """

    @wraps(words)
    def written(*args: P.args, **kwargs: P.kwargs) -> R:
        with override(settings.LANGUAGE_CODE):
            return words(*args, **kwargs)

    return written
