from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from surgery.views import declarations

app_name = "surgery"
urlpatterns: list[URLPattern | URLResolver] = [
    path("declarations/", declarations.application_list, name="application-list"),
    path(
        "declarations/<int:application_id>/history/",
        declarations.application_history,
        name="application-history",
    ),
]
