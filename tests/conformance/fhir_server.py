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
_READ = 20  # resources of a type that are read one by one


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A resource as it left the server."""

    interaction: (
        str  # https://hl7.org/fhir/R4/valueset-type-restful-interaction.html, or our own word
    )
    about: str  # the type that was asked for, '' where none was
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
        **headers: str,
    ) -> Answer:
        """``path`` below the base, or a whole URL. Underscores in names of headers stand for hyphens."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(
            urljoin(f"{self.base}/", path),
            method=method,
            headers={**self.headers, "Accept": accept, **named},
        )
        try:
            answer = urllib.request.urlopen(request)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            return Answer(
                interaction=interaction,
                about=about,
                path=path,
                status=answer.status,
                media_type=answer.headers.get_content_type(),
                body=answer.read(),
            )


def published(server: FhirServer) -> Iterator[Answer]:
    """Something from every interaction with every type, refusals, and one of each in every other format."""
    capability = server.ask("metadata", interaction="capabilities")
    answers = [capability]
    (rest,) = capability.resource["rest"]
    for one in rest["resource"]:
        kind = one["type"]
        pages = list(islice(_pages(server, kind), _PAGES))
        found = [resource for page in pages for resource in entries(page)]
        known = [resource for resource in found if resource["resourceType"] == kind]
        answers += pages
        for interaction in one["interaction"]:
            answers += _INTERACTIONS[interaction["code"]](server, kind, known[:_READ])
        answers += _refusals(server, kind)
    yield from answers
    each = {(answer.interaction, answer.about, answer.status): answer for answer in answers}
    for spoken in set(capability.resource["format"]) & {XML}:
        for (interaction, about, _), answer in each.items():
            yield server.ask(answer.path, interaction=interaction, about=about, accept=spoken)


def entries(page: Answer) -> list[Any]:
    """The resources in a Bundle."""
    return [entry["resource"] for entry in page.resource.get("entry", [])]


def _pages(server: FhirServer, type: str) -> Iterator[Answer]:
    following = f"{type}?colour=red"  # which no type knows: the Bundle says so
    while following:
        page = server.ask(following, interaction="search-type", about=type)
        yield page
        links = {link["relation"]: link["url"] for link in page.resource["link"]}
        following = links.get("next", "")


def _read(server: FhirServer, type: str, known: Sequence[Any]) -> Iterator[Answer]:
    for one in known:
        yield server.ask(f"{type}/{one['id']}", interaction="read", about=type)


def _searched(server: FhirServer, type: str, known: Sequence[Any]) -> Iterator[Answer]:
    yield server.ask(f"{type}?_id=nothing-has-this", interaction="search-type", about=type)


# How each interaction that a CapabilityStatement can name is asked for.
_INTERACTIONS: dict[str, Callable[[FhirServer, str, Sequence[Any]], Iterator[Answer]]] = {
    "read": _read,
    "search-type": _searched,
}


def _refusals(server: FhirServer, type: str) -> Iterator[Answer]:
    def refused(path: str, **asked: str) -> Answer:
        return server.ask(path, interaction="refusal", about=type, **asked)  # type: ignore[arg-type]

    yield refused(f"{type}/nothing-has-this")
    yield refused(f"{type}/nothing-has-this", method="PATCH")
    yield refused(f"{type}?_count=many")
    yield refused(f"{type}?colour=red", Prefer="handling=strict")
    yield refused(type, accept="text/turtle")
    yield refused(f"Un{type}")
