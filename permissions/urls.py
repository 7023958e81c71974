from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from permissions.views import applications, grants, options, practitioners

app_name = "permissions"
urlpatterns: list[URLPattern | URLResolver] = [
    path("privileges/", grants.grant_list, name="grant-list"),
    path(
        "privileges/<int:state_id>/history/",
        grants.grant_history,
        name="grant-history",
    ),
    path(
        "privileges/<int:state_id>/arrival/",
        grants.grant_arrival,
        name="grant-arrival",
    ),
    path(
        "privileges/<int:state_id>/<str:act>/",
        grants.grant_change,
        name="grant-change",
    ),
    path("applications/", applications.application_list, name="application-list"),
    path("applications/new/", applications.application_new, name="application-new"),
    path(
        "applications/precheck/",
        applications.application_precheck,
        name="application-precheck",
    ),
    path(
        "applications/<int:application_id>/",
        applications.application_detail,
        name="application-detail",
    ),
    path(
        "applications/<int:application_id>/decide/",
        applications.application_decide,
        name="application-decide",
    ),
    path(
        "applications/<int:application_id>/withdraw/",
        applications.application_withdraw,
        name="application-withdraw",
    ),
    path("doctors/", practitioners.practitioner_list, name="practitioner-list"),
    path(
        "doctors/<str:emp_no>/",
        practitioners.practitioner_detail,
        name="practitioner-detail",
    ),
    path(
        "options/practitioners/",
        options.practitioner_options,
        name="practitioner-options",
    ),
    path("options/privileges/", options.privilege_options, name="privilege-options"),
    path("options/procedures/", options.procedure_options, name="procedure-options"),
]
