from __future__ import annotations

from django.apps import AppConfig


class HisPluginConfig(AppConfig):
    name = "his_plugin"
    label = "his_plugin"
    verbose_name = "医生站插件"
