"""Bodies that are too large, over a real web server: refused in words, and never held in memory."""

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from salus.fhir import exact_json, xml
from salus.fhir.negotiation import MOST_BYTES
from tests.fhir_edge import basic, mounted

MIB = 2**20
LARGE = 100 * MIB
MOST_GROWTH = 3 * MOST_BYTES  # of the process, whatever is sent


@dataclass(frozen=True, kw_only=True)
class Server:
    port: int
    pid: int

    def peak(self) -> int:
        """Bytes that its largest process ever had in memory."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        return max(_peak(pid) for pid in [str(self.pid), *children])

    def post(self, pieces: Iterator[bytes], *, kind: str, length: int | None) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("localhost", self.port, timeout=60)
        headers = {"Content-Type": kind, "Authorization": "Bearer all"}
        if length is not None:
            headers["Content-Length"] = str(length)
        try:
            connection.request(
                "POST", "/fhir/Basic", pieces, headers, encode_chunked=length is None
            )
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()


def _peak(pid: str) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    (peak,) = (line.split()[1] for line in lines if line.startswith("VmHWM"))
    return int(peak) * 1024


@pytest.fixture(scope="module")
def server(database: Path) -> Iterator[Server]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    program = ["granian", "tests.fhir_edge_wsgi:application", "--interface", "wsgi", "--no-ws"]
    options = ["--port", str(port), "--workers", "1", "--log-level", "warning"]
    with mounted(database):
        process = subprocess.Popen(
            [sys.executable, "-m", *program, *options], env=os.environ | {"SALUS_ROLE": "app"}
        )
        try:
            server = Server(port=port, pid=process.pid)
            while _status_of_a_small_one(server) != 201:
                assert process.poll() is None
                time.sleep(0.1)
            yield server
        finally:
            process.terminate()
            process.wait()


def _status_of_a_small_one(server: Server) -> int:
    content = exact_json.dump(basic()).encode()
    try:
        return server.post(iter([content]), kind="application/json", length=len(content))[0]
    except OSError:
        return 0


def large(start: bytes, piece: bytes) -> Iterator[bytes]:
    yield start
    for _ in range((LARGE - len(start)) // MIB):
        yield piece * (MIB // len(piece))
    yield piece[:1] * ((LARGE - len(start)) % MIB)


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize(
    ("kind", "start", "piece"),
    [
        ("application/fhir+json", b'{"resourceType":"Basic","id":"', b"a"),
        ("application/fhir+json", b"[", b"[[[["),
        ("application/fhir+xml", b'<Basic xmlns="http://hl7.org/fhir">', b"<a>x"),
    ],
)
def test_a_body_of_100_mb_is_refused_without_being_held(
    server: Server, kind: str, start: bytes, piece: bytes, chunked: bool
) -> None:
    before = server.peak()
    length = None if chunked else LARGE
    status, content = server.post(large(start, piece), kind=kind, length=length)
    assert status == 413
    assert exact_json.parse(content)["issue"][0]["code"] == "too-long"
    assert server.peak() - before < MOST_GROWTH
    assert _status_of_a_small_one(server) == 201


def test_the_largest_body_of_the_least_sense_takes_bounded_memory(server: Server) -> None:
    before = server.peak()
    for kind, start, piece in (
        ("application/fhir+json", b"[", b"[],"),
        ("application/fhir+json", b"[", b'{"a":1},'),
        ("application/fhir+xml", b'<Basic xmlns="http://hl7.org/fhir">', b"<a/>"),
    ):
        content = (start + piece * (MOST_BYTES // len(piece)))[: MOST_BYTES - 1]
        status, told = server.post(iter([content]), kind=kind, length=len(content))
        assert status == 400
        assert exact_json.parse(told)["issue"][0]["code"] == "invalid"
    assert server.peak() - before < 2 * MOST_GROWTH


def test_a_document_of_ten_megabytes_is_taken_in(server: Server) -> None:
    """In base64, as an attachment: it is longer than any string may be."""
    attachment = {"contentType": "application/pdf", "data": "QUFB" * (10 * MIB // 3)}
    body = basic(extension=[{"url": "urn:x", "valueAttachment": attachment}])
    for kind, content in (
        ("application/fhir+json", exact_json.dump(body).encode()),
        ("application/fhir+xml", xml.dump(body).encode()),
    ):
        status, _ = server.post(iter([content]), kind=kind, length=len(content))
        assert status == 201


def test_a_body_that_ends_early_is_no_body(server: Server) -> None:
    head = (
        "POST /fhir/Basic HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer all\r\n"
        "Content-Type: application/fhir+json\r\nContent-Length: 100\r\n\r\n{}"
    )
    with socket.create_connection(("localhost", server.port), timeout=10) as line:
        line.sendall(head.encode())
        line.shutdown(socket.SHUT_WR)
        told = line.recv(65536)
    assert told == b"" or told.startswith(b"HTTP/1.1 400")
    assert _status_of_a_small_one(server) == 201
