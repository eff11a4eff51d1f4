"""What is Luxembourg's: its identifiers, the residences that its figures tell apart, its report."""

from salus.country.lu.eligibility import ELIGIBILITY as ELIGIBILITY
from salus.country.lu.eligibility import INSURER as INSURER
from salus.country.lu.identifiers import MATRICULE_SYSTEM as MATRICULE_SYSTEM
from salus.country.lu.identifiers import identifier_system as identifier_system
from salus.country.lu.identifiers import temporary_identifier as temporary_identifier
from salus.country.lu.matricule import check_matricule as check_matricule
from salus.country.lu.matricule import matricule as matricule
from salus.country.lu.places import places as places
from salus.country.lu.report import REPORT as REPORT
from salus.country.retention import Retention

CODE = "LU"
TIME_ZONE = "Europe/Luxembourg"
RESIDENCES = ("LU", "FR", "BE", "DE")  # told apart in figures; the rest are other countries
# Ours, no law's: longer than the three years that the EHDS asks for, and an end for the largest table.
EVENT_RETENTION = Retention(rule="LU-EVENTS-10-YEARS", years=10)
PROVIDER_SYSTEM = "https://salus.example/lu/provider-code"
ORGANIZATION_SYSTEM = "https://salus.example/lu/organization-code"
ROLE_SYSTEM = "https://salus.example/lu/role-code"
LICENCE_SYSTEM = "https://salus.example/lu/licence-code"
LOCATION_SYSTEM = "https://salus.example/lu/location-code"
SERVICE_SYSTEM = "https://salus.example/lu/service-code"
ENDPOINT_SYSTEM = "https://salus.example/lu/endpoint-code"
