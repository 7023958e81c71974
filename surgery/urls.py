from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from surgery import views

app_name = "surgery"
urlpatterns: list[URLPattern | URLResolver] = [
    path("declarations/", views.application_list, name="application-list"),
    path(
        "declarations/<int:application_id>/history/",
        views.application_history,
        name="application-history",
    ),
]
