"""What comes along with the matches of a search: _include and _revinclude (https://hl7.org/fhir/R4/search.html#include).

Each asks its service once, however many resources are on the page: for what they refer to by `Resource.fetch`, for
what refers to them by a search of that type, so that every service decides itself what may be seen.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from salus.fhir.criteria import Criterion, Named, Reference
from salus.fhir.resource import Call, Include, Page, Resource, Search, Served, Version

MOST = 1000  # resources that refer to those of one page, by one _revinclude
_ROUNDS = 3  # of :iterate


@dataclass(frozen=True, kw_only=True)
class Included:
    versions: Sequence[Version]
    left_out: Sequence[str]  # what does not come along, in words


def included(
    search: Search, page: Page, resource: Resource, served: Served, call: Call
) -> Included:
    """``served``: the types that may be read here."""
    gathering = _Gathering(served=served, sources={**served, resource.type: resource}, call=call)
    gathering.known.update(
        (version.type, version.id) for version in page.matches if "id" in version.body
    )
    fresh: Sequence[Version] = page.matches
    includes: Sequence[Include] = search.includes
    for _ in range(_ROUNDS):
        if not (includes and fresh):
            break
        fresh = gathering.along(includes, fresh)
        includes = [include for include in includes if include.iterate]
    return Included(versions=gathering.found, left_out=list(gathering.left_out))


@dataclass(frozen=True, kw_only=True)
class _Gathering:
    served: Served
    sources: Served  # those that the matches may be of, too
    call: Call
    known: set[tuple[str, str]] = field(default_factory=set)
    found: list[Version] = field(default_factory=list)
    left_out: dict[str, None] = field(default_factory=dict)  # in order

    def along(self, includes: Iterable[Include], versions: Sequence[Version]) -> list[Version]:
        """What comes along with these, and is not there yet."""
        wanted: dict[str, dict[str, None]] = {}
        fresh: list[Version] = []
        for include in includes:
            if include.reverse:
                fresh += self._new(self._referring(include, versions))
                continue
            for target, name in self._references(include, versions):
                wanted.setdefault(target, {})[name] = None
        for name, ids in wanted.items():
            fetch = self.served[name].fetch if name in self.served else None
            if fetch is None:
                self.left_out[f"no {name} is included: the token does not permit to read it"] = None
            else:
                fresh += self._new(
                    fetch(self.call, [one for one in ids if (name, one) not in self.known])
                )
        return fresh

    def _references(
        self, include: Include, versions: Sequence[Version]
    ) -> Iterator[tuple[str, str]]:
        """Type and id of what they refer to."""
        known = self.sources.get(include.type)
        if known is None:
            return
        for version in versions:
            if version.type != include.type:
                continue
            for fact in known.parameters[include.parameter].facts(version.body):
                if isinstance(fact, Reference) and fact.id and include.target in ("", fact.type):
                    yield fact.type, fact.id

    def _referring(self, include: Include, versions: Sequence[Version]) -> Sequence[Version]:
        source = self.served.get(include.type)
        if source is None or not source.is_searched:
            self.left_out[f"no {include.type} is included: the token does not permit it"] = None
            return []
        targets = source.parameters[include.parameter].targets
        ends = [
            Named(type=version.type, id=version.id)
            for version in versions
            if version.type in targets and include.target in ("", version.type)
        ]
        if not ends:
            return []
        criterion = Criterion(name=include.parameter, values=tuple(ends))
        search = Search(type=source.type, criteria=(criterion,), count=MOST)
        page = source.search(self.call, search)
        if page.next:
            self.left_out[f"only the first {MOST} {source.type} are included"] = None
        return page.matches

    def _new(self, versions: Iterable[Version]) -> list[Version]:
        fresh = [one for one in versions if (one.type, one.id) not in self.known]
        self.known.update((version.type, version.id) for version in fresh)
        self.found.extend(fresh)
        return fresh
