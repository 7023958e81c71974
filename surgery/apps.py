from __future__ import annotations

from django.apps import AppConfig


class SurgeryConfig(AppConfig):
    name = "surgery"
    label = "surgery"
    verbose_name = "手术"
