from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from portal.ui import gallery, health, language, views_saved

app_name = "ui"
urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("language", language.set_language, name="set-language"),
    path("views/<slug:list_key>/new/", views_saved.view_new, name="view-new"),
    path("views/<int:view_id>/", views_saved.view_change, name="view-change"),
    path("views/<int:view_id>/remove/", views_saved.view_remove, name="view-remove"),
    path("components", gallery.components, name="components"),
]
