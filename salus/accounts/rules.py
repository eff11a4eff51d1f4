"""Which scope a client gets, of those that it asks for. Pure."""

from salus.kernel.scopes import Context, Scopes, narrowed, read_scopes

# Not of resources: who the user is (OpenID Connect), what is in context, how long it lasts (SMART App Launch).
PLAIN = frozenset(
    [
        *("openid", "fhirUser", "profile", "launch", "launch/patient", "launch/practitioner"),
        *("offline_access", "online_access"),
    ]
)


def granted(asked: str, *, registered: str, contexts: frozenset[Context] | None = None) -> str:
    """The asked scopes that are wholly registered, in the order asked; what is not granted is left out.

    ``contexts`` are those that the grant can lend out; with them given, plain scopes are for users alone. Raises
    InvalidInput for what is no scope of SMART 2.
    """
    plain, resources = split(asked)
    known, most = split(registered)
    fitting = [
        scope for scope in resources.granted if contexts is None or scope.context in contexts
    ]
    of_users = contexts is None or contexts != {Context.SYSTEM}
    kept = [word for word in plain if of_users and word in known]
    return " ".join([*kept, *map(str, narrowed(fitting, to=most).granted)])


def split(text: str) -> tuple[list[str], Scopes]:
    """The plain scopes, and those of resources. Raises InvalidInput."""
    words = text.split()
    plain = [word for word in dict.fromkeys(words) if word in PLAIN]
    return plain, read_scopes(word for word in words if word not in PLAIN)
