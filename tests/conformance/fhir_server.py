"""What a FHIR server gives to whoever asks, found out from its CapabilityStatement: no type is named here."""

import json
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any
from urllib.parse import urljoin

from defusedxml import ElementTree

JSON, XML = "application/fhir+json", "application/fhir+xml"
_PAGES = 2  # of a search that are followed
_PATIENTS = 10  # by whom it is searched
_READ = 10  # resources of a type that are read one by one
_UNKNOWN = "colour=red"  # a parameter of no type: the Bundle says so


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A resource as it left the server."""

    interaction: (
        str  # https://hl7.org/fhir/R4/valueset-type-restful-interaction.html, or our own word
    )
    about: str  # the type that was asked for, '' where none was
    method: str
    path: str
    status: int
    media_type: str
    body: bytes

    @property
    def resource(self) -> Any:
        """In JSON."""
        return json.loads(self.body)

    @property
    def type(self) -> str:
        if self.media_type == XML:
            return str(ElementTree.fromstring(self.body).tag).rpartition("}")[2]
        return str(self.resource["resourceType"])


@dataclass(frozen=True, kw_only=True)
class FhirServer:
    base: str
    headers: Mapping[str, str] = field(default_factory=dict)  # of every request, such as a token

    def ask(
        self,
        path: str,
        *,
        interaction: str,
        about: str = "",
        method: str = "GET",
        accept: str = JSON,
        body: Any = None,
        **headers: str,
    ) -> Answer:
        """``path`` below the base, or a whole URL. Underscores in names of headers stand for hyphens."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(
            urljoin(f"{self.base}/", path),
            data=None if body is None else json.dumps(body).encode(),
            method=method,
            headers={**self.headers, "Accept": accept, "Content-Type": JSON, **named},
        )
        try:
            answer = urllib.request.urlopen(request)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            return Answer(
                interaction=interaction,
                about=about,
                method=method,
                path=path,
                status=answer.status,
                media_type=answer.headers.get_content_type(),
                body=answer.read(),
            )


def published(server: FhirServer) -> Iterator[Answer]:
    """Something from every interaction with every type, refusals, and one of each in every other format."""
    answers = list(_in_json(server))
    yield from answers
    each = {(a.interaction, a.about, a.status): a for a in answers if a.method == "GET"}
    for spoken in set(answers[0].resource["format"]) & {XML}:
        for (interaction, about, _), answer in each.items():
            yield server.ask(answer.path, interaction=interaction, about=about, accept=spoken)


def _in_json(server: FhirServer) -> Iterator[Answer]:
    capability = server.ask("metadata", interaction="capabilities")
    yield capability
    (rest,) = capability.resource["rest"]
    known: dict[str, list[Any]] = {}
    # Patients first: what is theirs may have to be searched by them.
    for one in sorted(rest["resource"], key=lambda one: one["type"] != "Patient"):
        kind = one["type"]
        pages = list(_search(server, one, known.get("Patient", [])))
        yield from pages
        found = [resource for page in pages for resource in entries(page)]
        known[kind] = [resource for resource in found if resource["resourceType"] == kind]
        for interaction in one["interaction"]:
            yield from _ON_TYPES[interaction["code"]](server, kind, known[kind][:_READ])
        yield from _refusals(server, kind)
    some = [f"{kind}/{found[0]['id']}" for kind, found in known.items() if found]
    for interaction in rest.get("interaction", []):
        yield _ON_SYSTEM[interaction["code"]](server, some)


def entries(page: Answer) -> list[Any]:
    """The resources in a Bundle."""
    return [entry["resource"] for entry in page.resource.get("entry", []) if "resource" in entry]


def _search(server: FhirServer, one: Any, patients: Sequence[Any]) -> Iterator[Answer]:
    """Pages of what is there; of one patient after the other, where nothing is shown of all together."""
    kind = one["type"]
    of_patients = [
        f"{parameter['name']}=Patient/{patient['id']}"
        for parameter in one.get("searchParam", [])
        if parameter["name"] in ("patient", "subject")
        for patient in patients[:_PATIENTS]
    ]
    for query in ("", *of_patients):
        pages = list(islice(_pages(server, f"{kind}?{query}&{_UNKNOWN}", kind), _PAGES))
        yield from pages
        if any(one["resourceType"] == kind for page in pages for one in entries(page)):
            return


def _pages(server: FhirServer, following: str, kind: str) -> Iterator[Answer]:
    while following:
        page = server.ask(following, interaction="search-type", about=kind)
        yield page
        links = {link["relation"]: link["url"] for link in page.resource.get("link", [])}
        following = links.get("next", "")


def _read(server: FhirServer, kind: str, known: Sequence[Any]) -> Iterator[Answer]:
    for one in known:
        yield server.ask(f"{kind}/{one['id']}", interaction="read", about=kind)


def _vread(server: FhirServer, kind: str, known: Sequence[Any]) -> Iterator[Answer]:
    for one in known[:1]:
        path = f"{kind}/{one['id']}/_history/{one['meta']['versionId']}"
        yield server.ask(path, interaction="vread", about=kind)


def _history(server: FhirServer, kind: str, known: Sequence[Any]) -> Iterator[Answer]:
    for one in known[:1]:
        path = f"{kind}/{one['id']}/_history"
        yield server.ask(path, interaction="history-instance", about=kind)


def _found_nothing(server: FhirServer, kind: str, known: Sequence[Any]) -> Iterator[Answer]:
    yield server.ask(f"{kind}?_id=nothing-has-this", interaction="search-type", about=kind)


def _create(server: FhirServer, kind: str, known: Sequence[Any]) -> Iterator[Answer]:
    """What is there once more: made, or refused because it is there."""
    for one in known[:1]:
        sent = {name: value for name, value in one.items() if name not in ("id", "meta")}
        for preferred in ("representation", "OperationOutcome"):
            yield server.ask(
                kind,
                interaction="create",
                about=kind,
                method="POST",
                body=sent,
                Prefer=f"return={preferred}",
            )


def _update(server: FhirServer, kind: str, known: Sequence[Any]) -> Iterator[Answer]:
    """By what it is already."""
    for one in known[:1]:
        yield server.ask(
            f"{kind}/{one['id']}",
            interaction="update",
            about=kind,
            method="PUT",
            body=one,
            If_Match=f'W/"{one["meta"]["versionId"]}"',
            Prefer="return=representation",
        )


def _together(code: str) -> Callable[[FhirServer, Sequence[str]], Answer]:
    def ask(server: FhirServer, paths: Sequence[str]) -> Answer:
        reads = [{"request": {"method": "GET", "url": path}} for path in paths]
        body = {"resourceType": "Bundle", "type": code, "entry": reads}
        return server.ask("", interaction=code, method="POST", body=body)

    return ask


# How each interaction is asked for. One that is missing here, and is in a CapabilityStatement, is a KeyError.
_ON_TYPES: dict[str, Callable[[FhirServer, str, Sequence[Any]], Iterator[Answer]]] = {
    "read": _read,
    "vread": _vread,
    "history-instance": _history,
    "search-type": _found_nothing,
    "create": _create,
    "update": _update,
}
_ON_SYSTEM = {code: _together(code) for code in ("batch", "transaction")}


def _refusals(server: FhirServer, kind: str) -> Iterator[Answer]:
    wrong: list[tuple[str, dict[str, Any]]] = [
        (f"{kind}/nothing-has-this", {}),
        (f"{kind}/nothing-has-this", {"method": "PATCH"}),
        (f"{kind}?_count=many", {}),
        (f"{kind}?{_UNKNOWN}", {"Prefer": "handling=strict"}),
        (kind, {"accept": "text/turtle"}),
        (kind, {"method": "POST", "body": {"resourceType": kind, "status": 1, "colour": "red"}}),
        (f"Un{kind}", {}),
    ]
    for path, asked in wrong:
        yield server.ask(path, interaction="refusal", about=kind, **asked)
    anyone = FhirServer(base=server.base)
    yield anyone.ask(f"{kind}/nothing-has-this", interaction="refusal", about=kind)
