from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from permissions.views import (
    applications,
    catalogue,
    grants,
    options,
    practitioners,
    reviews,
    versions,
)

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
    path("reviews/", reviews.review_list, name="review-list"),
    path("reviews/<int:review_id>/", reviews.review_detail, name="review-detail"),
    path("reviews/<int:review_id>/claim/", reviews.review_claim, name="review-claim"),
    path("assessments/", reviews.assessment_list, name="assessment-list"),
    path("assessments/<int:state_id>/", reviews.assessment_new, name="assessment-new"),
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
    path(
        "privilege-catalogue/",
        catalogue.entry_list,
        name="catalogue-list",
    ),
    path(
        "privilege-catalogue/new/",
        catalogue.entry_new,
        name="catalogue-new",
    ),
    path(
        "privilege-catalogue/preview/",
        catalogue.entry_preview,
        name="catalogue-preview",
    ),
    path(
        "privilege-catalogue/codes/",
        catalogue.codes,
        name="catalogue-codes",
    ),
    path(
        "privilege-catalogue/versions/",
        versions.version_list,
        name="catalogue-version-list",
    ),
    path(
        "privilege-catalogue/versions/compare/",
        versions.version_compare,
        name="catalogue-compare",
    ),
    path(
        "privilege-catalogue/versions/<int:version_id>/",
        versions.version_detail,
        name="catalogue-version-detail",
    ),
    path(
        "privilege-catalogue/versions/<int:version_id>/affected/",
        versions.version_affected,
        name="catalogue-version-affected",
    ),
    path(
        "privilege-catalogue/versions/<int:version_id>/submit/",
        versions.version_submit,
        name="catalogue-version-submit",
    ),
    path(
        "privilege-catalogue/versions/<int:version_id>/approve/",
        versions.version_approve,
        name="catalogue-version-approve",
    ),
    path(
        "privilege-catalogue/versions/<int:version_id>/return/",
        versions.version_return,
        name="catalogue-version-return",
    ),
    path(
        "privilege-catalogue/versions/<int:version_id>/discard/",
        versions.version_discard,
        name="catalogue-version-discard",
    ),
    path(
        "privilege-catalogue/drafts/<int:draft_id>/drop/",
        versions.draft_drop,
        name="catalogue-drop",
    ),
    path(
        "privilege-catalogue/<str:code>/",
        catalogue.entry_detail,
        name="catalogue-detail",
    ),
    path(
        "privilege-catalogue/<str:code>/change/",
        catalogue.entry_change,
        name="catalogue-change",
    ),
    path(
        "privilege-catalogue/<str:code>/switch/",
        catalogue.entry_switch,
        name="catalogue-switch",
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
