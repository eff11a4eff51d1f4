"""`salus report --verify edition.json`: a published edition held against its signature, its files and the rows."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from django.db import DatabaseError
from django.utils.timezone import get_default_timezone

from salus.activity_report.counting import count, snapshot
from salus.activity_report.edition import Cell, Edition, Number
from salus.activity_report.signing import check_signature, fingerprint
from salus.kernel.errors import InvalidInput
from salus.kernel.indicator import Indicator, Kind, Measure, Precision
from salus.kernel.signing import Document, SignatureInvalid


@dataclass(frozen=True, kw_only=True)
class Difference:
    indicator: str
    period: str
    code: str
    published: Number
    recounted: Number


@dataclass(frozen=True, kw_only=True)
class Verdict:
    edition: Edition
    recounted: int  # cells; those withheld or without a value are not
    differences: tuple[Difference, ...]
    changed_files: tuple[str, ...]  # beside the document, and not as published


def verify(path: Path) -> Verdict:
    """Recount every cell with the SQL that the edition itself carries.

    Raises InvalidInput when the file is no edition, SignatureInvalid when it is not as this installation signed it.
    """
    document = _read(path)
    check_signature(document)
    edition = Edition.from_json(document["edition"])
    if fingerprint(edition) != document["data"]:
        raise SignatureInvalid("the fingerprint is not that of the edition's figures")
    recounted = _recounted(document, edition)
    printed = {cell: value for cell, value in edition.cells.items() if value is not None}
    differing = (
        Difference(indicator=cell[0], period=cell[1], code=cell[2], published=value, recounted=anew)
        for cell, value in printed.items()
        if (anew := recounted.get(cell)) != value
    )
    return Verdict(
        edition=edition,
        recounted=len(printed),
        differences=tuple(differing),
        changed_files=tuple(_changed_files(document, path.parent)),
    )


def _read(path: Path) -> Document:
    try:
        document = json.loads(path.read_bytes())
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise InvalidInput(
            f"{path} is not JSON: give the edition.json of a published month"
        ) from error
    if not isinstance(document, dict) or not {"edition", "data", "indicators"} <= document.keys():
        raise InvalidInput(f"{path} is not a published edition: give the edition.json of a month")
    return document


def _recounted(document: Document, edition: Edition) -> dict[Cell, Number]:
    asked = {name: _indicator(name, facts) for name, facts in document["indicators"].items()}
    after = edition.month.end(get_default_timezone())
    try:
        with snapshot() as cursor:
            found = count(cursor, edition.month, as_of=after, asked=asked)
    except DatabaseError as error:
        raise InvalidInput(
            "the rows have another shape than when this was published: recount it with the release of"
            f" Salus that published it ({type(error).__name__})"
        ) from error
    return found.cells(asked)


def _indicator(name: str, facts: dict[str, Any]) -> Indicator:
    """As it was declared when the edition was published; whoever could sign it could run this SQL."""
    known = {key: value for key, value in facts.items() if key != "sources"}
    return Indicator(
        **known
        | {
            "id": name,
            "kind": Kind(facts["kind"]),
            "measure": Measure(facts["measure"]),
            "precision": Precision(facts["precision"]),
            "codes": tuple(facts["codes"]),
        }
    )


def _changed_files(document: Document, folder: Path) -> Iterator[str]:
    for name, digest in document["files"].items():
        file = folder / name
        if file.exists() and sha256(file.read_bytes()).hexdigest() != digest:
            yield name
