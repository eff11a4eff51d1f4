"""A country that does not exist, as its engineers would add it: nothing but this configuration.

Arelia (user-assigned code XA) has a shared record and a vaccination book, one neighbour, a report on the fifth of the
month, and names of its own for all of it.
"""

from datetime import date, timedelta
from uuid import uuid4

from salus.country.eligibility import EligibilityRules, Insurer
from salus.country.gazetteer import KnownPlace
from salus.country.report import Profile, Release, Section
from salus.country.retention import Retention
from salus.kernel.errors import InvalidInput

CODE = "XA"
TIME_ZONE = "Atlantic/Azores"
RESIDENCES = ("XA", "XB")
EVENT_RETENTION = Retention(rule="XA-EVENTS", years=3)
INSURER = Insurer(system="https://arelia.example/insurer", value="1", name="Health fund of Arelia")
ELIGIBILITY = EligibilityRules(
    silent_after=timedelta(days=8),  # a ship brings the register each week
    last_known_for=timedelta(days=60),
    prescribing={"158965000": ("",)},
    recognised=frozenset({"XB"}),
    not_from_abroad=(),
)
MATRICULE_SYSTEM = "https://arelia.example/citizen"


def check_matricule(text: str, *, today: date) -> str:
    """Citizens are numbered."""
    if not text.isdigit():
        raise InvalidInput("a citizen number has digits only")
    return text


def places() -> tuple[KnownPlace, ...]:
    """Two towns on one island."""
    return (
        KnownPlace(country="XA", name="Port Arel", position=(38.53, -28.62), postal_codes=("100",)),
        KnownPlace(country="XA", name="Vale", position=(38.58, -28.70), other_names=("Valley",)),
    )


def identifier_system(system: str) -> None:
    """There is but that one."""


def temporary_identifier() -> tuple[str, str]:
    return "https://arelia.example/visitor", uuid4().hex


REPORT = Profile(
    agency="Health office of Arelia",
    website="https://health.arelia.example",
    address="https://health.arelia.example/report",
    introduction=("What the health office of Arelia did this month.",),
    sections=(
        Section(
            id="vaccination",
            title="The island vaccination book",
            purpose="Every dose, in one book.",
            accent="#006d77",
            figures=(("vaccinations_total",),),
            charts=(("vaccinations_recorded",),),
        ),
        Section(
            id="shared_record",
            title="The island health file",
            purpose="Every letter, in one file.",
            accent="#7b2d26",
            figures=(
                ("records_total", "documents_total"),
                ("records_residence_xa_share", "records_residence_other_share"),
            ),
            charts=(("records_by_residence",),),
        ),
    ),
    headlines=("records_total", "vaccinations_total"),
    release=Release(day=5, hour=8),
    titles={"records_total": "Health files"},
    names={"country": {"XA": "Arelia", "XB": "Borelia"}},
)
