"""The content store: documents' bytes, encrypted, in append-only pack files of the data folder.

Each document has a data key of its own, used once (AES-256-GCM). The key-encryption key, kept outside the
database, seals the data key. Document and person are associated data of both: a content moved to another
document or person does not open. A crash can leave bytes that no row points to, never a row without bytes.
"""

import base64
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from salus.kernel.data_folder import disk_errors, secret, sync_folder
from salus.kernel.errors import SalusError

if TYPE_CHECKING:  # it is used without Django, too
    from salus.shared_record.models import DocumentContent

LIVE_PACK = 0  # what is filed by users; the simulation's blocks have packs of their own
TAG = 16  # bytes that encryption adds to a content
_NONCE = bytes(12)  # constant is safe for the content: its key encrypts exactly one message


class ContentDamaged(SalusError):
    """The stored bytes are missing, altered, or another document's."""


@dataclass(frozen=True, kw_only=True)
class StoredContent:
    """A row of DocumentContent, without its document."""

    pack: int
    position: int
    size: int
    sha256: bytes
    wrapped_key: bytes

    @classmethod
    def of(cls, row: "DocumentContent") -> "StoredContent":
        return cls(
            pack=row.pack,
            position=row.position,
            size=row.size,
            sha256=bytes(row.sha256),
            wrapped_key=bytes(row.wrapped_key),
        )


class ContentStore:
    """The packs of one data folder."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._folder = data / "documents"
        self._key_encryption = AESGCM(base64.urlsafe_b64decode(secret(data, "content_kek") + "="))

    def file(self, *, document: int, person: int, content: bytes) -> StoredContent:
        """Append one document; on disk when this returns, so that the row may be committed."""
        with disk_errors(self._data), self._path(LIVE_PACK).open("ab") as pack:
            fcntl.flock(pack, fcntl.LOCK_EX)
            pack.seek(0, os.SEEK_END)  # another process may have appended since the opening
            stored = self._append(pack, LIVE_PACK, document, person, content)
            pack.flush()
            os.fsync(pack.fileno())
            if stored.position == 0:
                sync_folder(self._folder)  # the pack is new
        return stored

    @contextmanager
    def new_pack(self, number: int) -> Iterator["PackWriter"]:
        """Write a whole pack anew, for bulk loads; on disk when the block ends."""
        with disk_errors(self._data), self._path(number).open("wb", buffering=1 << 20) as pack:
            yield PackWriter(self, pack, number)
            pack.flush()
            os.fsync(pack.fileno())
            sync_folder(self._folder)

    def open(self, *, document: int, person: int, stored: StoredContent) -> bytes:
        """The plain content; raises ContentDamaged unless every byte is as it was filed."""
        bound = _bound_to(document, person)
        try:
            with self._path(stored.pack).open("rb") as pack:
                pack.seek(stored.position)
                sealed = pack.read(stored.size + TAG)
            nonce, wrapped = stored.wrapped_key[:12], stored.wrapped_key[12:]
            key = self._key_encryption.decrypt(nonce, wrapped, bound)
            content = AESGCM(key).decrypt(_NONCE, sealed, bound)
        except (InvalidTag, OSError) as error:
            raise ContentDamaged(f"the content of document {document} cannot be read") from error
        if sha256(content).digest() != stored.sha256:
            raise ContentDamaged(f"the content of document {document} is not what was filed")
        return content

    def _append(
        self, pack: BinaryIO, number: int, document: int, person: int, content: bytes
    ) -> StoredContent:
        bound = _bound_to(document, person)
        key, nonce = os.urandom(32), os.urandom(12)
        position = pack.tell()
        pack.write(AESGCM(key).encrypt(_NONCE, content, bound))
        return StoredContent(
            pack=number,
            position=position,
            size=len(content),
            sha256=sha256(content).digest(),
            wrapped_key=nonce + self._key_encryption.encrypt(nonce, key, bound),
        )

    def _path(self, number: int) -> Path:
        return self._folder / f"{number:06}.pack"


class PackWriter:
    """Appends to one new pack."""

    def __init__(self, store: ContentStore, pack: BinaryIO, number: int) -> None:
        self._store, self._pack, self._number = store, pack, number

    def add(self, document: int, person: int, content: bytes) -> StoredContent:
        return self._store._append(self._pack, self._number, document, person, content)


def _bound_to(document: int, person: int) -> bytes:
    return f"document={document} person={person}".encode()
