from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from portal.notices import views

app_name = "notices"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.notice_list, name="notice-list"),
    path("read/", views.notices_read, name="notices-read"),
    path("<int:notice_id>/", views.notice_open, name="notice-open"),
    path("<int:notice_id>/read/", views.notice_read, name="notice-read"),
    path("deliveries/", views.delivery_list, name="delivery-list"),
    path(
        "deliveries/<int:delivery_id>/<str:act>/",
        views.delivery_act,
        name="delivery-act",
    ),
]
