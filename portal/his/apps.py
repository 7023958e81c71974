from __future__ import annotations

from django.apps import AppConfig


class HisConfig(AppConfig):
    """No tables of its own: an app for the sake of its command."""

    name = "portal.his"
    label = "his"
    verbose_name = "HIS 接口"
