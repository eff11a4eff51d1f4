"""The interactions on resources: read, vread, history, search, create, update, delete, the conditional ones too.

https://hl7.org/fhir/R4/http.html. Whatever is not declared by a service is refused here, in words.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, ParamSpec, TypeVar

from django.utils.http import parse_http_date_safe

from salus.fhir import conditional, subset
from salus.fhir.authorization import may, permit, reachable
from salus.fhir.element import Element
from salus.fhir.exchange import ID, Answer, Request, Return, Target, versions_of
from salus.fhir.history import bundle_of, bundle_of_type, since_of
from salus.fhir.operations import methods_of, offered, operate
from salus.fhir.outcome import outcome
from salus.fhir.refusal import NotThisWay, Unprocessable
from salus.fhir.resource import Body, Call, Resource, Served, Version
from salus.fhir.search import read_search, within
from salus.fhir.searchset import asked_of, searchset
from salus.fhir.validation import check
from salus.kernel.errors import Gone, InvalidInput, NotFound, PreconditionFailed
from salus.kernel.scopes import Interaction

P = ParamSpec("P")
T = TypeVar("T")

_READS = ("GET", "HEAD")
_SUBSETS = ("_summary", "_elements")


def answer(request: Request, call: Call, served: Served) -> Answer:
    """What one request on a type or a resource comes to. Raises errors of the tree."""
    target = request.target
    resource = served.get(target.type)
    allowed = methods(target, resource) if resource else []
    if resource is None or not allowed:
        raise NotFound("there is no such interaction")
    if request.method not in allowed:
        raise NotThisWay(
            HTTPStatus.METHOD_NOT_ALLOWED,
            f"{request.method} is not offered here: the CapabilityStatement says what is",
            headers={"Allow": ", ".join(allowed)},
        )
    if operation := offered(target, resource):
        return operate(request, call, operation, resource, served)
    if request.method in _READS:
        if not target.id:
            asked = history_of_type if target.history else search
            return asked(request, call, resource, served)
        if target.history and not target.version:
            return history(request, call, resource, served)
        return read(request, call, resource, served)
    if request.method == "POST":
        return create(request, call, resource, served)
    if request.method == "DELETE":
        return delete(request, call, resource, served)
    if target.id:
        return update(request, call, resource, served)
    return conditional_update(request, call, resource, served)


def methods(target: Target, resource: Resource) -> list[str]:
    """What may be done at an address, in the order of Allow; [] when there is nothing."""
    if target.operation:
        operation = offered(target, resource)
        return methods_of(operation) if operation else []
    if target.history:
        return [*_READS] if (resource.history if target.id else resource.changes) else []
    writes = ["POST"] if resource.create and not target.id else []
    reads = _READS if (resource.is_read if target.id else resource.is_searched) else ()
    if resource.update:
        writes.append("PUT")
    if resource.delete and target.id:
        writes.append("DELETE")
    return [*reads, *writes]


def read(request: Request, call: Call, resource: Resource, served: Served) -> Answer:
    """The newest version, or the one that is named; 304 to whoever has it already."""
    permitted = permit(call, resource, Interaction.READ, served)
    parts = [pair for pair in request.query if pair[0] in _SUBSETS]
    asked = read_search(parts, resource, served, call)
    version = _found(request.target, call, resource)
    permitted.check_found(version.body)
    if _has_it(request, version):
        return Answer(status=HTTPStatus.NOT_MODIFIED, version=version)
    body = subset.of(version.body, asked.summary, asked.elements)
    return Answer(status=HTTPStatus.OK, body=body, version=version)


def history(request: Request, call: Call, resource: Resource, served: Served) -> Answer:
    permitted = permit(call, resource, Interaction.READ, served)
    versions = _offered(resource.history)(call, request.target.id)
    permitted.check_found(versions[0].body)
    shown = [version for version in versions if permitted.covers(version.body)]
    return Answer(status=HTTPStatus.OK, body=bundle_of(shown, request, call))


def history_of_type(request: Request, call: Call, resource: Resource, served: Served) -> Answer:
    permitted = permit(call, resource, Interaction.SEARCH, served)
    asked = since_of(request, call)
    page = _offered(resource.changes)(call, asked)
    page = replace(page, matches=[one for one in page.matches if permitted.covers(one.body)])
    return Answer(status=HTTPStatus.OK, body=bundle_of_type(page, request, call, asked))


def search(request: Request, call: Call, resource: Resource, served: Served) -> Answer:
    permitted = permit(call, resource, Interaction.SEARCH, served)
    chained = reachable(call, served, Interaction.SEARCH) | {resource.type: resource}
    asked = asked_of(request.query, resource, chained, call, strict=request.strict)
    asked = within(asked, permitted.within)
    page = resource.search(call, asked.search)
    included = reachable(call, served, Interaction.READ) if asked.search.includes else {}
    return Answer(status=HTTPStatus.OK, body=searchset(asked, page, resource, included, call))


def create(request: Request, call: Call, resource: Resource, served: Served) -> Answer:
    """If-None-Exist makes it depend on a search that finds nothing; what it finds is answered instead."""
    permitted = permit(call, resource, Interaction.CREATE, served)
    conditional.check_that_none_is_unheard(request.query)
    body = _sent(request, resource)
    if request.if_none_exist is None:
        permitted.check_sent(body)
        return _created(body, request, call, resource, served)
    query = conditional.query_of(request.if_none_exist)
    with conditional.one_at_a_time(resource, query):
        known = conditional.the_match(query, call, resource, served)
        if known:
            return _written(HTTPStatus.OK, known, request, call, resource, served)
        permitted.check_sent(body)
        return _created(body, request, call, resource, served)


def update(request: Request, call: Call, resource: Resource, served: Served) -> Answer:
    permitted = permit(call, resource, Interaction.UPDATE, served)
    name = request.target.id
    body = _sent(request, resource)
    if body.get("id") != name:
        raise InvalidInput("must be the id in the address", at=f"{resource.type}.id")
    if permitted.within:
        permitted.check_found(resource.read(call, name).body)
    permitted.check_sent(body)
    return _updated(name, body, request, call, resource, served)


def conditional_update(request: Request, call: Call, resource: Resource, served: Served) -> Answer:
    """Of the one resource that a search finds; made when it finds none (https://hl7.org/fhir/R4/http.html#cond-update)."""
    permitted = permit(call, resource, Interaction.UPDATE, served)
    body = _sent(request, resource)
    query = conditional.without_result_parameters(request.query)
    with conditional.one_at_a_time(resource, query):
        known = conditional.the_match(query, call, resource, served)
        if known is None:
            if "id" in body or resource.create is None:
                raise _no_update_as_create(resource)
            permit(call, resource, Interaction.CREATE, served).check_sent(body)
            return _created(body, request, call, resource, served)
        if body.setdefault("id", known.id) != known.id:
            raise InvalidInput("another resource is found", at=f"{resource.type}.id")
        permitted.check_found(known.body)
        permitted.check_sent(body)
        return _updated(known.id, body, request, call, resource, served)


def delete(request: Request, call: Call, resource: Resource, served: Served) -> Answer:
    permitted = permit(call, resource, Interaction.DELETE, served)
    name = request.target.id
    if permitted.within:
        permitted.check_found(resource.read(call, name).body)
    _offered(resource.delete)(call, name)
    return Answer(status=HTTPStatus.NO_CONTENT)


def _offered(interaction: Callable[P, T] | None) -> Callable[P, T]:
    if interaction is None:
        raise NotFound("there is no such interaction")
    return interaction


def _found(target: Target, call: Call, resource: Resource) -> Version:
    if not target.version:
        return resource.read(call, target.id)
    for version in _offered(resource.history)(call, target.id):
        if version.version == target.version:
            if version.deleted:
                raise Gone("it was deleted with this version")
            return version
    raise NotFound(f"there is no such version of this {resource.type}")


def _has_it(request: Request, version: Version) -> bool:
    """Whether the client's copy is this version; If-None-Match comes first (RFC 9110, 13.2.2)."""
    if request.if_none_match:
        # A version without its quotation marks, as some clients send it, can mean one thing only.
        bare = ID.fullmatch(request.if_none_match)
        known = [request.if_none_match] if bare else versions_of(request.if_none_match)
        return version.version in known or "*" in known
    since = parse_http_date_safe(request.if_modified_since)
    if since is None or version.updated is None:
        return False
    return version.updated.replace(microsecond=0) <= datetime.fromtimestamp(since, UTC)


def _sent(request: Request, resource: Resource) -> Body:
    """The resource that was sent, without what only the server says of it."""
    body: Any = request.read_body()
    if body is None:
        raise InvalidInput("a resource is expected in the body")
    check(body, type=resource.type)
    meta = {
        name: value
        for name, value in body.get("meta", {}).items()
        if name.lstrip("_") not in ("versionId", "lastUpdated")
    }
    sent = {name: value for name, value in body.items() if name != "meta"}
    return sent | ({"meta": meta} if meta else {})


def _created(
    body: Body, request: Request, call: Call, resource: Resource, served: Served
) -> Answer:
    body = {name: value for name, value in body.items() if name != "id"}  # the server chooses it
    try:
        version = _offered(resource.create)(call, Element(path=resource.type, value=body))
    except InvalidInput as error:
        raise Unprocessable(error.text, at=error.at) from error
    return _written(HTTPStatus.CREATED, version, request, call, resource, served)


def _updated(
    id: str, body: Body, request: Request, call: Call, resource: Resource, served: Served
) -> Answer:
    expected = versions_of(request.if_match) if request.if_match else []
    if len(expected) > 1:
        raise InvalidInput("If-Match names one version")
    newest = expected[0] if expected and expected != ["*"] else None
    try:
        sent = Element(path=resource.type, value=body)
        version = _offered(resource.update)(call, id, sent, newest)
    except InvalidInput as error:
        raise Unprocessable(error.text, at=error.at) from error
    except NotFound:
        if expected:
            raise PreconditionFailed("there is no such version: read the resource again") from None
        raise _no_update_as_create(resource) from None
    return _written(HTTPStatus.OK, version, request, call, resource, served)


def _written(
    status: HTTPStatus,
    version: Version,
    request: Request,
    call: Call,
    resource: Resource,
    served: Served,
) -> Answer:
    """As preferred; whoever may not read it is not shown it."""
    body: Body | None = version.body
    if request.preferred is Return.MINIMAL or not may(call, resource, Interaction.READ, served):
        body = None
    elif request.preferred is Return.OUTCOME:
        body = outcome("information", "informational", "the resource is as it was sent")
    address = f"{call.base}/{resource.type}/{version.id}"
    if resource.history:
        address += f"/_history/{version.version}"
    return Answer(status=status, body=body, version=version, location=address)


def _no_update_as_create(resource: Resource) -> NotThisWay:
    return NotThisWay(
        HTTPStatus.METHOD_NOT_ALLOWED,
        f"there is no such {resource.type}, and an update makes none: create it by POST",
        headers={"Allow": ", ".join(_READS)},
    )
