"""A CAS server of the kind hospitals run: ``python cas.py FOLDER PORT SERVICE``.

Its users log in by a name that is no staff number; that is an attribute.
"""

from __future__ import annotations

import sys
from pathlib import Path
from wsgiref.simple_server import WSGIRequestHandler, make_server

import django
from django.conf import settings
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.urls import URLResolver, include, path

FOLDER, PORT, SERVICE = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
urlpatterns: list[URLResolver] = []  # its views need the settings to be there


class Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Tests are quiet."""


def main() -> None:
    settings.configure(
        SECRET_KEY="of-a-test" * 6,
        ALLOWED_HOSTS=["127.0.0.1"],
        ROOT_URLCONF=__name__,
        USE_TZ=True,
        STATIC_URL="/static/",
        DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": FOLDER / "cas.sqlite3",
            }
        },
        INSTALLED_APPS=[
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
            "django.contrib.messages",
            "django.contrib.staticfiles",
            "cas_server",
        ],
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "django.contrib.messages.middleware.MessageMiddleware",
            "django.middleware.locale.LocaleMiddleware",
        ],
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "APP_DIRS": True,
                "OPTIONS": {
                    "context_processors": [
                        "django.template.context_processors.request",
                        "django.contrib.auth.context_processors.auth",
                        "django.contrib.messages.context_processors.messages",
                    ]
                },
            }
        ],
        CAS_AUTH_CLASS="cas_server.auth.TestAuthUser",
        CAS_TEST_USER="luo",
        CAS_TEST_PASSWORD="luo-password",
        CAS_TEST_ATTRIBUTES={"employeeNumber": "1188", "mail": "luo@hospital"},
    )
    django.setup()
    call_command("migrate", verbosity=0)
    from cas_server.models import ReplaceAttributName, ServicePattern

    urlpatterns.append(path("cas/", include("cas_server.urls", "cas_server")))
    pattern = ServicePattern.objects.create(
        pos=1, name="yiwu", pattern=f"^{SERVICE}", single_log_out=False
    )
    ReplaceAttributName.objects.create(name="employeeNumber", service_pattern=pattern)
    server = make_server("127.0.0.1", PORT, get_wsgi_application(), handler_class=Quiet)
    print("ready", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
