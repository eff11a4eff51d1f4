"""References between the entries of a transaction: https://hl7.org/fhir/R4/http.html#trules

An entry is called by its fullUrl until it has an id of ours; a conditional reference is a search that finds one.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from salus.fhir import conditional
from salus.fhir.exchange import Answer, Request
from salus.fhir.resource import Body, Call, Served
from salus.kernel.errors import InvalidInput, PreconditionFailed

_LINKS = (
    "reference",
    "url",
)  # of a Reference; of an Attachment, which may be a Binary of the Bundle


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One entry of a batch or transaction."""

    index: int
    full_url: str
    resource: Body | None
    request: Request

    @property
    def place(self) -> str:
        return f"Bundle.entry[{self.index}]"

    def names(self) -> Iterator[str]:
        """What others call it: its fullUrl, and Type/id when that is the address on another server."""
        if self.full_url:
            yield self.full_url
            if self.full_url.startswith(("http:", "https:")):
                yield "/".join(self.full_url.split("/")[-2:])


@dataclass(frozen=True, kw_only=True)
class Names:
    """Which resource of ours each name means, as far as it is known yet."""

    call: Call
    served: Served
    _known: dict[str, str] = field(default_factory=dict)  # name -> Type/id
    _entries: dict[str, int] = field(default_factory=dict)  # name -> index
    _conditions: dict[str, str] = field(default_factory=dict)  # conditional reference -> Type/id

    def learn(self, entry: Entry) -> None:
        for name in entry.names():
            self._entries[name] = entry.index
        if ours := self._before(entry.request):
            for name in entry.names():
                self._known[name] = ours

    def made(self, entry: Entry, answer: Answer) -> None:
        if answer.version:
            for name in entry.names():
                self._known[name] = f"{answer.version.type}/{answer.version.id}"

    def needed_by(self, entry: Entry) -> set[int]:
        """The entries that must be made first, since this one refers to them."""
        wanted = {self._entries[text] for text in _links(entry.resource) if text in self._entries}
        return {index for index in wanted if index != entry.index} - self._known_entries()

    def resolved(self, entry: Entry) -> Entry:
        """The entry with our references. Raises InvalidInput, PreconditionFailed."""

        def ours(text: str, place: str) -> str:
            if text in self._known:
                return self._known[text]
            if text.startswith(("urn:uuid:", "urn:oid:")) and place.endswith(".reference"):
                raise InvalidInput("refers to what is not in this Bundle", at=place)
            if "?" in text and place.endswith(".reference"):
                return self._found(text, place)
            return text

        body = _changed(entry.resource, f"{entry.place}.resource", ours)
        return replace(entry, request=replace(entry.request, read_body=lambda: body))

    def _before(self, request: Request) -> str:
        """Type/id of what an entry is of, when that is known before anything is done; '' else."""
        target = request.target
        if target.id:
            return f"{target.type}/{target.id}"
        if request.method == "POST" and request.if_none_exist is not None:
            return self._match(target.type, conditional.query_of(request.if_none_exist))
        if request.method == "PUT":
            return self._match(target.type, conditional.without_result_parameters(request.query))
        return ""

    def _match(self, type: str, query: conditional.Query) -> str:
        if type not in self.served:
            return ""
        match = conditional.the_match(query, self.call, self.served[type], self.served)
        return f"{type}/{match.id}" if match else ""

    def _found(self, text: str, place: str) -> str:
        if text not in self._conditions:
            wanted, _, query = text.partition("?")
            found = self._match(wanted, conditional.query_of(query))
            if not found:
                raise PreconditionFailed(f"a conditional reference finds no {wanted[:64]}")
            self._conditions[text] = found
        return self._conditions[text]

    def _known_entries(self) -> set[int]:
        return {self._entries[name] for name in self._known if name in self._entries}


def _links(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, held in value.items():
            if name in _LINKS and isinstance(held, str):
                yield held
            else:
                yield from _links(held)
    elif isinstance(value, list):
        for one in value:
            yield from _links(one)


def _changed(value: Any, place: str, change: Callable[[str, str], str]) -> Any:
    """A copy, with other links."""
    if isinstance(value, dict):
        return {
            name: change(held, f"{place}.{name}")
            if name in _LINKS and isinstance(held, str)
            else _changed(held, f"{place}.{name}", change)
            for name, held in value.items()
        }
    if isinstance(value, list):
        return [_changed(one, f"{place}[{index}]", change) for index, one in enumerate(value)]
    return value
