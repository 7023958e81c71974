from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from his_plugin.launch import views as launch
from his_plugin.my import views as my

app_name = "his_plugin"
urlpatterns: list[URLPattern | URLResolver] = [
    path("sso/launch", launch.launch, name="launch"),
    path("sso/enter", launch.enter, name="enter"),
    path("my/", my.my_privileges, name="my-privileges"),
    path("my/leave/", my.leave, name="leave"),
]
