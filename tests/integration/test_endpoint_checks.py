"""Electronic addresses are called for real, on this machine; what was found is noted, and ages by one rule."""

import http.server
import json
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.test import Client, override_settings

from salus.directory.actions import change, check_endpoints, source_named
from salus.directory.calling import Fault, call
from salus.directory.endpoints import Why, stale, status_shown
from salus.directory.endpoints import health_of as health
from salus.directory.lines import Line
from salus.directory.models import Endpoint, How, Kind, Organization
from salus.kernel.actor import Actor, Role
from tests.authority import Authority
from tests.conftest import new_folder

ACTOR = Actor(role=Role.SYSTEM, system="test")
AT = datetime(2025, 3, 3, 12, tzinfo=UTC)
FHIR, OTHER = "hl7-fhir-rest", "ihe-xds"
SIX_HOURS = timedelta(hours=6)
STATEMENT = json.dumps({"resourceType": "CapabilityStatement"}).encode()


class _Answers(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        code, body = {
            "/fhir/metadata": (200, STATEMENT),
            "/outcome/metadata": (200, b'{"resourceType": "OperationOutcome"}'),
            "/deep/metadata": (200, b"[" * 200_000),
            "/large/metadata": (200, STATEMENT + b" " * 2**22),
            "/closed": (401, b""),
            "/closed/metadata": (401, b""),
            "/failed": (500, b""),
            "/broken": (503, b""),
        }.get(self.path, (404, b""))
        self.send_response(code)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextmanager
def server(tls: ssl.SSLContext | None = None) -> Iterator[int]:
    with http.server.ThreadingHTTPServer(("localhost", 0), _Answers) as listening:
        if tls:
            listening.socket = tls.wrap_socket(listening.socket, server_side=True)
        thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield listening.server_port
        finally:
            listening.shutdown()
            thread.join()


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with server() as port:
        yield port


@pytest.fixture
def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def rolled_back(database: Path) -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.mark.parametrize(
    ("path", "type", "fault"),
    [
        ("/fhir", FHIR, None),
        ("/fhir/", FHIR, None),
        ("/outcome", FHIR, Fault.CONTENT),
        ("/deep", FHIR, Fault.CONTENT),
        ("/large", FHIR, Fault.CONTENT),
        ("/nothing", FHIR, Fault.STATUS),
        ("/closed", FHIR, Fault.STATUS),
        ("/nothing", OTHER, None),
        ("/closed", OTHER, None),
        ("/failed", OTHER, Fault.STATUS),
        ("/broken", OTHER, Fault.STATUS),
    ],
)
@override_settings(DEMO=True)
def test_what_is_asked_by_http(port: int, path: str, type: str, fault: Fault | None) -> None:
    assert call(f"http://localhost:{port}{path}", connection_type=type).fault == fault


@override_settings(DEMO=True)
def test_other_protocols_are_asked_for_a_connection(port: int, closed_port: int) -> None:
    assert call(f"mllp://localhost:{port}", connection_type="hl7v2-mllp").fault is None
    silent = call(f"mllp://localhost:{closed_port}", connection_type="hl7v2-mllp")
    assert silent.fault == Fault.REFUSED


@override_settings(DEMO=True)
def test_who_ends_the_line_is_broken() -> None:
    with socket.create_server(("localhost", 0)) as listening:

        def hang_up() -> None:
            listening.accept()[0].close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        found = call(f"http://localhost:{listening.getsockname()[1]}/", connection_type=OTHER)
        thread.join()
    assert found.fault == Fault.BROKEN


@pytest.mark.parametrize(
    ("address", "fault"),
    [
        ("http://directory.example/fhir", Fault.ADDRESS),  # without TLS
        ("https://192.168.1.7/fhir", Fault.ADDRESS),
        ("https://localhost/fhir", Fault.ADDRESS),
        ("https://somebody:secret@hospital.example/fhir", Fault.ADDRESS),
        ("mllp://hospital.example", Fault.ADDRESS),
        ("mllp://hospital.example:99999", Fault.ADDRESS),
        ("mllp://localhost:2575", Fault.PRIVATE),
        ("mllp://127.0.0.1:2575", Fault.PRIVATE),
        ("mllp://[::1]:2575", Fault.PRIVATE),
        ("mllp://10.0.0.1:2575", Fault.PRIVATE),
        ("mllp://169.254.169.254:80", Fault.PRIVATE),
    ],
)
def test_nothing_within_is_called(address: str, fault: Fault) -> None:
    assert call(address, connection_type=OTHER).fault == fault


PUBLIC, WITHIN = "198.41.0.4", "127.0.0.1"


@pytest.mark.parametrize(
    ("answers", "fault"),
    [
        ([[PUBLIC, WITHIN]], Fault.PRIVATE),  # one of several is enough
        ([[PUBLIC], [WITHIN]], Fault.REFUSED),  # it leads elsewhere a moment later
    ],
)
def test_a_name_is_asked_once_and_all_of_its_answers_count(
    port: int, monkeypatch: pytest.MonkeyPatch, answers: list[list[str]], fault: Fault
) -> None:
    """The names of the world are played; nothing is sent to a public address."""
    left = iter(answers)

    def names(host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        if host == PUBLIC:
            raise ConnectionRefusedError
        kind = (socket.AF_INET, socket.SOCK_STREAM, 6, "")
        return [(*kind, (address, port)) for address in next(left)]

    monkeypatch.setattr(socket, "getaddrinfo", names)
    assert call(f"mllp://hospital.example:{port}", connection_type="hl7v2-mllp").fault == fault


@override_settings(DEMO=True)
def test_the_certificate_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    authority = Authority(new_folder())
    ours = authority.identity("localhost")
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(ours.certificate, ours.key)
    with server(tls) as port:
        address = f"https://localhost:{port}/fhir"
        assert call(address, connection_type=FHIR).fault == Fault.CERTIFICATE
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
        found = call(address, connection_type=FHIR)
    assert found.fault is None
    assert found.certificate_until is not None


def registered(*addresses: str) -> None:
    source = source_named("college", system="https://college.example", at=AT)
    hospital = Line(
        number=1,
        kind=Kind.ORGANIZATION,
        system="https://college.example",
        value="H",
        said={"name": "Hôpital", "type": "hospital"},
    )
    endpoints = [
        Line(
            number=number,
            kind=Kind.ENDPOINT,
            system="https://college.example",
            value=f"E{number}",
            said={
                "organization": "https://college.example|H",
                "connection_type": FHIR,
                "address": address,
            },
        )
        for number, address in enumerate(addresses, 2)
    ]
    change(actor=ACTOR, at=AT, source=source, how=How.FILE, lines=[hospital, *endpoints])


@override_settings(DEMO=True)
@pytest.mark.usefixtures("rolled_back")
def test_an_address_that_answers_is_noted(port: int) -> None:
    registered(f"http://localhost:{port}/fhir", "mailto:hospital@mail.example")
    assert check_endpoints(at=AT) == 1
    assert check_endpoints(at=AT + timedelta(hours=5)) == 0
    row = Endpoint.objects.get(address__startswith="http")
    assert (row.checked_at, row.answered_at, row.failures, row.fault) == (AT, AT, 0, "")
    assert row.version is None
    assert check_endpoints(at=AT + SIX_HOURS) == 1


def by_fhir(status: str) -> list[str]:
    client = Client(headers={"host": "localhost"})
    answered = client.get("/fhir/Endpoint", {"status": status}).json()
    return [entry["resource"]["status"] for entry in answered.get("entry", [])]


@override_settings(DEMO=True)
@pytest.mark.usefixtures("rolled_back")
def test_three_checks_and_a_day_without_an_answer_are_silence(closed_port: int) -> None:
    registered(f"http://localhost:{closed_port}/fhir")
    seen = []
    for check in range(5):
        at = AT + check * SIX_HOURS
        check_endpoints(at=at)
        row = Endpoint.objects.get()
        found = [one.why for one in stale(at=at)]
        assert by_fhir("error") == (["error"] if found else [])
        assert by_fhir("active") == ([] if found else ["active"])
        seen.append((row.failures, status_shown(row.status, health(row)), found))
    assert seen == [
        (1, "active", []),
        (2, "active", []),
        (3, "active", []),
        (4, "active", []),
        (5, "error", [Why.NO_ANSWER]),
    ]
    row = Endpoint.objects.get()
    assert (row.fault, row.version, row.changed_at) == (Fault.REFUSED, 2, AT + 4 * SIX_HOURS)
    assert [(one.organization_name, one.fault) for one in stale(at=AT)] == [("Hôpital", "refused")]
    assert stale(at=AT, organizations=[]) == []


@override_settings(DEMO=True)
@pytest.mark.usefixtures("rolled_back")
def test_one_answer_ends_the_silence(port: int) -> None:
    registered(f"http://localhost:{port}/fhir")
    Endpoint.objects.update(failures=7, checked_at=AT, answered_at=AT - timedelta(days=9))
    assert [one.why for one in stale(at=AT)] == [Why.NO_ANSWER]
    check_endpoints(at=AT + SIX_HOURS)
    row = Endpoint.objects.get()
    assert (row.failures, row.answered_at, row.version) == (0, AT + SIX_HOURS, 2)
    assert stale(at=AT + SIX_HOURS) == []


@pytest.mark.usefixtures("rolled_back")
def test_what_was_never_called_and_what_ends_soon() -> None:
    registered("https://hospital.example/fhir", "https://laboratory.example/fhir")
    day = AT + timedelta(hours=24)
    assert [one.why for one in stale(at=day)] == [Why.NEVER_CHECKED] * 2
    with override_settings(DEMO=True):  # nobody calls the addresses of a synthetic nation
        assert stale(at=day) == []
    Endpoint.objects.update(checked_at=AT, answered_at=AT, certificate_until=AT + timedelta(14))
    assert stale(at=AT) == []
    assert [one.why for one in stale(at=day)] == [Why.CERTIFICATE_ENDS] * 2


@override_settings(DEMO=True)
@pytest.mark.usefixtures("rolled_back")
@pytest.mark.parametrize(
    ("failures", "silent_for", "is_silent"),
    [
        (3, timedelta(hours=24), True),
        (3, timedelta(hours=24, seconds=-1), False),
        (2, timedelta(hours=99), False),
    ],
)
def test_silence_begins_with_the_third_check_a_day_after_the_last_answer(
    failures: int, silent_for: timedelta, is_silent: bool
) -> None:
    registered("https://hospital.example/fhir")
    Endpoint.objects.update(failures=failures, answered_at=AT, checked_at=AT + silent_for)
    assert bool(stale(at=AT)) is is_silent
    assert by_fhir("error") == (["error"] if is_silent else [])
    row = Endpoint.objects.get()
    assert status_shown("off", health(row)) == "off"  # nobody waits for an answer there


@override_settings(DEMO=True)
@pytest.mark.usefixtures("rolled_back")
def test_nobody_is_disturbed_and_nothing_called_that_is_not_in_use(closed_port: int) -> None:
    address = f"http://localhost:{closed_port}/fhir"
    registered("TEL:+352270000", "MailTo:hospital@mail.example", address)
    assert check_endpoints(at=AT) == 1
    Endpoint.objects.update(checked_at=None, failures=9, status="off")
    assert (check_endpoints(at=AT), stale(at=AT)) == (0, [])
    Endpoint.objects.update(status="active")
    Organization.objects.update(deregistered_at=AT)
    assert (check_endpoints(at=AT), stale(at=AT)) == (0, [])
