from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from surgery.views import (
    bookings,
    declarations,
    grade_versions,
    grades,
    imports,
    procedures,
    techniques,
    volumes,
)

app_name = "surgery"
urlpatterns: list[URLPattern | URLResolver] = [
    path("declarations/", declarations.application_list, name="application-list"),
    path(
        "declarations/<int:application_id>/history/",
        declarations.application_history,
        name="application-history",
    ),
    path("procedures/", procedures.procedure_list, name="procedure-list"),
    path("procedures/new/", procedures.procedure_new, name="procedure-new"),
    path("procedures/grades/", grades.grade_list, name="procedure-grades"),
    path(
        "procedures/grades/<int:number>/change/",
        grades.grade_change,
        name="grade-change",
    ),
    path(
        "procedures/<int:procedure_id>/",
        procedures.procedure_detail,
        name="procedure-detail",
    ),
    path(
        "procedures/<int:procedure_id>/change/",
        procedures.procedure_change,
        name="procedure-change",
    ),
    path(
        "procedures/<int:procedure_id>/switch/",
        procedures.procedure_switch,
        name="procedure-switch",
    ),
    path(
        "grade-versions/",
        grade_versions.version_list,
        name="grade-version-list",
    ),
    path(
        "grade-versions/compare/",
        grade_versions.version_compare,
        name="grade-version-compare",
    ),
    path(
        "grade-versions/<int:version_id>/",
        grade_versions.version_detail,
        name="grade-version-detail",
    ),
    path(
        "grade-versions/<int:version_id>/catalogue/",
        grade_versions.catalogue_file,
        name="grade-catalogue-file",
    ),
    path(
        "grade-versions/<int:version_id>/catalogue/pdf/",
        grade_versions.catalogue_pdf,
        name="grade-catalogue-pdf",
    ),
    path(
        "grade-versions/<int:version_id>/catalogue/print/",
        grade_versions.catalogue_print,
        name="grade-catalogue-print",
    ),
    path(
        "grade-versions/<int:version_id>/publications/new/",
        grade_versions.publication_new,
        name="grade-publication-new",
    ),
    path(
        "procedures/<int:procedure_id>/grades/",
        grade_versions.grade_history,
        name="grade-history",
    ),
    path("procedures/imports/", imports.import_list, name="procedure-import-list"),
    path(
        "procedures/imports/template/<str:sort>/",
        imports.import_template,
        name="procedure-import-template",
    ),
    *imports.PAGES.urls("procedures/imports/", "procedure-import"),
    path("bookings/", bookings.booking_list, name="booking-list"),
    path("volumes/", volumes.volume_list, name="volume-list"),
    path("volumes/surgeons/", volumes.volume_surgeons, name="volume-surgeons"),
    path("volumes/procedures/", volumes.volume_procedures, name="volume-procedures"),
    path("techniques/", techniques.technique_list, name="technique-list"),
    path(
        "techniques/<int:procedure_id>/filing/",
        techniques.technique_file,
        name="technique-file",
    ),
    # Kept for bookmarks: grades are compared beside rights.
    path("his/grades/", grades.grade_drifts, name="grade-drifts"),
]
