from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from portal.desk import (
    acts_his,
    acts_people,
    freeze_his,
    views_badges,
    views_his,
    views_home,
    views_log,
    views_parameters,
    views_people,
    views_pulls,
    views_search,
)

app_name = "desk"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", views_home.home, name="home"),
    path("home/his/", views_home.home_his, name="home-his"),
    path("search/", views_search.search, name="search"),
    path("badges/", views_badges.badges, name="badges"),
    path("his/", views_his.his, name="his"),
    path("his/tiles/", views_his.his_tiles, name="his-tiles"),
    path("his/pull/", views_pulls.pull_now, name="his-pull"),
    path("his/interfaces/<str:name>/", views_pulls.his_interface, name="his-interface"),
    path("his/runs/<int:run_id>/", views_pulls.his_run, name="his-run"),
    path(
        "his/losses/<int:loss_id>/accept/",
        views_pulls.loss_accept,
        name="his-loss-accept",
    ),
    path(
        "his/losses/<int:loss_id>/dismiss/",
        views_pulls.loss_dismiss,
        name="his-loss-dismiss",
    ),
    path("his/messages/<int:message_id>/", acts_his.his_message, name="his-message"),
    path("his/messages/<int:message_id>/<str:act>/", acts_his.his_act, name="his-act"),
    path("his/freeze/", freeze_his.his_freeze, name="his-freeze"),
    path("his/thaw/", freeze_his.his_thaw, name="his-thaw"),
    path("his/many/<str:act>/", acts_his.his_many, name="his-many"),
    path("log/", views_log.log, name="log"),
    path("log/<str:key>/", views_log.entry, name="log-entry"),
    path("users/", views_people.user_list, name="user-list"),
    path("users/new/", acts_people.user_new, name="user-new"),
    path("users/<int:pk>/", views_people.user_detail, name="user-detail"),
    path("users/<int:pk>/role/", acts_people.user_role, name="user-role"),
    path("users/<int:pk>/password/", acts_people.user_password, name="user-password"),
    path("users/<int:pk>/unlock/", acts_people.user_unlock, name="user-unlock"),
    path(
        "users/<int:pk>/deactivate/",
        acts_people.user_deactivate,
        name="user-deactivate",
    ),
    path("users/<int:pk>/activate/", acts_people.user_activate, name="user-activate"),
    path("users/roles/", views_people.role_overview, name="user-role-overview"),
    path("users/requests/", views_people.role_requests, name="user-role-list"),
    path("users/roles/<int:pk>/end/", acts_people.role_end, name="user-role-end"),
    path(
        "users/requests/<int:pk>/approve/",
        acts_people.role_approve,
        name="user-role-approve",
    ),
    path(
        "users/requests/<int:pk>/reject/",
        acts_people.role_reject,
        name="user-role-reject",
    ),
    path("parameters/", views_parameters.parameter_list, name="parameter-list"),
    path(
        "parameters/<str:key>/change/",
        views_parameters.parameter_change,
        name="parameter-change",
    ),
    path(
        "parameters/<str:key>/preview/",
        views_parameters.parameter_preview,
        name="parameter-preview",
    ),
    path(
        "parameters/<str:key>/history/",
        views_parameters.parameter_history,
        name="parameter-history",
    ),
]
