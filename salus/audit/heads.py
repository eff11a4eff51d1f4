"""Signed heads of the log, and their copies in a second folder.

A head says: at this time the log had this many events, and this was the root of their tree. Who has a head
can prove later that the log was changed before it. Hence each goes to a folder that may lie on another disk.
"""

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from salus.audit.log import Connection
from salus.kernel.data_folder import disk_errors
from salus.kernel.signing import Document, Signer

_LINES = 4096  # bytes: more than two lines
_SELECT = "select size, root, at, signature from audit_head"


@dataclass(frozen=True, kw_only=True)
class SignedHead:
    size: int
    root: bytes
    at: datetime
    signature: str

    @property
    def document(self) -> Document:
        """What is signed (salus.kernel.signing), with the signature."""
        return _statement(self.size, self.root, self.at) | {"signature": self.signature}

    @classmethod
    def from_document(cls, document: Any) -> "SignedHead":
        """Raises ValueError, KeyError or TypeError when it is no head."""
        return cls(
            size=int(document["size"]),
            root=bytes.fromhex(document["root"]),
            at=datetime.fromisoformat(document["at"]),
            signature=str(document["signature"]),
        )


def sign_head(signer: Signer, *, size: int, root: bytes, at: datetime) -> SignedHead:
    return SignedHead.from_document(signer.sign(_statement(size, root, at)))


def _statement(size: int, root: bytes, at: datetime) -> Document:
    instant = at.astimezone(UTC).isoformat(timespec="microseconds")
    return {"size": size, "root": root.hex(), "at": instant}


def add_head(connection: Connection, head: SignedHead) -> None:
    connection.execute(
        "insert into audit_head (size, at, root, signature) values (%s, %s, %s, %s)",
        [head.size, head.at, head.root, head.signature],
    )


def newest_head(connection: Connection) -> SignedHead | None:
    row = connection.execute(f"{_SELECT} order by size desc limit 1").fetchone()
    return _head(*row) if row else None


def head_of(connection: Connection, size: int) -> SignedHead | None:
    """The head of a tree of just this size."""
    row = connection.execute(f"{_SELECT} where size = %s", [size]).fetchone()
    return _head(*row) if row else None


def heads_after(connection: Connection, size: int) -> Iterator[SignedHead]:
    """The heads of a larger tree, smallest first."""
    while page := connection.execute(
        f"{_SELECT} where size > %s order by size limit 10000", [size]
    ).fetchall():
        for row in page:
            yield (head := _head(*row))
        size = head.size


def _head(size: int, root: bytes, at: datetime, signature: str) -> SignedHead:
    """Of the columns of _SELECT."""
    return SignedHead(size=size, root=bytes(root), at=at, signature=signature)


class Copies:
    """The second folder: one file a month, one head a line, only ever appended to."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def keys_file(self) -> Path:
        """The public keys that signed them, as a JWK Set."""
        return self._folder / "keys.json"

    def make(self) -> None:
        with disk_errors(self._folder):
            self._folder.mkdir(mode=0o755, parents=True, exist_ok=True)

    def lines(self) -> Iterator[str]:
        """Every whole line, oldest first. Of a head whose writing was interrupted there is no line end."""
        for file in self._files():
            with file.open(encoding="utf-8", errors="replace") as lines:
                yield from (line for line in lines if line.endswith("\n"))

    def newest(self) -> SignedHead | None:
        for file in reversed(self._files()):
            with file.open("rb") as lines:
                *_, last, _torn = [b"", *_tail(lines.fileno()).split(b"\n")]
            if last:
                return SignedHead.from_document(json.loads(last))
        return None

    def append(self, heads: Iterable[SignedHead]) -> None:
        """Add heads; they are on disk when this returns."""
        for head in heads:
            file = self._folder / f"{head.at.astimezone(UTC):%Y-%m}.jsonl"
            with disk_errors(self._folder), file.open("a+b") as lines:
                _drop_torn_line(lines.fileno())
                lines.write(json.dumps(head.document).encode() + b"\n")
                lines.flush()
                os.fsync(lines.fileno())

    def _files(self) -> list[Path]:
        return sorted(self._folder.glob("*.jsonl"))


def _tail(file: int) -> bytes:
    return os.pread(file, _LINES, max(0, os.fstat(file).st_size - _LINES))


def _drop_torn_line(file: int) -> None:
    """A crash may leave the beginning of a line; that head is in the table and is written again."""
    tail = _tail(file)
    if torn := len(tail) - (tail.rfind(b"\n") + 1):
        os.ftruncate(file, os.fstat(file).st_size - torn)
