"""What is mounted where: the explicit list. A view without a rule is refused (salus.portal.middleware)."""

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("salus.portal.urls")),
    path("", include("salus.accounts.urls")),
    path("", include("salus.shared_record.urls")),
    path("", include("salus.vaccination.urls")),
    path("", include("salus.access.urls")),
    path("", include("salus.access.oauth.urls")),
    path("", include("salus.mpi.urls")),
    path("stewards/", include("salus.mpi.stewards.urls")),
    path("directory/desk/", include("salus.directory.desk.urls")),
    path("directory/me/", include("salus.directory.own.urls")),
    path("directory/", include("salus.directory.urls")),
    path("eligibility/", include("salus.eligibility.urls")),
    path("report/", include("salus.activity_report.urls")),
    path("", include("config.doors")),
]

handler400 = "salus.portal.views.errors.bad_request"
handler403 = "salus.portal.views.errors.forbidden"
handler404 = "salus.portal.views.errors.not_found"
handler500 = "salus.portal.views.errors.server_error"
