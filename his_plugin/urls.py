from __future__ import annotations

from django.urls import URLPattern, URLResolver

app_name = "his_plugin"
urlpatterns: list[URLPattern | URLResolver] = []
