"""What a FHIR server gives to whoever asks, found out from its CapabilityStatement: no type is named here."""

import json
import re
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


def published(servers: Sequence[FhirServer], people: Sequence[str]) -> Iterator[Answer]:
    """Something from every interaction with every type, refusals, and one of each in every other format.

    ``servers`` are one, as different ones may ask it: each type is asked by the first who finds something.
    ``people`` are ids of Patients: of types that tell nothing of everybody, theirs are asked for.
    """
    server, *_ = servers
    capability = server.ask("metadata", interaction="capabilities")
    yield capability
    (rest,) = capability.resource["rest"]
    seen: list[Answer] = []
    # Last what can only be read: its ids are in the others.
    for one in sorted(rest["resource"], key=lambda one: "search-type" not in _codes(one)):
        for server in servers:
            answers = list(_of_type(server, one, people, seen))
            if any(answer.type == one["type"] or _holds(answer, one["type"]) for answer in answers):
                break
        seen += answers
        each = {(a.interaction, a.status): a for a in answers if a.method == "GET"}
        for spoken in set(capability.resource["format"]) & {XML}:
            for (interaction, _), answer in each.items():
                yield server.ask(
                    answer.path, interaction=interaction, about=one["type"], accept=spoken
                )
    yield from seen
    some = [answer.path for answer in seen if answer.interaction == "read" and answer.status == 200]
    for interaction in _codes(rest):
        yield _ON_SYSTEM[interaction](servers[0], some[:_READ])


def _of_type(
    server: FhirServer, one: Any, people: Sequence[str], seen: Sequence[Answer]
) -> Iterator[Answer]:
    kind = one["type"]
    pages = list(_search(server, one, people)) if "search-type" in _codes(one) else []
    yield from pages
    found = [resource for page in pages for resource in entries(page)]
    known = [resource for resource in found if resource["resourceType"] == kind]
    if not pages:
        address = re.compile(rb"\b%s/([\w.-]+)" % kind.encode())
        named = {name for answer in seen for name in address.findall(answer.body)}
        known = [{"id": name.decode()} for name in sorted(named)]
    for code in _codes(one):
        yield from _ON_TYPES[code](server, kind, known[:_READ])
    yield from _refusals(server, kind)


def _codes(one: Any) -> list[str]:
    return [interaction["code"] for interaction in one.get("interaction", [])]


def _holds(answer: Answer, kind: str) -> bool:
    return answer.media_type == JSON and any(one["resourceType"] == kind for one in entries(answer))


def entries(page: Answer) -> list[Any]:
    """The resources in a Bundle."""
    return [entry["resource"] for entry in page.resource.get("entry", []) if "resource" in entry]


def _search(server: FhirServer, one: Any, people: Sequence[str]) -> Iterator[Answer]:
    """Pages of what is there; of people, where nothing is shown of all together."""
    kind = one["type"]
    names = {parameter["name"] for parameter in one.get("searchParam", [])}
    of_people = [
        f"{name}=Patient/{person}"
        for name in ("patient", "subject")
        if name in names
        for person in people
    ]
    theirs = f"_id={','.join(people)}" if kind == "Patient" else ""
    for query in dict.fromkeys(["", theirs, *of_people]):
        pages = list(islice(_pages(server, f"{kind}?{query}&{_UNKNOWN}", kind), _PAGES))
        yield from pages
        if any(_holds(page, kind) for page in pages):
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


def _changes(server: FhirServer, kind: str, known: Sequence[Any]) -> Iterator[Answer]:
    yield server.ask(f"{kind}/_history?_count=20", interaction="history-type", about=kind)


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


def _delete(server: FhirServer, kind: str, known: Sequence[Any]) -> Iterator[Answer]:
    """What is not there: what is, others ask for."""
    path = f"{kind}/nothing-has-this"
    yield server.ask(path, interaction="delete", about=kind, method="DELETE")


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
    "history-type": _changes,
    "search-type": _found_nothing,
    "create": _create,
    "update": _update,
    "delete": _delete,
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
