"""A small Django of the demo HIS' own, served by gunicorn in one process.

Nothing of the portal's settings: this is another system, on another machine in real
life. One worker, because the proxy and the lock of the switches live in it.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]

from portal.demo_his.site import Site, use

HOST = "127.0.0.1"
HERE = Path(__file__).parent
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [HERE / "templates"],
        "OPTIONS": {"context_processors": []},
    }
]
MIDDLEWARE = [
    "django.middleware.common.CommonMiddleware",
    "portal.demo_his.pages.HouseRules",
    "django.middleware.csrf.CsrfViewMiddleware",
]
# Cookies know no ports: the portal on the same machine has one of the usual name.
CSRF_COOKIE = "his_csrf"


def configure() -> None:
    settings.configure(
        ALLOWED_HOSTS=[HOST, "localhost"],
        ROOT_URLCONF="portal.demo_his.urls",
        MIDDLEWARE=MIDDLEWARE,
        TEMPLATES=TEMPLATES,
        SECRET_KEY=secrets.token_urlsafe(50),
        CSRF_COOKIE_NAME=CSRF_COOKIE,
        CSRF_COOKIE_HTTPONLY=True,
        CSRF_FAILURE_VIEW="portal.demo_his.pages.refuse_foreign_form",
        USE_I18N=False,
        USE_TZ=True,
        TIME_ZONE="Asia/Shanghai",
        LANGUAGE_CODE="zh-hans",
        LOGGING={
            "version": 1,
            "disable_existing_loggers": False,
            "handlers": {"stderr": {"class": "logging.StreamHandler"}},
            "loggers": {"django": {"handlers": ["stderr"], "level": "ERROR"}},
        },
    )
    django.setup()


class Server(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn without its command line; the site opens inside the worker."""

    def __init__(self, port: int, open_site: Callable[[], Site]) -> None:
        self._port, self._open_site = port, open_site
        super().__init__()

    def load_config(self) -> None:
        chosen = {
            "bind": f"{HOST}:{self._port}",
            "workers": 1,
            "worker_class": "gthread",
            "threads": 8,
            "timeout": 60,
            "graceful_timeout": 3,
            "loglevel": "warning",
            "worker_tmp_dir": "/dev/shm",  # noqa: S108  # heartbeat in memory
            "control_socket_disable": True,
        }
        for name, value in chosen.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        use(self._open_site())
        return get_wsgi_application()


def serve(port: int, open_site: Callable[[], Site]) -> None:
    """Until it is told to stop."""
    configure()
    Server(port, open_site).run()
