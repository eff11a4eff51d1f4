"""Sends a message to somebody else's MLLP server, and waits for its acknowledgement."""

import ipaddress
import socket
import ssl

from salus.hl7v2.framing import Frames, framed
from salus.hl7v2.message import Message, read
from salus.hl7v2.refusal import Rejected
from salus.kernel.errors import SalusError

_MOST = 2**16  # bytes of an acknowledgement
_TIMEOUT = 30.0  # seconds, of each step
_TAKEN = ("AA", "CA")


class NotAcknowledged(SalusError):
    """The other side did not say that it has taken the message; the text quotes nothing of what it said."""


def send(
    content: bytes, *, control_id: str, host: str, port: int, tls: ssl.SSLContext | None
) -> None:
    """Returns once the message was accepted. Raises NotAcknowledged. Without TLS on this machine alone."""
    if tls is None and not _is_here(host):
        raise NotAcknowledged("HL7 v2 without TLS is for this machine alone")
    try:
        with socket.create_connection((host, port), timeout=_TIMEOUT) as plain:
            if tls is None:
                answer = _asked(plain, content)
            else:
                with tls.wrap_socket(plain, server_hostname=host) as line:
                    answer = _asked(line, content)
    except (OSError, Rejected) as error:
        raise NotAcknowledged(f"nobody took the message ({type(error).__name__})") from None
    said = answer.first("MSA")
    if said is None or said.text(1) not in _TAKEN or said.text(2) != control_id:
        raise NotAcknowledged("the message was not accepted")


def tls_towards(certificate: str, key: str, trusted: str) -> ssl.SSLContext:
    """Both sides show a certificate (ITI-19), the other one of a name that fits its host."""
    context = ssl.create_default_context(cafile=trusted)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key)
    return context


def _asked(line: socket.socket, content: bytes) -> Message:
    line.sendall(framed(content))
    frames = Frames(_MOST)
    while data := line.recv(_MOST):
        for frame in frames.feed(data):
            return read(frame.content)
        if frames.skipped > _MOST:
            break
    raise ConnectionError


def _is_here(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
