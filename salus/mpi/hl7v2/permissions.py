"""What the registration of a piece of software permits over HL7 v2: the scopes that FHIR asks for the same."""

from salus.kernel.actor import Actor, PurposeOfUse
from salus.kernel.errors import Forbidden
from salus.kernel.scopes import Context, Interaction


def check_feeds(actor: Actor) -> None:
    _check(actor, Interaction.CREATE)
    _check(actor, Interaction.UPDATE)


def check_asks(actor: Actor) -> None:
    _check(actor, Interaction.SEARCH)
    _check(actor, Interaction.READ)


def _check(actor: Actor, interaction: Interaction) -> None:
    """A scope that is narrowed by search parameters permits nothing: they have no meaning in these messages."""
    scopes = actor.scopes.allowing(interaction, "Patient") if actor.scopes else ()
    if not any(scope.context is Context.SYSTEM and not scope.only for scope in scopes):
        raise Forbidden(
            f"the client is not registered for system/Patient.{interaction}, which this needs"
        )
    if actor.purpose is not PurposeOfUse.TREATMENT:
        raise Forbidden("the client is not registered for the purpose of use TREAT")
