"""Patients of whom software is told (IHE PMIR, ITI-94).

A channel of type `message` is sent the message of ITI-93; a `rest-hook` without payload only hears that there is
something new.
"""

from dataclasses import replace

from salus.accounts.fhir import JSON, MESSAGE, REST_HOOK, XML, Topic
from salus.fhir.resource import Resource, Version
from salus.kernel.actor import Actor, PurposeOfUse
from salus.kernel.errors import Forbidden
from salus.mpi.fhir.parameters import PARAMETERS

_PURPOSES = (PurposeOfUse.TREATMENT, PurposeOfUse.OPERATIONS)
# https://profiles.ihe.net/ITI/PMIR/ITI-94.html#239441211-criteria-constraints
_CRITERIA = ("_id", "identifier", "organization")


def _check(actor: Actor) -> None:
    if actor.purpose not in _PURPOSES:
        raise Forbidden(f"the token must state a purpose of use, one of: {', '.join(_PURPOSES)}")


TOPIC = Topic(
    resource=Resource(
        type="Patient",
        parameters={name: replace(PARAMETERS[name], modifiers=frozenset()) for name in _CRITERIA},
        read=lambda _call, _id: Version(body={}),
    ),
    channels=((MESSAGE, JSON), (MESSAGE, XML), (REST_HOOK, "")),
    check=_check,
)
