"""What the national register says of organisations, their places, services and electronic addresses."""

import numpy as np

from salus.country.lu import (
    ENDPOINT_SYSTEM,
    LOCATION_SYSTEM,
    ORGANIZATION_SYSTEM,
    SERVICE_SYSTEM,
)
from salus.directory.models import Kind
from salus.simulation import opening_hours
from salus.simulation.lives import World
from salus.simulation.names import departments, places, street_line
from salus.simulation.providers import ORGANIZATION_TYPES
from salus.simulation.register import Entries, Said, dice, telephone, told_later
from salus.simulation.timeline import Ints

_NEW_TELEPHONE = 0.04  # of organisations
_LINE, _POSITION, _HOURS, _SERVICE = 43, 59, 55, 60  # salts
_ENDPOINTS = {
    "hospital": (("hl7-fhir-rest", "https://fhir.{host}/r4"), ("ihe-xds", "https://xds.{host}/")),
    "laboratory": (("hl7-fhir-rest", "https://fhir.{host}/r4"),),
    "imaging": (("dicom-wado-rs", "https://pacs.{host}/dicom-web"),),
}


def organizations(world: World) -> Entries:
    """Those where people work, then the departments of hospitals."""
    known, where = world.providers.organizations, places()
    named = hosts(world)
    said: list[Said] = []
    for i, (type_, place, number) in enumerate(
        zip(types(world), known.place.tolist(), dice(_ids(world), _LINE), strict=True)
    ):
        one: Said = {
            "name": known.name[i],
            "type": type_,
            "country": "LU",
            "postal_code": where.postal_code[place],
            "municipality": where.municipality[place],
            "line": street_line("LU", number),
            "telephone": telephone(number),
        }
        if type_ != "practice":
            one |= {"email": f"info@{named[i]}", "website": f"https://www.{named[i]}"}
        said.append(one)
    parts = _departments(world)
    said += [
        said[hospital] | {"name": f"{known.name[hospital]}, {name}", "part_of": hospital + 1}
        for hospital, name, _ in parts
    ]
    hospitals = [hospital for hospital, *_ in parts]
    registered = np.concatenate([known.registered, known.registered[hospitals]])
    return Entries(
        kind=Kind.ORGANIZATION,
        system=ORGANIZATION_SYSTEM,
        first_value=600_000,
        said=said,
        registered=registered,
        later=told_later(
            world,
            "new telephones",
            registered,
            among=np.arange(len(said)),
            share=_NEW_TELEPHONE,
            said=lambda i: {"telephone": telephone(i + 7)},
        ),
    )


def types(world: World) -> list[str]:
    """Of each organisation that is no department."""
    return [ORGANIZATION_TYPES[number] for number in world.providers.organizations.type.tolist()]


def hosts(world: World) -> list[str]:
    """Of each such organisation: its own name in the Internet."""
    return [f"{type_}-{i + 1}.example" for i, type_ in enumerate(types(world))]


def hours_of(world: World) -> list[int]:
    """Of each such organisation: which of the usual opening hours it keeps."""
    return dice(_ids(world), _HOURS)


def _ids(world: World) -> Ints:
    return np.arange(len(world.providers.organizations.name))


def _departments(world: World) -> list[tuple[int, str, str]]:
    """Hospital, name, specialty."""
    return [
        (i, name, specialty)
        for i, type_ in enumerate(types(world))
        if type_ == "hospital"
        for name, specialty in departments()
    ]


def locations(world: World, organizations: Entries) -> Entries:
    """One of each organisation, but of departments, near the middle of its municipality."""
    known, where = world.providers.organizations, places()
    hours, thrown = hours_of(world), dice(_ids(world), _POSITION)
    said: list[Said] = []
    for i, (type_, place) in enumerate(zip(types(world), known.place.tolist(), strict=True)):
        latitude, longitude = where.position[place]
        north, east = thrown[i] % 2001 / 1000 - 1, thrown[i] // 2001 % 2001 / 1000 - 1
        of_organization = organizations.said[i]
        said.append(
            {
                "organization": i + 1,
                **{
                    field: of_organization[field]
                    for field in (
                        "name",
                        "country",
                        "postal_code",
                        "municipality",
                        "line",
                        "telephone",
                    )
                },
                # At most about 600 m away in each direction.
                "latitude": round(latitude + north * 0.0055, 5),
                "longitude": round(longitude + east * 0.0083, 5),
                "hours": opening_hours.of_place(type_, hours[i]),
                "accessible": hours[i] // 60 % 5 != 0,
            }
        )
    return Entries(
        kind=Kind.LOCATION,
        system=LOCATION_SYSTEM,
        first_value=700_000,
        said=said,
        registered=known.registered,
    )


def services(world: World) -> Entries:
    """What each department of a hospital offers, at the hospital's address."""
    known, parts = world.providers.organizations, _departments(world)
    thrown = dice(np.arange(len(parts)), _SERVICE)
    said: list[Said] = []
    for i, (hospital, name, specialty) in enumerate(parts):
        urgent = "urgences" in name
        said.append(
            {
                "organization": len(known.name) + i + 1,
                "location": hospital + 1,
                "name": name[0].upper() + name[1:],
                "specialty": specialty,
                "languages": ["fr", "de", "lb", "en"][: 3 + thrown[i] % 2],
                "telephone": telephone(thrown[i]),
                "new_patients": True,
                "appointment": not urgent,
                "hours": opening_hours.of_place("hospital" if urgent else "other", 0),
            }
        )
    return Entries(
        kind=Kind.SERVICE,
        system=SERVICE_SYSTEM,
        first_value=800_000,
        said=said,
        registered=known.registered[[hospital for hospital, *_ in parts]],
    )


def endpoints(world: World) -> Entries:
    known, named = world.providers.organizations, hosts(world)
    owned = [
        (i, connection, address.format(host=named[i]))
        for i, type_ in enumerate(types(world))
        for connection, address in _ENDPOINTS.get(type_, ())
    ]
    return Entries(
        kind=Kind.ENDPOINT,
        system=ENDPOINT_SYSTEM,
        first_value=400_000,
        said=[
            {
                "organization": i + 1,
                "name": known.name[i],
                "connection_type": connection,
                "payload_type": "any",
                "address": address,
            }
            for i, connection, address in owned
        ],
        registered=known.registered[[i for i, *_ in owned]],
    )
