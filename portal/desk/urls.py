from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from portal.desk import views_his

app_name = "desk"
urlpatterns: list[URLPattern | URLResolver] = [
    path("his/", views_his.his, name="his"),
    path("his/tiles/", views_his.his_tiles, name="his-tiles"),
    path("his/pull/", views_his.his_pull, name="his-pull"),
    path("his/messages/<int:message_id>/", views_his.his_message, name="his-message"),
    path("his/messages/<int:message_id>/retry/", views_his.his_retry, name="his-retry"),
    path("his/messages/<int:message_id>/stop/", views_his.his_stop, name="his-stop"),
]
