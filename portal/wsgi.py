"""The portal as a WSGI application; it does not serve with settings that hurt."""

from __future__ import annotations

import os
import sys

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
application = get_wsgi_application()

from portal.checks import refusals  # noqa: E402  # needs the settings set up above

if problems := refusals():
    # gunicorn takes 4 for "the application cannot be loaded" and does not retry.
    sys.stderr.write("\n".join(problems) + "\n")
    sys.exit(4)
