"""What is mounted where: the explicit list. A view without a rule is refused (salus.portal.middleware)."""

from django.urls import URLPattern, URLResolver, include, path

from salus.access.fhir import AUDIT_EVENTS
from salus.access.queries import persons_assisted
from salus.access.tokens import actor_with_token
from salus.accounts.fhir import subscriptions
from salus.activity_report.fhir import RESOURCES as MEASURES
from salus.directory.fhir import RESOURCES as DIRECTORY
from salus.directory.fhir import TOPICS
from salus.eligibility.fhir import MAY_PRESCRIBE
from salus.eligibility.fhir import RESOURCES as ELIGIBILITY
from salus.fhir.capability import Security
from salus.fhir.views import routes
from salus.mpi.fhir import PROCESS_MESSAGE, patients
from salus.mpi.fhir import TOPIC as PATIENTS
from salus.shared_record.fhir import RESOURCES as DOCUMENTS
from salus.vaccination.fhir import RESOURCES as VACCINATIONS

# By their names in SMART's extension.
OAUTH = {"authorize": "/oauth/authorize", "token": "/oauth/token"}

urlpatterns: list[URLPattern | URLResolver] = [
    # What software asks all day is found first.
    path("", include("salus.eligibility.soap.urls")),
    path("", include("salus.eligibility.register.urls")),
    path("eligibility/v1/", include("salus.eligibility.rest.urls")),
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
    path(
        "",
        include(
            routes(
                [
                    *MEASURES,
                    *DIRECTORY,
                    patients(persons_assisted),
                    subscriptions([PATIENTS, *TOPICS.values()]),
                    *DOCUMENTS,
                    *VACCINATIONS,
                    *ELIGIBILITY,
                    AUDIT_EVENTS,
                ],
                operations=[PROCESS_MESSAGE, MAY_PRESCRIBE],
                authenticate=actor_with_token,
                security=Security(endpoints=OAUTH),
            )
        ),
    ),
]

handler400 = "salus.portal.views.errors.bad_request"
handler403 = "salus.portal.views.errors.forbidden"
handler404 = "salus.portal.views.errors.not_found"
handler500 = "salus.portal.views.errors.server_error"
