"""The switch between Chinese and English: a cookie of this browser, no record."""

from __future__ import annotations

from django.views.decorators.http import require_POST
from django.views.i18n import set_language as django_set_language

from portal.accounts.guards import public

# Everybody may: it stands on the login page too, and sets nothing but a cookie.
set_language = public(require_POST(django_set_language))
