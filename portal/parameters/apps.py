from __future__ import annotations

from django.apps import AppConfig


class ParametersConfig(AppConfig):
    name = "portal.parameters"
    label = "parameters"
    verbose_name = "医院参数"
