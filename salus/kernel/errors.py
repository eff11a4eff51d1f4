"""The one error tree. Each edge translates it once: command line, page, OperationOutcome, HL7 v2 ACK, SOAP fault."""


class SalusError(Exception):
    """Something the caller can understand and act on; the text is one plain sentence without patient data."""


class InvalidInput(SalusError):
    """What came from outside is wrong; the text says what and where.

    ``at`` is the place in a structured message (Bundle.entry[0].resource), and in front of the text for edges
    that have no field of its own for it.
    """

    def __init__(self, text: str = "", *, at: str = "") -> None:
        super().__init__(f"{at}: {text}" if at else text)
        self.text = text
        self.at = at


class NotFound(SalusError):
    """Absent, or not for this actor: from outside the two look alike."""


class Unauthorized(SalusError):
    """Nobody is known to ask: no token, or one that is not, or no longer, good."""


class Forbidden(SalusError):
    """Known who asks, and not granted: a scope, a purpose of use. Never said of a person's data (NotFound)."""


class Conflict(SalusError):
    """Possible in itself, but not in the present state."""


class PreconditionFailed(SalusError):
    """The state is not the one that the caller made a condition: somebody else was faster."""


class Gone(NotFound):
    """Was there, may be known to have been, and is no more: deleted, or over."""


class TooMany(SalusError):
    """More requests than are answered: ``wait`` says after how many seconds one more is."""

    def __init__(self, text: str, *, wait: int) -> None:
        super().__init__(text)
        self.wait = wait


class AlreadyRunning(Conflict):
    """Another process holds what this one needs alone."""
