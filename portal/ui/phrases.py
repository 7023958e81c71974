"""Joining words into phrases, with the punctuation of the reader's language."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _

from portal.ui.elements import Text


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
