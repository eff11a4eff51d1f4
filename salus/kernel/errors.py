"""The one error tree. Each edge translates it once: command line, page, OperationOutcome, HL7 v2 ACK, SOAP fault."""


class SalusError(Exception):
    """Something the caller can understand and act on; the text is one plain sentence without patient data."""


class InvalidInput(SalusError):
    """What came from outside is wrong; the text says what and where."""


class NotFound(SalusError):
    """Absent, or not for this actor: from outside the two look alike."""


class Gone(SalusError):
    """Was there for a while, and is no more; the text says how to get it anew."""


class Unauthorized(SalusError):
    """Nobody is known to ask: no token, or one that is not, or no longer, good."""


class Forbidden(SalusError):
    """Known who asks, and not granted: a scope, a purpose of use. Never said of a person's data (NotFound)."""


class Conflict(SalusError):
    """Possible in itself, but not in the present state."""


class AlreadyRunning(Conflict):
    """Another process holds what this one needs alone."""
