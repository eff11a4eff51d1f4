"""The public directory whole, in files: FHIR resources as NDJSON, and the same entries as CSV, made every night.

DATA/directory/<instant>/manifest.json names the files with their SHA-256 and is signed as published reports are. All
are of one instant of the database. What changed since is asked by ITI-91, from the manifest's ``since`` on.
"""

import csv
import hashlib
import io
import json
import os
import shutil
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any, BinaryIO
from uuid import uuid4

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Model, Q
from django.utils.timezone import localdate

from salus.directory.endpoints import health_of, status_shown
from salus.directory.fhir import RESOURCES
from salus.directory.fields import FIELDS
from salus.directory.models import Endpoint, Kind, Licence
from salus.directory.projecting import JOINED, TABLES
from salus.fhir import exact_json
from salus.fhir.resource import Call, Resource, Version
from salus.kernel.data_folder import disk_errors, secret, sync_folder, write_whole
from salus.kernel.signing import Document, Signer

KEPT = 3  # nights
MANIFEST = "manifest.json"
_SOME = 500  # entries at a time
_MARGIN = timedelta(minutes=1)  # an instant is read before its transaction begins
Roots = Mapping[Kind | None, Mapping[int, int]]  # of joined kinds, by duplicate
_NAME = "%Y-%m-%dT%H%M%SZ"


@dataclass(frozen=True, kw_only=True)
class File:
    name: str
    type: str  # of media
    rows: int
    size: int  # bytes
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Edition:
    """The files of one night."""

    folder: Path
    instant: datetime
    since: datetime  # from which on changes are to be asked for
    files: tuple[File, ...]

    @property
    def name(self) -> str:
        return self.folder.name


def folder() -> Path:
    return Path(settings.DATA) / "directory"


def keys_file() -> Path:
    """The public keys that manifests are checked with, as a JWK Set (RFC 7517)."""
    return folder() / "keys.json"


def editions() -> list[Edition]:
    """The newest first; one that is half written has no name yet."""
    return [_read(manifest) for manifest in sorted(folder().glob(f"*Z/{MANIFEST}"), reverse=True)]


def is_due(at: datetime) -> bool:
    """Whether none was made on this day of the country yet."""
    newest = next(iter(editions()), None)
    return newest is None or localdate(newest.instant) < localdate(at)


def export(*, at: datetime) -> Edition:
    """Write the files as of now, keep the newest few, and return them. Raises DiskFull and its like."""
    with disk_errors(Path(settings.DATA)):
        folder().mkdir(exist_ok=True)
        for half in folder().glob("*.new"):  # of a program that was killed
            shutil.rmtree(half)
        made = folder() / at.astimezone(UTC).strftime(_NAME)
        if not made.exists():
            half = made.with_suffix(".new")
            half.mkdir()
            document = _written(half, at)
            write_whole(half / MANIFEST, json.dumps(document, indent=1).encode())
            half.rename(made)
            sync_folder(folder())
        for old in editions()[KEPT:]:
            shutil.rmtree(old.folder)
    return _read(made / MANIFEST)


def _written(to: Path, at: datetime) -> Document:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("set transaction isolation level repeatable read, read only")
        cursor.execute(_OLDEST)
        ((oldest,),) = cursor.fetchall()
        files = list(_all_files(to, at))
    document = {
        "what": "provider directory, public entries",
        "instant": _instant(at),
        # Whatever was under way then is not in the files, and bears an earlier time than its end.
        "since": _instant(min(at, oldest or at) - _MARGIN),
        "files": [asdict(file) for file in files],
    }
    return Signer(secret(Path(settings.DATA), "report_signing_key"), keys_file()).sign(document)


def _all_files(to: Path, at: datetime) -> Iterator[File]:
    """Of each type that FHIR serves the resources, and the rows of the same entries."""
    shown: set[int] = set()
    roots: Roots = {
        kind: dict(TABLES[kind].objects.exclude(same_as=None).values_list("pk", "same_as"))
        for kind in JOINED
    }
    for resource in RESOURCES:
        kind = Kind(resource.type)
        ids: list[int] = []
        ndjson = to / f"{kind}.ndjson"
        yield _file(ndjson, "application/fhir+ndjson", _resources(resource, at, ids.append))
        rows = (row for some in _pieces(ids) for row in _rows(kind, some))
        yield _file(
            to / f"{kind}.csv", "text/csv", _lines(kind, rows, roots), head=_line(_columns(kind))
        )
        if kind is Kind.PRACTITIONER:
            shown.update(ids)
    # With what one of its duplicates holds, as FHIR shows a professional.
    lent = Q(practitioner__same_as__in=shown, practitioner__deregistered_at=None)
    licences = Licence.objects.filter(Q(practitioner__in=shown) | lent, deregistered_at=None)
    yield _file(
        to / f"{Kind.LICENCE}.csv",
        "text/csv",
        _lines(Kind.LICENCE, licences.order_by("pk").iterator(_SOME), roots),
        head=_line(_columns(Kind.LICENCE)),
    )


def _resources(resource: Resource, at: datetime, told: Callable[[int], None]) -> Iterator[bytes]:
    call = Call(actor=None, at=at, request_id=uuid4(), base="")
    fetch = resource.fetch or _nothing
    table = TABLES[Kind(resource.type)].objects.filter(deregistered_at=None)
    for some in _pieces(list(table.order_by("pk").values_list("pk", flat=True))):
        for version in fetch(call, [str(pk) for pk in some]):
            told(int(version.id))
            yield exact_json.dump(version.body).encode() + b"\n"


def _nothing(_call: Call, _ids: Collection[str]) -> Sequence[Version]:
    return ()  # a type that is not searched has no files


def _rows(kind: Kind, ids: Sequence[int]) -> Iterable[Model]:
    return TABLES[kind].objects.filter(pk__in=ids).order_by("pk")  # type: ignore[no-any-return]


def _columns(kind: Kind) -> list[str]:
    """Its number, that of its register, and each public field that has a column; others by their numbers."""
    known = {field.name for field in TABLES[kind]._meta.concrete_fields}
    public = [name for name, field in FIELDS[kind].items() if field.public and name in known]
    return ["id", "system", "value", *(name for name in public if name != "same_as")]


def _lines(kind: Kind, rows: Iterable[Model], roots: Roots) -> Iterator[bytes]:
    """What leads to a duplicate leads to its root, which alone is in the files."""
    names = _columns(kind)
    attributes = {field.name: field.attname for field in TABLES[kind]._meta.concrete_fields}
    for row in rows:
        values = {name: getattr(row, attributes[name]) for name in names}
        for name in names:
            if (about := FIELDS[kind].get(name)) and about.refers in roots:
                values[name] = roots[about.refers].get(values[name], values[name])
        if isinstance(row, Endpoint):
            values["status"] = status_shown(row.status, health_of(row))
        yield _line(map(_text, values.values()))


def _text(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case list() if all(isinstance(one, str) for one in value):
            return " ".join(value)
        case list():
            return json.dumps(value, separators=(",", ":"))
        case _:
            return str(value)


def _line(values: Iterable[str]) -> bytes:
    """RFC 4180, in UTF-8."""
    text = io.StringIO()
    csv.writer(text).writerow(values)
    return text.getvalue().encode()


def _file(path: Path, type: str, lines: Iterable[bytes], *, head: bytes = b"") -> File:
    digest, rows, size = hashlib.sha256(head), 0, len(head)
    with _synced(path) as file:
        file.write(head)
        for line in lines:
            file.write(line)
            digest.update(line)
            rows, size = rows + 1, size + len(line)
    return File(name=path.name, type=type, rows=rows, size=size, sha256=digest.hexdigest())


@contextmanager
def _synced(path: Path) -> Iterator[BinaryIO]:
    with path.open("wb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


def _pieces(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in count(0, _SOME):
        if start >= len(ids):
            return
        yield ids[start : start + _SOME]


def _read(manifest: Path) -> Edition:
    document: Mapping[str, Any] = json.loads(manifest.read_bytes())
    return Edition(
        folder=manifest.parent,
        instant=datetime.fromisoformat(document["instant"]),
        since=datetime.fromisoformat(document["since"]),
        files=tuple(File(**file) for file in document["files"]),
    )


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds")


# When the oldest transaction began that may write yet; the app's role sees its own.
_OLDEST = """
    select min(xact_start) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid() and xact_start is not null
"""
