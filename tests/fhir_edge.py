"""A small FHIR service of the tests' own: Basic resources in a table of theirs, mounted like those of the domains.

`salus.fhir` is tested with it through HTTP. Who asks is in the token's own words: see `ACTORS`.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
from django.db import connection, transaction
from django.http import HttpRequest
from django.test import Client, override_settings

from salus.fhir import exact_json, facts, parameters, validation
from salus.fhir.capability import Security
from salus.fhir.criteria import Modifier, ParameterType
from salus.fhir.element import Element
from salus.fhir.resource import (
    Arguments,
    Body,
    Call,
    Input,
    Operation,
    Page,
    Parameter,
    Resource,
    Search,
    Version,
)
from salus.fhir.sources import in_memory, is_met
from salus.fhir.views import routes
from salus.kernel.actor import Actor, PurposeOfUse, Role
from salus.kernel.errors import (
    Conflict,
    NotFound,
    PreconditionFailed,
    TooMany,
    Unauthorized,
)
from salus.kernel.postgres import login
from salus.kernel.scopes import Interaction, read_scopes

COLOURS = "urn:test:colours"

TABLE = """
create table edge_basic (
    id bigint, version int, at timestamptz not null default clock_timestamp(), body text not null,
    primary key (id, version)
);
create sequence edge_basic_id;
create table edge_request (id uuid primary key);
grant select, insert, delete on edge_basic, edge_request to app;
grant usage on sequence edge_basic_id to app;
"""


def _versions(condition: str, values: list[Any]) -> list[Version]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"select id, version, at, body from edge_basic {condition} order by id, version desc",
            values,
        )
        return [_version(*row) for row in cursor.fetchall()]


def _version(id: int, version: int, at: datetime, text: str) -> Version:
    body = exact_json.parse(text.encode(), most_characters=len(text))
    said = {"versionId": str(version), "lastUpdated": at.isoformat()}
    return Version(body={**body, "id": str(id), "meta": {**body.get("meta", {}), **said}})


def _history(_call: Call, id: str) -> list[Version]:
    known = _versions("where id = %s", [int(id)]) if id.isdigit() and len(id) < 18 else []
    if not known:
        raise NotFound("there is no such Basic")
    return known


def _read(call: Call, id: str) -> Version:
    return _history(call, id)[0]


def _search(_call: Call, search: Search) -> Page:
    newest = {version.id: version for version in reversed(_versions("", []))}
    met = [one for one in newest.values() if is_met(one.body, search, PARAMETERS)]
    return Page(matches=met[: search.count], total=len(met))


def _create(call: Call, element: Element) -> Version:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "insert into edge_request values (%s) on conflict do nothing", [call.request_id]
        )
        cursor.execute("select nextval('edge_basic_id')")
        return _insert(cursor.fetchone()[0], 1, element)


def _update(call: Call, id: str, element: Element, expected: str | None) -> Version:
    newest = int(_read(call, id).version)
    if expected is not None and expected != str(newest):
        raise PreconditionFailed("somebody else has changed it: read it again")
    return _insert(int(id), newest + 1, element)


def _insert(id: int, version: int, element: Element) -> Version:
    said = element.text("implicitRules")
    if said == "urn:test:refused":
        raise element.wrong("implicitRules", "not with us")
    if error := _ERRORS.get(said):
        raise error
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "insert into edge_basic (id, version, body) values (%s, %s, %s) returning at",
            [id, version, exact_json.dump(element.value)],
        )
        return _version(id, version, cursor.fetchone()[0], exact_json.dump(element.value))


def _delete(call: Call, id: str) -> None:
    _read(call, id)
    with connection.cursor() as cursor:
        cursor.execute("delete from edge_basic where id = %s", [int(id)])


def _tell(call: Call, asked: Arguments) -> Body:
    """What was asked, as it was understood."""
    found = [{"name": "about", "valueString": _read(call, asked.id).id}] if asked.id else []
    found += [{"name": "word", "valueString": word} for word in asked.all("word")]
    found += [{"name": "often", "valueInteger": asked.one("often", 1)}]
    return {"resourceType": "Parameters", "parameter": found}


def _compare(_call: Call, asked: Arguments) -> Body:
    sent = asked.one("resource")
    if "code" not in sent.value:
        raise sent.wrong("code", "missing")
    code = sent.value["code"]["coding"][0]["code"]
    parameter = {"name": "is", "valueBoolean": (code == "red") is asked.one("red", True)}
    return {"resourceType": "Parameters", "parameter": [parameter]}


_DEFINED = "http://test.example/OperationDefinition"
TELL = Operation(
    code="tell",
    definition=f"{_DEFINED}/tell",
    documentation="What was asked.",
    inputs=(
        Input(name="word", types=("string", "uri"), least=1, many=True),
        Input(name="often", types=("integer",)),
    ),
    perform=_tell,
    needs=(Interaction.READ, Interaction.SEARCH),
    on_type=True,
    on_resource=True,
)
COMPARE = Operation(
    code="compare-it",
    definition=f"{_DEFINED}/compare-it",
    documentation="Whether it is of the colour.",
    inputs=(
        Input(name="resource", types=("Basic",), least=1),
        Input(name="red", types=("boolean",)),
    ),
    perform=_compare,
    needs=(Interaction.SEARCH,),
    on_type=True,
)
CHANGE = Operation(
    code="change",
    definition=f"{_DEFINED}/change",
    documentation="Says that it changes something.",
    inputs=(Input(name="word", types=("string",)),),
    perform=_tell,
    needs=(Interaction.CREATE, Interaction.UPDATE),
    of="Basic",
    changes=True,
)

_ERRORS: dict[str, Exception] = {
    "urn:test:conflict": Conflict("not now"),
    "urn:test:many": TooMany("too many at once", wait=7),
    "urn:test:failure": RuntimeError("secret words of Ada Braun"),
}

PARAMETERS = {
    "_id": parameters.by_id(),
    "identifier": Parameter(
        type=ParameterType.TOKEN,
        definition="http://hl7.org/fhir/SearchParameter/Basic-identifier",
        documentation="A business identifier.",
        facts=facts.tokens("identifier"),
    ),
    "code": Parameter(
        type=ParameterType.TOKEN,
        definition="http://hl7.org/fhir/SearchParameter/Basic-code",
        documentation="What kind of resource it is.",
        facts=facts.tokens("code"),
        modifiers=frozenset({Modifier.NOT}),
    ),
}

BASIC = Resource(
    type="Basic",
    parameters=PARAMETERS,
    read=_read,
    search=_search,
    history=_history,
    create=_create,
    update=_update,
    delete=_delete,
    operations=(TELL, COMPARE),
    purposes=frozenset({PurposeOfUse.TREATMENT}),
)


def _flag(id: str) -> Body:
    return {
        "resourceType": "CodeSystem",
        "id": id,
        "url": f"http://test.example/{id}",
        "status": "active",
        "content": "complete",
    }


PUBLIC = in_memory(
    "CodeSystem",
    parameters={"_id": parameters.by_id(), "url": parameters.by_url("conformance-url")},
    ids=lambda: ["red", "blue"],
    render=_flag,
)
BINARY = Resource(
    type="Binary",
    parameters={"_id": parameters.by_id()},
    read=lambda _call, _id: Version(
        body={
            "resourceType": "Binary",
            "id": "1",
            "meta": {"versionId": "1"},
            "contentType": "text/html",
            "data": "PHA+SGVsbG88L3A+",
        }
    ),
    search=lambda _call, _search: Page(matches=[]),
)


def software(*scopes: str, purpose: PurposeOfUse | None = PurposeOfUse.TREATMENT) -> Actor:
    return Actor(
        role=Role.SOFTWARE, client=1, organization=1, purpose=purpose, scopes=read_scopes(scopes)
    )


ACTORS = {
    "all": software("system/*.cruds"),
    "create-only": software("system/Basic.c"),
    "read-only": software("system/Basic.rs"),
    "red-only": software(f"system/Basic.cruds?code={COLOURS}|red"),
    "foreign": software("system/Patient.cruds"),
    "of-a-patient": software("patient/Basic.cruds"),
    "without-purpose": software("system/*.cruds", purpose=None),
}


def authenticate(request: HttpRequest) -> Actor | None:
    name = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if name and name not in ACTORS:
        raise Unauthorized("the token is not, or no longer, good")
    return ACTORS.get(name)


SECURITY = Security(
    endpoints={
        "authorize": "/oauth/authorize",
        "token": "/oauth/token",
        "introspect": "/oauth/introspect",
    }
)
urlpatterns = routes(
    [BASIC, PUBLIC, BINARY], operations=[CHANGE], authenticate=authenticate, security=SECURITY
)


@dataclass(frozen=True, kw_only=True)
class Told:
    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def body(self) -> Any:
        return exact_json.parse(self.content)

    @property
    def id(self) -> str:
        return str(self.body["id"])

    @property
    def issues(self) -> list[tuple[str, str]]:
        """(code, expression) of each; a refusal that is no OperationOutcome fails here."""
        assert self.body["resourceType"] == "OperationOutcome", self.body
        assert validation.faults(self.body) == []
        return [(issue["code"], issue.get("expression", [""])[0]) for issue in self.body["issue"]]


def ask(
    method: str,
    path: str,
    body: Any = None,
    *,
    token: str = "all",
    content_type: str = "application/fhir+json",
    **headers: str,
) -> Told:
    """Through all of Django but the socket. Underscores in the names of headers stand for hyphens."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    if token:
        named["Authorization"] = f"Bearer {token}"
    content = body if isinstance(body, bytes) else b"" if body is None else exact_json.dump(body)
    answer = Client(SERVER_NAME="localhost", raise_request_exception=False).generic(
        method, path, content, content_type=content_type if body is not None else "", headers=named
    )
    return Told(status=answer.status_code, headers=answer.headers, content=answer.content)


def basic(colour: str = "red", **members: Any) -> Body:
    code = {"coding": [{"system": COLOURS, "code": colour}]}
    return {"resourceType": "Basic", "code": code, **members}


def identified(value: str) -> list[Body]:
    return [{"system": "urn:test:things", "value": value}]


def created(body: Body | None = None) -> Told:
    answer = ask("POST", "/fhir/Basic", body or basic())
    assert answer.status == 201, answer.content
    return answer


@contextmanager
def mounted(data: Path) -> Iterator[None]:
    """The service in the place of the site, over an installation's database."""
    superuser = asdict(login(data, "superuser"))
    with psycopg.connect(**superuser, autocommit=True) as server:
        server.execute(TABLE)
    with override_settings(ROOT_URLCONF="tests.fhir_edge"):
        yield
