"""Whether a token permits an interaction: SMART scopes, narrowed ones too, and the purpose of use.

A service decides about rows and people; here only what the token says is asked.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

from salus.fhir.criteria import Criterion
from salus.fhir.resource import Body, Call, Resource, Served, Version, not_searched
from salus.fhir.search import WrongParameter, read_search
from salus.kernel.actor import Actor, Role
from salus.kernel.errors import Forbidden, NotFound, Unauthorized
from salus.kernel.scopes import Context, Interaction

# Whose right may be lent out to whom: a patient's app has the patient's, software its own.
_CONTEXTS = {
    Role.PATIENT: {Context.PATIENT, Context.USER},
    Role.PROFESSIONAL: {Context.USER, Context.SYSTEM},
    Role.SOFTWARE: {Context.SYSTEM},
    Role.SYSTEM: set[Context](),
}
Fetch = Callable[[Call, Collection[str]], Sequence[Version]]

_PUBLIC = (Interaction.READ, Interaction.SEARCH)


@dataclass(frozen=True, kw_only=True)
class Permit:
    """``within``: a resource must meet all criteria of one of these; () restricts nothing."""

    resource: Resource
    within: tuple[tuple[Criterion, ...], ...] = ()

    def covers(self, body: Body) -> bool:
        return not self.within or any(
            all(_meets(criterion, self.resource, body) for criterion in alternative)
            for alternative in self.within
        )

    def check_found(self, body: Body) -> None:
        """Outside of a narrowed scope looks like absent."""
        if not self.covers(body):
            raise NotFound(f"there is no such {self.resource.type}")

    def check_sent(self, body: Body) -> None:
        if not self.covers(body):
            raise Forbidden("the scopes of the token permit this on other resources only")


def permit(call: Call, resource: Resource, interaction: Interaction, served: Served) -> Permit:
    """Raises Unauthorized without a token, Forbidden with one that does not permit it."""
    if resource.public and interaction in _PUBLIC:
        return Permit(resource=resource)
    actor = call.actor
    if actor is None:
        raise Unauthorized("a token is needed")
    scopes = [
        scope
        for scope in (actor.scopes.allowing(interaction, resource.type) if actor.scopes else ())
        if scope.context in _CONTEXTS[actor.role]
    ]
    if not scopes:
        raise Forbidden(f"no scope of the token permits {interaction.name.lower()} of this type")
    _check_purpose(actor, resource)
    if not all(scope.only for scope in scopes):
        return Permit(resource=resource)
    within = tuple(_criteria(scope.only, resource, served, call) for scope in scopes)
    known = tuple(criteria for criteria in within if criteria)
    if not known:
        raise Forbidden("the scopes of the token are narrowed by what is not supported here")
    return Permit(resource=resource, within=known)


def reachable(call: Call, served: Served, interaction: Interaction) -> dict[str, Resource]:
    """The types that a search may reach from another one: by a chain (SEARCH), or to include them (READ)."""
    found: dict[str, Resource] = {}
    for name, resource in served.items():
        try:
            permitted = permit(call, resource, interaction, served)
        except (Forbidden, Unauthorized):
            continue
        if interaction is Interaction.READ:
            found[name] = _narrowed(
                permitted, searched=may(call, resource, Interaction.SEARCH, served)
            )
        elif not permitted.within:
            found[name] = resource
    return found


def _narrowed(permitted: Permit, *, searched: bool) -> Resource:
    """What may be included of a type: what the scopes cover, and by a search only where they permit one."""
    resource = permitted.resource
    if permitted.within and resource.fetch:
        resource = replace(resource, fetch=_only_covered(permitted, resource.fetch))
    # Only unnarrowed scopes let a type be searched from another one, as by a chain.
    return resource if searched and not permitted.within else replace(resource, search=not_searched)


def _only_covered(permitted: Permit, fetch: Fetch) -> Fetch:
    def covered(call: Call, ids: Collection[str]) -> Sequence[Version]:
        return [version for version in fetch(call, ids) if permitted.covers(version.body)]

    return covered


def may(call: Call, resource: Resource, interaction: Interaction, served: Served) -> bool:
    try:
        permit(call, resource, interaction, served)
    except (Forbidden, Unauthorized):
        return False
    return True


def _check_purpose(actor: Actor, resource: Resource) -> None:
    if resource.purposes and actor.purpose not in resource.purposes:
        known = ", ".join(sorted(resource.purposes))
        raise Forbidden(f"the token must state a purpose of use, one of: {known}")


def _criteria(
    only: Sequence[tuple[str, str]], resource: Resource, served: Served, call: Call
) -> tuple[Criterion, ...]:
    """() when one is not understood: such a scope permits nothing."""
    try:
        asked = read_search(only, resource, served, call, strict=True)
    except WrongParameter:
        return ()
    # A chain has no meaning over one body, so it cannot narrow reads.
    search = asked.search
    if len(search.criteria) != len(only) or any(c.chain for c in search.criteria):
        return ()
    return search.criteria


def _meets(criterion: Criterion, resource: Resource, body: Body) -> bool:
    return criterion.is_met_by(resource.parameters[criterion.name].facts(body))
