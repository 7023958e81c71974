"""Doing an act from a form: a refusal goes to its field, beside what was typed."""

from __future__ import annotations

from collections.abc import Callable

from django.forms import Form

from portal.audit.refusing import ActRefused


def done(form: Form, act: Callable[[], object]) -> bool:
    """Whether it was done; if not, the form says why."""
    try:
        act()
    except ActRefused as refused:
        field = refused.field if refused.field in form.fields else None
        form.add_error(field, str(refused.message))
        return False
    return True
