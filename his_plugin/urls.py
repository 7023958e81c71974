from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from his_plugin.api import views as api
from his_plugin.field.page import field_page
from his_plugin.launch import views as launch
from his_plugin.my import views as my
from his_plugin.my.framed import my_framed
from his_plugin.trial.views import trial

app_name = "his_plugin"
urlpatterns: list[URLPattern | URLResolver] = [
    path("sso/launch", launch.launch, name="launch"),
    path("sso/enter", launch.enter, name="enter"),
    path("sso/ticket", api.TicketView.as_view(), name="ticket"),
    path("sso/oidc/<slug:name>", launch.oidc, name="oidc"),
    path("sso/oidc/<slug:name>/back", launch.oidc_back, name="oidc-back"),
    path("sso/cas/<slug:name>", launch.cas, name="cas"),
    path("sso/cas/<slug:name>/back", launch.cas_back, name="cas-back"),
    path("sso/smart", launch.smart, name="smart"),
    path("sso/smart/<slug:name>/back", launch.smart_back, name="smart-back"),
    path("sso/ended", my.ended, name="ended"),
    path("launch-trial/", trial, name="trial"),
    path("my/", my.my_privileges, name="my-privileges"),
    path("my/framed/", my_framed, name="my-framed"),
    path("my/leave/", my.leave, name="leave"),
    path("plugin/field/", field_page, name="field-page"),
    path("plugin/v1/session", api.SessionView.as_view(), name="api-session"),
    path("plugin/v1/check", api.CheckView.as_view(), name="api-check"),
    path(
        "plugin/v1/declarations",
        api.DeclarationsView.as_view(),
        name="api-declarations",
    ),
    path(
        "plugin/v1/declarations/<str:application_no>",
        api.DeclarationView.as_view(),
        name="api-declaration",
    ),
]
