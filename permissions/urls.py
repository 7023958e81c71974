from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from permissions.views import (
    acts,
    applications,
    catalogue,
    copying,
    differences,
    direct,
    grants,
    imports,
    matrix,
    options,
    post_templates,
    practitioners,
    roster,
    rules,
    trainings,
    trials,
    versions,
    who_may,
)

app_name = "permissions"
urlpatterns: list[URLPattern | URLResolver] = [
    path("privileges/", grants.grant_list, name="grant-list"),
    path("privileges/copy/", copying.grant_copy, name="grant-copy"),
    path(
        "privileges/copy/offers/",
        copying.grant_copy_offers,
        name="grant-copy-offers",
    ),
    path(
        "post-templates/",
        post_templates.template_list,
        name="grant-template-list",
    ),
    path(
        "post-templates/<int:template_id>/",
        post_templates.template_detail,
        name="grant-template-detail",
    ),
    path(
        "post-templates/<int:template_id>/change/",
        post_templates.template_change,
        name="grant-template-change",
    ),
    path(
        "post-templates/<int:template_id>/switch/",
        post_templates.template_switch,
        name="grant-template-switch",
    ),
    path(
        "post-templates/from/<str:emp_no>/",
        post_templates.template_new,
        name="grant-template-new",
    ),
    path(
        "privileges/imports/",
        imports.import_list,
        name="grant-import-list",
    ),
    path(
        "privileges/imports/template/",
        imports.import_template,
        name="grant-import-template",
    ),
    path(
        "privileges/imports/sample/",
        imports.import_sample,
        name="grant-import-sample",
    ),
    path(
        "privileges/imports/<int:import_id>/",
        imports.import_detail,
        name="grant-import-detail",
    ),
    path(
        "privileges/imports/<int:import_id>/sheet/",
        imports.import_sheet,
        name="grant-import-sheet",
    ),
    path(
        "privileges/imports/<int:import_id>/check/",
        imports.import_check,
        name="grant-import-check",
    ),
    path(
        "privileges/imports/<int:import_id>/zeros/",
        imports.import_zeros,
        name="grant-import-zeros",
    ),
    path(
        "privileges/imports/<int:import_id>/write/",
        imports.import_write,
        name="grant-import-write",
    ),
    path(
        "privileges/imports/<int:import_id>/undo/",
        imports.import_undo,
        name="grant-import-undo",
    ),
    path(
        "privileges/imports/<int:import_id>/discard/",
        imports.import_discard,
        name="grant-import-discard",
    ),
    path(
        "privileges/imports/<int:import_id>/resume/",
        imports.import_resume,
        name="grant-import-resume",
    ),
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
    path("privileges/new/", direct.grant_new, name="grant-new"),
    path("privileges/new/fields/", direct.grant_fields, name="grant-fields"),
    path("privileges/new/precheck/", direct.grant_precheck, name="grant-precheck"),
    path("privileges/many/<str:act>/", acts.grants_change, name="grants-change"),
    path(
        "privileges/many/<str:act>/preview/",
        acts.grants_preview,
        name="grants-preview",
    ),
    path(
        "privileges/<int:state_id>/<str:act>/",
        acts.grant_change,
        name="grant-change",
    ),
    path(
        "privileges/<int:state_id>/<str:act>/preview/",
        acts.grant_preview,
        name="grant-preview",
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
    path("rules/", rules.rule_list, name="rule-list"),
    path("rules/<str:rule_id>/change/", rules.rule_change, name="rule-change"),
    path("rules/<str:rule_id>/effects/", rules.rule_effects, name="rule-effects"),
    path("rules/<str:rule_id>/history/", rules.rule_history, name="rule-history"),
    path(
        "rules/changes/<int:change_id>/<str:decision>/",
        rules.rule_decide,
        name="rule-decide",
    ),
    path("check/", trials.trial, name="trial"),
    path(
        "doctors/<str:emp_no>/trainings/",
        trainings.training_list,
        name="practitioner-trainings",
    ),
    path(
        "doctors/<str:emp_no>/trainings/new/",
        trainings.training_new,
        name="training-new",
    ),
    path(
        "trainings/<int:record_id>/void/",
        trainings.training_void,
        name="training-void",
    ),
    path("trainings/import/", trainings.training_import, name="training-import"),
    path("options/drugs/", options.drug_options, name="drug-options"),
    path("doctors/", practitioners.practitioner_list, name="practitioner-list"),
    path(
        "doctors/<str:emp_no>/",
        practitioners.practitioner_detail,
        name="practitioner-detail",
    ),
    path("matrix/", matrix.matrix, name="matrix"),
    path("matrix/cell/", matrix.matrix_cell, name="matrix-cell"),
    path("who-may/", who_may.who_may, name="who-may"),
    path("who-may/subjects/", who_may.subject_options, name="who-may-subjects"),
    path("differences/", differences.differences, name="differences"),
    path(
        "differences/subjects/",
        differences.subject_options,
        name="difference-subjects",
    ),
    path("roster/", roster.roster, name="roster"),
    path("roster/print/", roster.roster_print, name="roster-print"),
    path("roster/pdf/", roster.roster_pdf, name="roster-pdf"),
    path(
        "options/practitioners/",
        options.practitioner_options,
        name="practitioner-options",
    ),
    path("options/privileges/", options.privilege_options, name="privilege-options"),
    path("options/procedures/", options.procedure_options, name="procedure-options"),
]
