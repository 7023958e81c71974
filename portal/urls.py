"""All URLs of the portal; each room brings its own."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    # Django tries one line after the other: what is asked for most stands first.
    path("", include("permissions.urls")),
    path("", include("his_plugin.urls")),
    path("", include("surgery.urls")),
    path("", include("portal.desk.urls")),
    path("", include("portal.ui.urls")),
    path("accounts/", include("portal.accounts.urls")),
    path("files/", include("portal.files.urls")),
    path("jobs/", include("portal.jobs.urls")),
    path("outbox/", include("portal.outbox.urls")),
    path("notices/", include("portal.notices.urls")),
    path("", include("portal.watch.urls")),
]

handler400 = "portal.ui.errors.bad_request"
handler403 = "portal.ui.errors.forbidden"
handler404 = "portal.ui.errors.not_found"
handler500 = "portal.ui.errors.server_error"
