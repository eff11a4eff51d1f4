"""Where entries stand, and what stands above them (RFC 4512, 2)."""

import re
from dataclasses import dataclass
from enum import StrEnum

SUFFIX = "dc=salus"
Attributes = dict[str, list[str]]


class Branch(StrEnum):
    PROFESSIONALS = "professionals"
    ORGANIZATIONS = "organizations"

    @property
    def name_in_full(self) -> str:
        return f"ou={self},{SUFFIX}"


@dataclass(frozen=True, kw_only=True)
class Place:
    """What a name names: nothing given is the root (of which the program knows no name), else a level further down."""

    is_root: bool = False
    branch: Branch | None = None
    number: int | None = None  # row id


_NAME = re.compile(
    r"(?:(?:uid=(?P<number>\d{1,18}),)?ou=(?P<branch>professionals|organizations),)?dc=salus"
)


def place_of(name: str) -> Place | None:
    """What stands there, whatever case and spaces it is written with; None: nothing can."""
    written = re.sub(r"\s*([,=])\s*", r"\1", name.strip()).casefold()
    if not written:
        return Place(is_root=True)
    found = _NAME.fullmatch(written)
    if not found:
        return None
    number, branch = found["number"], found["branch"]
    return Place(branch=Branch(branch) if branch else None, number=int(number) if number else None)


def name_of(branch: Branch, number: int) -> str:
    return f"uid={number},{branch.name_in_full}"


ROOT: Attributes = {  # RFC 4512, 5.1
    "objectClass": ["top"],
    "namingContexts": [SUFFIX],
    "supportedLDAPVersion": ["3"],
    "supportedControl": ["1.2.840.113556.1.4.319"],  # simple paged results (RFC 2696)
    "vendorName": ["Salus"],
}
TOP: Attributes = {"objectClass": ["top", "domain"], "dc": ["salus"]}


def branch_entry(branch: Branch) -> Attributes:
    return {"objectClass": ["top", "organizationalUnit"], "ou": [branch]}
