"""Entries that may tell of the same professional or organisation."""

from dataclasses import dataclass

from salus.directory.duplicates import Likely, likely_duplicates
from salus.directory.models import Kind
from salus.directory.naming import names_of
from salus.directory.permissions import registrars_only
from salus.directory.projecting import JOINED
from salus.kernel.actor import Actor

_SHOWN_AT_MOST = 50


@dataclass(frozen=True, kw_only=True)
class Alike:
    kind: Kind
    pair: Likely
    root: str  # their names
    duplicate: str


def alike(*, actor: Actor) -> list[Alike]:
    """Pairs that nobody has judged yet, the likeliest first, of each kind at most fifty."""
    registrars_only(actor)
    found = [(kind, one) for kind in JOINED for one in likely_duplicates(kind)[:_SHOWN_AT_MOST]]
    names = names_of({(kind, row) for kind, one in found for row in (one.root, one.duplicate)})
    return [
        Alike(
            kind=kind,
            pair=one,
            root=names.get((kind, one.root), ""),
            duplicate=names.get((kind, one.duplicate), ""),
        )
        for kind, one in found
    ]
