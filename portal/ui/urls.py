from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from portal.ui import gallery, health, language

app_name = "ui"
urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("language", language.set_language, name="set-language"),
    path("components", gallery.components, name="components"),
]
