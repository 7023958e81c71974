from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from portal.jobs import views

app_name = "jobs"
urlpatterns: list[URLPattern | URLResolver] = [
    path("<int:job_id>/", views.progress, name="progress"),
]
