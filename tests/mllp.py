"""HL7 v2 as hospitals' systems speak it: an MLLP server over this process's database, and senders to it."""

import socket
import ssl
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

import hl7

from config.mllp import edge
from config.mllp_options import MllpOptions
from salus.hl7v2.edge import Edge
from salus.hl7v2.framing import framed
from salus.hl7v2.server import Answerer, Limits, Server
from tests.authority import Authority, Identity
from tests.listening import port_of

SCOPE = "system/Patient.cruds"
_numbers = count(1)


def edge_for(client_id: str = "", **options: Any) -> Edge:
    """That of an installation where this client alone speaks."""
    return edge(replace(MllpOptions.of({}, port=None), client=client_id, **options))


def listening(
    answer: Answerer, *, limits: Limits | None = None, tls: ssl.SSLContext | None = None
) -> AbstractContextManager[int]:
    """The port of a server in a thread of its own, which stops as that of `salus serve` does."""
    return port_of(lambda: Server(answer, limits), tls=tls)


@dataclass(kw_only=True)
class Line:
    """One connection."""

    port: int
    tls: ssl.SSLContext | None = None
    host: str = "localhost"
    _rest: bytes = field(default=b"", init=False)

    def __enter__(self) -> "Line":
        plain = socket.create_connection(("127.0.0.1", self.port), timeout=60)
        self.socket = self.tls.wrap_socket(plain, server_hostname=self.host) if self.tls else plain
        return self

    def __exit__(self, *_error: object) -> None:
        self.socket.close()

    def send(self, content: bytes) -> None:
        self.socket.sendall(content)

    def answer(self) -> hl7.Message:
        """The next one, read by a program that knows nothing of ours."""
        return hl7.parse(self.raw_answer().decode())

    def raw_answer(self) -> bytes:
        while b"\x1c\r" not in self._rest:
            data = self.socket.recv(65536)
            assert data, "the line was closed without an answer"
            self._rest += data
        content, _, self._rest = self._rest.partition(b"\x1c\r")
        return content.removeprefix(b"\x0b")

    def ask(self, text: str) -> hl7.Message:
        self.send(framed(text.encode()))
        return self.answer()

    def is_closed(self) -> bool:
        return self.socket.recv(1) == b""


def tls_with(authority: Authority, identity: Identity | None) -> ssl.SSLContext:
    """That of a client which trusts the authority, and shows the identity."""
    context = ssl.create_default_context(cafile=authority.file)
    if identity:
        context.load_cert_chain(identity.certificate, identity.key)
    return context


def asked(port: int, text: str) -> hl7.Message:
    """One message on a line of its own."""
    with Line(port=port) as line:
        return line.ask(text)


def control_id() -> str:
    return f"T{next(_numbers):07}"


def header(
    type: str,
    *,
    version: str = "2.5",
    charset: str = "UNICODE UTF-8",
    processing: str = "P",
    id: str = "",
) -> str:
    return (
        f"MSH|^~\\&|KIS|HOSPITAL|SALUS|AGENCY|20261127120000||{type}|{id or control_id()}"
        f"|{processing}|{version}||||||{charset}\r"
    )


def adt(event: str, pid: str, *, version: str = "2.3.1", more: str = "", **head: str) -> str:
    return header(f"ADT^{event}", version=version, **head) + f"EVN||20261127120000\r{pid}\r{more}"


def pid(
    *identifiers: str,
    name: str = "Zwilling^Anna",
    born: str = "19800229",
    sex: str = "F",
    address: str = "1, rue des Bains^^Luxembourg^^1212^LUX^H",
) -> str:
    return f"PID|1||{'~'.join(identifiers)}||{name}||{born}|{sex}|||{address}"


def pix(identifier: str, *domains: str, **head: str) -> str:
    qpd = f"QPD|IHE PIX Query|Q{control_id()}|{identifier}|{'~'.join(domains)}\r"
    return header("QBP^Q23^QBP_Q21", **head) + qpd + "RCP|I\r"


def pdq(
    *parameters: str, domains: str = "", limit: str = "", pointer: str = "", **head: str
) -> str:
    qpd = f"QPD|IHE PDQ Query|Q{control_id()}|{'~'.join(parameters)}|||||{domains}".rstrip("|")
    dsc = f"DSC|{pointer}|I\r" if pointer else ""
    return header("QBP^Q22^QBP_Q21", **head) + f"{qpd}\rRCP|I|{limit}\r{dsc}"


def told(answer: hl7.Message) -> tuple[str, str]:
    """The acknowledgement, and the code of the first error."""
    try:
        error = answer.segment("ERR")
    except KeyError:
        return str(answer["MSA.1"]), ""
    old = str(answer["MSH.12"]) < "2.5"
    return str(answer["MSA.1"]), str(error(1)(1)(4)(1) if old else error(3)(1)(1))
