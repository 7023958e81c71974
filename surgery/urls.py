from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from surgery.views import declarations, grades, procedures

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
]
