"""The doors for software: by a token in the header, without a session (salus.portal.middleware.DoorsMiddleware)."""

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
    path("", include("salus.eligibility.soap.urls")),
    path("", include("salus.eligibility.register.urls")),
    path("eligibility/v1/", include("salus.eligibility.rest.urls")),
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
