"""`salus demo-feed`: a hospital sends its patients to the index of the synthetic nation; its register is heard.

By the importer, as any other system's Bundle: so a demonstration has entries that were joined by themselves, and
pairs on which its stewards have something to judge. Once more changes nothing.
"""

import argparse
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from config.importing import import_bundle
from salus.access.queries import actor_of
from salus.accounts.models import Account
from salus.eligibility.models import Delivery
from salus.eligibility.register.actions import deliver
from salus.eligibility.register.messages import End
from salus.kernel.actor import Actor, Role
from salus.kernel.clock import now
from salus.kernel.errors import SalusError
from salus.kernel.rows import Scope, finding_in, rows_of
from salus.mpi.models import Person
from salus.simulation.demo_people import EMAILS

_HOSPITAL = "https://hospital.demo.salus.example/patients"  # its own numbers
_ELSEWHERE = ("4, rue des Prés", "9999", "Wemperhardt", "LU")


@dataclass(frozen=True, kw_only=True)
class _Sent:
    """What the hospital keeps of somebody."""

    number: str
    family: str
    given: str
    birth_date: date
    gender: str
    home: tuple[str, str, str, str]  # line, postal code, town, country
    birth_family: str = ""
    multiple_birth: int | None = None

    @property
    def patient(self) -> dict[str, Any]:
        line, postal_code, city, land = self.home
        names = [{"use": "official", "family": self.family, "given": [self.given]}]
        if self.birth_family:
            names.append({"use": "maiden", "family": self.birth_family})
        order = {"multipleBirthInteger": self.multiple_birth} if self.multiple_birth else {}
        return {
            "resourceType": "Patient",
            "id": str(uuid5(NAMESPACE_URL, f"{_HOSPITAL}/{self.number}")),
            "identifier": [{"system": _HOSPITAL, "value": self.number}],
            "name": names,
            "gender": self.gender,
            "birthDate": self.birth_date.isoformat(),
            "address": [{"line": [line], "postalCode": postal_code, "city": city, "country": land}],
            **order,
        }


def run(_options: argparse.Namespace) -> int:
    """Send them, and say how many arrived. Raises SalusError where no synthetic nation is."""
    sent = list(_patients())
    if not sent:
        raise SalusError("no demo people here: `salus simulate` makes them with the nation")
    entries = [
        {
            "fullUrl": f"urn:uuid:{one.patient['id']}",
            "resource": one.patient,
            "request": {"method": "POST", "url": "Patient"},
        }
        for one in sent
    ]
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    import_bundle(json.dumps(bundle).encode())
    print(f"a hospital has sent {len(sent)} patients: sign in as a steward to see the pairs")
    at = now()  # with nothing new, so that insurance can be checked today
    nothing_new = End(lines=0, sequence=None, as_of=at)
    deliver(
        actor=Actor(role=Role.SYSTEM, system="demo"),
        at=at,
        kind=Delivery.Kind.DELTA,
        lines=[nothing_new],
    )
    print("the social-security register has nothing new")
    return 0


def _patients() -> Iterator[_Sent]:
    """Demo people and twins, as a hospital might have written them down."""
    known = {part: one for part in EMAILS if (one := _as_known(part))}
    if "patient" not in known:
        return
    yield known["patient"]  # in all as the register has her: joined by itself
    mother = known["mother"]
    yield replace(mother, given="Anna", family="Ferreira")
    closer = known["closer"]
    yield replace(closer, family="Müller", home=_ELSEWHERE)
    partner = known["partner"]
    yield replace(partner, birth_date=_misread(partner.birth_date))
    commuter = known["commuter"]
    yield replace(commuter, given=commuter.family, family=commuter.given)
    for one, other in _twins():
        yield replace(one, given=other.given[:2] + one.given[2:])


def _misread(day: date) -> date:
    """Day and month in the place of each other, or one day off where that is no date."""
    if day.day <= 12 and day.day != day.month:  # months
        return day.replace(day=day.month, month=day.day)
    return day.replace(day=day.day - 1 if day.day > 1 else 2)


def _as_known(part: str) -> _Sent | None:
    account = Account.objects.filter(email=EMAILS[part]).first()
    actor = actor_of(account.pk, at=now()) if account else None
    return _sent(actor.person) if actor and actor.person else None


def _twins() -> list[tuple[_Sent, _Sent]]:
    """The youngest two who live."""
    with finding_in(Scope.INDEX):  # whoever they are
        second = Person.objects.filter(multiple_birth=2, deceased_on=None)
        row = second.order_by("-birth_date", "pk").first()
        first = (
            row
            and Person.objects.filter(
                multiple_birth=1, birth_date=row.birth_date, household=row.household
            ).first()
        )
    return [(_sent(row.pk), _sent(first.pk))] if row and first else []


def _sent(person: int) -> _Sent:
    with rows_of([person]):
        row = Person.objects.prefetch_related("residences").get(pk=person)
        home = next((home for home in row.residences.all() if home.until is None), None)
    return _Sent(
        number=f"H-{person}",
        family=row.family,
        given=row.given,
        birth_date=row.birth_date,
        gender=row.gender,
        birth_family=row.birth_family,
        multiple_birth=row.multiple_birth,
        home=(home.line, home.postal_code, home.municipality, home.country) if home else _ELSEWHERE,
    )
