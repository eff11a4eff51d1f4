"""The only writes of the provider directory: change sets, and what makes them."""

from salus.directory.actions.changing import (
    add_source,
    apply,
    change,
    decline,
    feed,
    forget_heard_announcements,
    let_feed,
    propose,
    roll_back,
    source_called,
    source_fed_by,
    source_named,
    turn_day,
)
from salus.directory.actions.checking import check_endpoints
from salus.directory.actions.correcting import confirm, correct, withdraw
from salus.directory.actions.joining import join, part, tell_apart
from salus.directory.actions.registering import (
    register_organization,
    register_practitioner,
    register_role,
)

__all__ = [
    "add_source",
    "apply",
    "change",
    "check_endpoints",
    "confirm",
    "correct",
    "decline",
    "feed",
    "forget_heard_announcements",
    "join",
    "let_feed",
    "part",
    "propose",
    "register_organization",
    "register_practitioner",
    "register_role",
    "roll_back",
    "source_called",
    "source_fed_by",
    "source_named",
    "tell_apart",
    "turn_day",
    "withdraw",
]
