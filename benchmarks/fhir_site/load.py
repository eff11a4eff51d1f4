"""Clients of a running site: several connections that ask as fast as they are answered, and what it costs the site."""

import json
import os
import re
import socket
import time
from base64 import b64encode
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from urllib.request import Request, urlopen

from tools.measuring import descendants

_LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)
_TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, kw_only=True)
class Rate:
    """Of one side of one case."""

    per_second: float
    processor: float  # milliseconds of the site's processes for one request, its database included


@dataclass(frozen=True, kw_only=True)
class Load:
    port: int
    server: int  # the process that is the parent of all others
    connections: int

    def of(self, requests: Sequence[bytes], *, status: int) -> Rate:
        shares = [requests[n :: self.connections] for n in range(self.connections)]
        with ThreadPoolExecutor(self.connections) as pool:
            spent, begun = processor_time(self.server), time.perf_counter()
            for _ in pool.map(lambda share: self._ask(share, status), shares):
                pass
            seconds = time.perf_counter() - begun
        spent = processor_time(self.server) - spent
        return Rate(per_second=len(requests) / seconds, processor=1000 * spent / len(requests))

    def _ask(self, requests: Sequence[bytes], status: int) -> None:
        with socket.create_connection(("127.0.0.1", self.port)) as line:
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for request in requests:
                line.sendall(request)
                _read_answer(line, status)


def _read_answer(line: socket.socket, status: int) -> None:
    head, separator, body = b"", b"", b""
    while not separator:
        head, separator, body = (head + line.recv(65536)).partition(b"\r\n\r\n")
    length = _LENGTH.search(head)
    assert head.split(maxsplit=2)[1] == b"%d" % status, head
    assert length, head
    left = int(length[1]) - len(body)
    while left > 0:
        left -= len(line.recv(65536))


def spelled(path: str, body: bytes, *, port: int, token: str = "") -> bytes:
    """As bytes on the line."""
    lines = [
        f"{'POST' if body else 'GET'} {path} HTTP/1.1",
        f"Host: localhost:{port}",
        "Accept: application/fhir+json",
    ]
    if token:
        lines.append(f"Authorization: Bearer {token}")
    if body:
        lines += ["Content-Type: application/fhir+json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


def token(port: int, client: str, secret: str) -> str:
    """A new one: they live for five minutes."""
    pair = b64encode(f"{client}:{secret}".encode()).decode()
    asked = Request(
        f"http://localhost:{port}/oauth/token",
        b"grant_type=client_credentials",
        headers={"Authorization": f"Basic {pair}"},
    )
    with urlopen(asked) as answer:
        return str(json.load(answer)["access_token"])


def processor_time(server: int) -> float:
    """Seconds that a process and all below it have had."""
    ticks = 0
    for one in descendants(server):
        try:
            _, _, rest = Path(f"/proc/{one}/stat").read_text().rpartition(")")
        except OSError:  # ended meanwhile
            continue
        ticks += sum(map(int, rest.split()[11:13]))
    return ticks / _TICK
