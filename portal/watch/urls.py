from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from portal.watch import views

app_name = "watch"
urlpatterns: list[URLPattern | URLResolver] = [
    path("metrics", views.metrics, name="metrics"),
]
