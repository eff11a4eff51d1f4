"""What a hand scanner types for a card's barcode, down to the number. Pure.

A scanner may begin with a symbology identifier (ISO/IEC 15424: `]` and two characters). GS1's element strings carry
the number in an element of the issuer's own (application identifiers 90 to 99, GS1 General Specifications, 3.9.8),
which FNC1, sent as the control character GS, may begin and end.
"""

import re

_SYMBOLOGY = re.compile(r"\](?P<of>[A-Za-z]\d)")
_GS1 = {"C1", "d2", "Q3", "e0"}  # GS1-128, DataMatrix, QR Code, DataBar
_GROUP_SEPARATOR = "\x1d"
_ELEMENT = re.compile(r"\(?9\d\)?(?P<value>[^\x1d(]+)")


def scanned(text: str) -> str:
    """The number as typed or scanned, without what stands around it; spaces, dots and dashes are for the eye."""
    text = text.strip(" \r\n\t")
    symbology = _SYMBOLOGY.match(text)
    text = text[symbology.end() :] if symbology else text
    is_gs1 = symbology is not None and symbology["of"] in _GS1
    if is_gs1 or text.startswith((_GROUP_SEPARATOR, "(9")):
        element = _ELEMENT.match(text.lstrip(_GROUP_SEPARATOR))
        text = element["value"] if element else text
    return re.sub(r"[\s.\-/]", "", text)
