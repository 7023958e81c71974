from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from portal.files import views

app_name = "files"
urlpatterns: list[URLPattern | URLResolver] = [
    path("<int:file_id>/", views.download, name="download"),
]
