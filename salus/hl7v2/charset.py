"""Character sets: MSH-18 says in which one the bytes of a message are (HL7 table 0211)."""

import re

from salus.hl7v2.refusal import ErrorCode, Rejected

UTF_8 = "UNICODE UTF-8"
_AT = "MSH^1^18"
# Each has ASCII as its lower half, so that the header can be read before its MSH-18 is known.
CODECS = {
    "ASCII": "ascii",
    "ISO IR6": "ascii",
    **{f"8859/{part}": f"iso8859-{part}" for part in (*range(1, 10), 15)},
    UTF_8: "utf-8",
}
# What no text holds; an 8-bit set that was declared wrongly mostly shows by one of them.
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def charset_of(declared: str) -> str:
    """The name in table 0211; one that is not declared is ASCII (HL7 2.3.1 and 2.5, 2.15.9.18). Raises Rejected."""
    name = declared or "ASCII"
    if name not in CODECS:
        known = ", ".join(CODECS)
        raise Rejected(f"one character set is read, of: {known}", code=ErrorCode.VALUE, at=_AT)
    return name


def decoded(content: bytes, charset: str) -> str:
    """Raises Rejected: no byte is guessed, since a name that was mangled finds somebody else."""
    try:
        text = content.decode(CODECS[charset])
    except UnicodeDecodeError:
        raise Rejected(
            f"the bytes of the message are not {charset}, which MSH-18 declares",
            code=ErrorCode.DATA_TYPE,
            at=_AT,
        ) from None
    if _CONTROLS.search(text):
        raise Rejected(
            f"the message holds control characters: it is hardly {charset}, which MSH-18 declares",
            code=ErrorCode.DATA_TYPE,
            at=_AT,
        )
    return text
