"""Who may do what with the directory beyond reading what is public."""

from salus.kernel.actor import Actor, Role
from salus.kernel.errors import NotFound


def registrars_only(actor: Actor) -> None:
    """Raises NotFound for everybody else."""
    if actor.role is not Role.REGISTRAR:
        raise NotFound("for registrars only")


def own_practitioner(actor: Actor) -> int:
    """The entry of the professional who is signed in. Raises NotFound for everybody else.

    Software that names a professional speaks by its own feed, not in the professional's place.
    """
    if actor.role is not Role.PROFESSIONAL or not actor.account or not actor.practitioner:
        raise NotFound("for professionals who are signed in only")
    return actor.practitioner
