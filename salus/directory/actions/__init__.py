"""The only writes of the provider directory: change sets, and what makes them."""

from salus.directory.actions.changing import (
    apply,
    change,
    decline,
    propose,
    roll_back,
    source_named,
)
from salus.directory.actions.correcting import confirm, correct, withdraw
from salus.directory.actions.registering import (
    register_organization,
    register_practitioner,
    register_role,
)

__all__ = [
    "apply",
    "change",
    "confirm",
    "correct",
    "decline",
    "propose",
    "register_organization",
    "register_practitioner",
    "register_role",
    "roll_back",
    "source_named",
    "withdraw",
]
