"""Every route and method x every kind of actor, against the table in docs/reference/access-matrix.md."""

import logging
import re
import shutil
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import count, cycle, product
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from django.core.cache import cache
from django.db import transaction
from django.test import Client
from django.urls import Resolver404, resolve

from salus.fhir import exact_json
from salus.kernel.page import Rule, rule_of
from tests.access_matrix import METHODS, TABLE, Row, World, made, rows
from tests.unit.test_page_rules import mounted

Cell = tuple[Row, str, str, str]  # with method, address, actor


@pytest.fixture(scope="module")
def world(nation: Path) -> World:
    cache.clear()
    shutil.rmtree(
        nation / "reports", ignore_errors=True
    )  # files that another module's editions left
    return made()


class Walk:
    """What is wrong, in words."""

    def __init__(self, world: World) -> None:
        self.world = world
        # One for all: each client makes the middleware anew.
        self.client = Client(SERVER_NAME="localhost", raise_request_exception=False)
        self.wrong: list[str] = []
        self.absent: dict[tuple[str, ...], dict[str, str]] = defaultdict(dict)  # texts of 404s

    def ask(self, method: str, row: Row, address: str, actor: str) -> Any:
        """Nothing that is done stays: the next cell finds the world as it was."""
        headers = {"accept-language": "en"}
        self.client.cookies.clear()
        if token := self.world.tokens.get(actor):
            headers["authorization"] = f"Bearer {token}"
        if cookie := self.world.cookies.get(actor):
            self.client.cookies["sessionid"] = cookie
        content, content_type = b"", "application/fhir+json"
        body = self.world.bodies.get(f"{method} {row.address}", {})
        if isinstance(body, bytes):
            content, content_type = body, "application/soap+xml"
        elif "resourceType" in body:
            content = exact_json.dump(body).encode()
        elif row.path.startswith("/eligibility/v1/"):
            content, content_type = exact_json.dump(body).encode(), "application/json"
        elif method == "POST" and (not _is_fhir(row) or row.path.endswith("/_search")):
            content = urlencode(body or {"_count": 1}).encode()
            content_type = "application/x-www-form-urlencoded"
        cache.clear()  # of failed attempts, which are counted
        with transaction.atomic():
            answer = self.client.generic(
                method, address, content, content_type=content_type, headers=headers
            )
            if answer.streaming:
                b"".join(answer)
            transaction.set_rollback(True)
        return answer

    def check(self, row: Row, method: str, address: str, actor: str) -> None:
        answer = self.ask(method, row, address, actor)
        faults = [*self._faults(answer, method, row, address, actor)]
        if answer.status_code != row.statuses[actor]:
            faults.append(f"{answer.status_code} instead of {row.statuses[actor]}")
        self.wrong += [
            f"line {row.line}: {method} {row.address} by {actor}: {fault}" for fault in faults
        ]

    def _faults(
        self, answer: Any, method: str, row: Row, address: str, actor: str
    ) -> Iterator[str]:
        status, caches = answer.status_code, answer.headers.get("Cache-Control", "")
        is_fhir = _is_fhir(row)
        if status >= 500:
            yield f"an error of ours: {status}"
        if status == 401 and "WWW-Authenticate" not in answer.headers:
            yield "a 401 says how to authenticate (RFC 9110, section 15.5.2)"
        if is_fhir and status >= 400 and method != "HEAD" and not _is_outcome(answer.content):
            yield "a refusal on FHIR is an OperationOutcome"
        is_door = _is_for_software(address)
        if is_door and (answer.cookies or "sandbox" not in answer["Content-Security-Policy"]):
            yield "a door for software sets no cookie, and nothing that comes from it runs in a browser"
        by_whom = self.world.tokens if is_fhir else {} if is_door else self.world.cookies
        if actor in by_whom and caches != "no-store":
            yield f"what is personal stays out of caches, not {caches!r}"
        if status == 404:
            # To one actor, whatever is forbidden looks like whatever is absent of its kind.
            kind = (method, actor, _place(address.partition("?")[0]))
            said = self.absent[kind]
            said.setdefault(_text(answer.content), address)
            if len(said) > 1:
                yield f"this 404 tells it apart from {next(iter(said.values()))}"


def _is_for_software(address: str) -> bool:
    try:
        return rule_of(resolve(address.partition("?")[0]).func) is Rule.SOFTWARE
    except Resolver404:
        return False


def _is_fhir(row: Row) -> bool:
    return re.match(r"/fhir(/(?!\.well-known)|$)", row.path) is not None


def _is_outcome(content: bytes) -> bool:
    body: Any = exact_json.parse(content)
    return bool(body["resourceType"] == "OperationOutcome")


def _text(content: bytes) -> str:
    """Without what differs from request to request by itself."""
    return re.sub(
        r'(name="(csrfmiddlewaretoken|next)" value="|"request_id":")[^"]*', r"\1", content.decode()
    )


def cells(world: World) -> Iterator[Cell]:
    """All of them."""
    for row in rows():
        for method, address in product(row.methods, world.addresses(row.address)):
            for actor in row.statuses:
                yield row, method, address, actor


def most_telling(world: World) -> Iterator[Cell]:
    """By GET one actor of each column; by the other methods, which answer few, one of each of two
    columns. Addresses, columns and actors take turns."""
    turn = count()
    for row in rows():
        addresses = cycle(world.addresses(row.address))
        for method in row.methods:
            columns: tuple[tuple[str, ...], ...] = row.columns
            if method != "GET":
                columns = tuple(row.columns[next(turn) % len(row.columns)] for _ in range(2))
            for column in columns:
                yield row, method, next(addresses), column[next(turn) % len(column)]


def walked(world: World, cells: Iterable[Cell]) -> str:
    """What is wrong, a line for each."""
    walk = Walk(world)
    logging.disable(logging.CRITICAL)  # of thousands of refusals, each of which is looked at here
    try:
        for cell in cells:
            walk.check(*cell)
    finally:
        logging.disable(logging.NOTSET)
    return "\n".join(walk.wrong)


def test_the_most_telling_cells_are_as_the_table_says(world: World) -> None:
    wrong = walked(world, most_telling(world))
    assert not wrong, f"{TABLE}\n{wrong}"


@pytest.mark.prove
def test_every_cell_is_as_the_table_says(world: World) -> None:
    wrong = walked(world, cells(world))
    assert not wrong, f"{TABLE}\n{wrong}"


def served() -> set[str]:
    """The types of the CapabilityStatement, which a test of its own holds to the truth."""
    statement = Client(SERVER_NAME="localhost").get("/fhir/metadata").json()
    return {resource["type"] for resource in statement["rest"][0]["resource"]}


def test_every_route_type_and_method_has_a_row_and_no_row_is_of_what_is_gone(world: World) -> None:
    named: dict[str, set[str]] = defaultdict(set)
    gone = []
    for row in rows():
        for address in world.addresses(row.path):
            try:
                place = _place(address)
            except Resolver404:
                gone.append(f"line {row.line}: no route leads to {row.address}: take the row out")
                continue
            if any(method in named[f"{row.address} {place}"] for method in row.methods):
                gone.append(f"line {row.line}: the methods of {row.address} stand in two rows")
            named[place] |= {*row.methods}
            named[f"{row.address} {place}"] |= {*row.methods}
    missing = [
        f"{place} has no row for {method}: add one to {TABLE.name}"
        for place in sorted(_places())
        for method in METHODS
        if method not in named[place]
    ]
    wrong = "\n".join([*gone, *missing])
    assert not wrong, f"{TABLE}\n{wrong}"


def test_every_operation_has_a_row() -> None:
    statement = Client(SERVER_NAME="localhost").get("/fhir/metadata").json()
    (rest,) = statement["rest"]
    offered = {
        "/".join(filter(None, ["/fhir", place.get("type"), f"${one['name']}"]))
        for place in [*rest["resource"], rest]
        for one in place.get("operation", ())
    }
    assert offered <= {row.path for row in rows()}


def _places() -> Iterator[str]:
    """What needs rows: each route, and those of FHIR for each type that is served."""
    for path, _entry in mounted():
        route = path.removeprefix("/").replace("/^", "/")  # as Django joins them
        if "<str:type>" in route:
            yield from (route.replace("<str:type>", name) for name in served())
        else:
            yield route


def _place(address: str) -> str:
    match = resolve(address)
    return match.route.replace("<str:type>", match.kwargs.get("type", ""))
