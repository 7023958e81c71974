from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from portal.outbox import views

app_name = "outbox"
urlpatterns: list[URLPattern | URLResolver] = [
    path("arrival/<int:message_id>/", views.message_arrival, name="arrival"),
]
