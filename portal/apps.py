"""The roof as a Django app: what must be loaded in every process of the portal."""

from __future__ import annotations

from django.apps import AppConfig

from portal import checks
from portal.celery import app


class PortalConfig(AppConfig):
    """Makes our Celery application the current one and registers the checks."""

    name = "portal"
    label = "portal"
    verbose_name = "医务管理系统"

    def ready(self) -> None:
        app.set_default()
        checks.register_all()
