"""Writes that depend on what a search finds: https://hl7.org/fhir/R4/http.html#ccreate, #cond-update"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from urllib.parse import parse_qsl

from django.db import connection, transaction

from salus.fhir.authorization import permit
from salus.fhir.resource import Call, Resource, Served, Version
from salus.fhir.search import read_search, within
from salus.kernel.errors import InvalidInput, PreconditionFailed, SalusError
from salus.kernel.scopes import Interaction

_OF_RESULTS = ("_format", "_pretty", "_count", "_sort", "_summary", "_elements", "_total")

Query = Sequence[tuple[str, str]]


def query_of(text: str) -> Query:
    """Of a header or a reference. Raises InvalidInput."""
    _, _, query = text.rpartition("?")
    return without_result_parameters(parse_qsl(query, keep_blank_values=True))


def without_result_parameters(query: Query) -> Query:
    """What asks for resources; a condition that asks for nothing would mean any resource."""
    asked = [pair for pair in query if pair[0] not in _OF_RESULTS]
    if not asked:
        raise InvalidInput("a condition needs search parameters, such as identifier=system|value")
    return asked


def check_that_none_is_unheard(query: Query) -> None:
    """A create takes its condition from a header alone; with one in its address it would create what is there."""
    if any(pair[0] not in _OF_RESULTS for pair in query):
        raise InvalidInput("a create takes its condition from If-None-Exist, not from the address")


def the_match(query: Query, call: Call, resource: Resource, served: Served) -> Version | None:
    """What the search finds; None: nothing. Raises PreconditionFailed for more than one."""
    permitted = permit(call, resource, Interaction.SEARCH, served)
    asked = read_search([*query, ("_count", "2")], resource, served, call, strict=True)
    find = resource.condition or resource.search
    found = find(call, within(asked, permitted.within).search).matches
    if len(found) > 1:
        raise PreconditionFailed(f"the condition finds more than one {resource.type}")
    return found[0] if found else None


@contextmanager
def one_at_a_time(resource: Resource, query: Query) -> Iterator[None]:
    """One transaction in which nobody else looks under the same condition: two at once would both find nothing.

    An error ends it without undoing it: what a service refuses leaves an event, and is refused as a whole.
    """
    name = sha256(repr((resource.type, sorted(query))).encode()).digest()[:8]
    with transaction.atomic():
        with connection.cursor() as cursor:
            key = int.from_bytes(name, signed=True)
            cursor.execute("select pg_advisory_xact_lock(%s)", [key])
        refusal = None
        try:
            yield
        except SalusError as error:
            refusal = error
    if refusal:
        raise refusal
