"""Deny by default: every address of the site states who may ask for it."""

from collections.abc import Callable, Iterator
from uuid import UUID

import pytest
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.test import RequestFactory
from django.urls import URLPattern, URLResolver, get_resolver

from salus.audit.models import Agent, EventKind
from salus.kernel.actor import Actor, Role
from salus.kernel.page import (
    Rule,
    View,
    agency_only,
    patient_only,
    permits,
    professional_only,
    public,
    registrar_only,
    request_id,
    rule_of,
    signed_in,
    software,
    steward_only,
)
from salus.portal import access_log
from salus.portal.templatetags.salus import document_icon
from salus.terminology import DOCUMENT_TYPES

PATIENT = Actor(role=Role.PATIENT, account=1, person=1)
PROFESSIONAL = Actor(role=Role.PROFESSIONAL, account=2, practitioner=1)
AGENCY = Actor(role=Role.AGENCY, account=3)
STEWARD = Actor(role=Role.STEWARD, account=4)
REGISTRAR = Actor(role=Role.REGISTRAR, account=5)


def mounted(
    resolver: URLResolver | None = None, prefix: str = "/"
) -> Iterator[tuple[str, URLPattern]]:
    for entry in (resolver or get_resolver()).url_patterns:
        path = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from mounted(entry, path)
        else:
            yield path, entry


def test_every_view_states_its_rule() -> None:
    addresses = dict(mounted())
    assert len(addresses) > 30
    assert [path for path, entry in addresses.items() if rule_of(entry.callback) is None] == []


def test_what_shows_a_person_is_never_public() -> None:
    personal = (
        "documents",
        "vaccinations",
        "people",
        "circle",
        "assistants",
        "who-looked",
        "apps",
        "desk",
        "stewards",
    )
    open_doors = [
        path
        for path, entry in mounted()
        if path.strip("/").split("/")[0] in personal and rule_of(entry.callback) is Rule.PUBLIC
    ]
    assert open_doors == []


@pytest.mark.parametrize(
    ("mark", "permitted"),
    [
        (public, [None, PATIENT, PROFESSIONAL, AGENCY, STEWARD, REGISTRAR]),
        (software, []),
        (signed_in, [PATIENT, PROFESSIONAL, AGENCY, STEWARD, REGISTRAR]),
        (patient_only, [PATIENT]),
        (professional_only, [PROFESSIONAL]),
        (agency_only, [AGENCY]),
        (steward_only, [STEWARD]),
        (registrar_only, [REGISTRAR]),
    ],
)
def test_a_rule_permits(mark: Callable[[View], View], permitted: list[Actor | None]) -> None:
    @mark
    def view(request: object) -> HttpResponseBase:
        return HttpResponse()

    rule = rule_of(view)
    assert rule is not None
    everyone = (None, PATIENT, PROFESSIONAL, AGENCY, STEWARD, REGISTRAR)
    assert [actor for actor in everyone if permits(rule, actor)] == permitted


def test_a_retry_keeps_its_request_id() -> None:
    sent = "7f9c1f5e-0d0c-4f0e-9a52-3d1b0a4a8c11"
    requests = RequestFactory()
    assert request_id(requests.get("/", {"r": sent})) == UUID(sent)
    assert request_id(requests.post("/", {"r": sent})) == UUID(sent)


@pytest.mark.parametrize("sent", [{}, {"r": ""}, {"r": "1 or 1=1"}, {"r": "\0"}])
def test_what_is_no_request_id_becomes_a_new_one(sent: dict[str, str]) -> None:
    request = RequestFactory().get("/", sent)
    assert request_id(request) != request_id(request)


def test_the_access_log_has_words_for_every_act_and_agent() -> None:
    assert set(access_log.WHAT) == set(EventKind)
    assert set(access_log.WHO) == set(Agent)


def test_every_document_type_has_an_icon_of_its_own() -> None:
    icons = [document_icon(number) for number in DOCUMENT_TYPES]
    assert len(set(icons)) == len(DOCUMENT_TYPES)
