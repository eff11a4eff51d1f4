"""The demo people: one of each role, the same for one seed, listed with how to sign in."""

from dataclasses import dataclass

from django.db import connection
from django.utils.translation import gettext_noop as _

PASSWORD = "salus-demo-2024"  # noqa: S105  # printed on purpose: accounts of invented people


@dataclass(frozen=True, kw_only=True)
class DemoPerson:
    name: str
    role: str
    email: str
    password: str
    story: str


_HOST = "demo.salus.example"
_PARTS = {
    "patient": (
        "Marie Weber",
        "patient",
        _(
            "many documents, vaccinations, a circle of trust, an assistant; her doctor reads her record"
        ),
    ),
    "mother": (
        "Ana Ferreira da Silva",
        "patient",
        _("mother of children with vaccination records"),
    ),
    "partner": ("Paul Weber", "patient", _("his wife's assistant")),
    "closer": ("Jean Muller", "patient", _("closed his record")),
    "commuter": ("Julien Lambert", "patient", _("lives in France, works in Luxembourg")),
    "physician": (
        "Claire Hoffmann",
        "professional",
        _("general practitioner in the circle of trust of many patients"),
    ),
    "pharmacist": (
        "Tom Schneider",
        "professional",
        _("pharmacist; asks at the counter who is insured, and sees how often the pharmacy asked"),
    ),
    "laboratory": (
        "Nadine Becker",
        "professional",
        _("works in a laboratory; asks at its counter who is insured"),
    ),
    "rescuer": (
        "Marc Wagner",
        "professional",
        _("emergency nurse of the rescue corps; also looks people up who have no card with them"),
    ),
    "suspended": (
        "Guy Muller",
        "professional",
        _(
            "dentist, suspended since November 2024: cannot get in, nor be found by who looks for a dentist"
        ),
    ),
    "agency": ("Sophie Klein", "agency", _("decides at the agency which software may connect")),
    "steward": (
        "Anna Reuter",
        "steward",
        _("judges at the agency whether two entries of the patient index are one person"),
    ),
    "second_steward": (
        "Luc Majerus",
        "steward",
        _("confirms what the other steward judged: to merge takes two"),
    ),
    "registrar": (
        "Nathalie Thill",
        "registrar",
        _("keeps the directory: registers' files, corrections, suspensions"),
    ),
}


def _email(name: str) -> str:
    first, *_, last = name.lower().split()
    return f"{first}.{last}@{_HOST}"


EMAILS = {part: _email(name) for part, (name, _role, _story) in _PARTS.items()}


# Accounts of the agency's staff: kind -> parts.
STAFF = {
    "agency": ["agency"],
    "steward": ["steward", "second_steward"],
    "registrar": ["registrar"],
}


def demo_people() -> list[DemoPerson]:
    """Those of them that live in this installation; none without a simulated nation."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select email from accounts_account where email = any(%s) and activated_at is not null",
            [list(EMAILS.values())],
        )
        here = {email for (email,) in cursor.fetchall()}
    return [
        DemoPerson(name=name, role=role, email=EMAILS[part], password=PASSWORD, story=story)
        for part, (name, role, story) in _PARTS.items()
        if EMAILS[part] in here
    ]
