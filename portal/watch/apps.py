from __future__ import annotations

from django.apps import AppConfig


class WatchConfig(AppConfig):
    name = "portal.watch"
    label = "watch"
    verbose_name = "运行监视"
