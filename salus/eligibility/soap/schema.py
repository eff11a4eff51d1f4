"""What a request must look like, before anything is read out of it."""

from pathlib import Path
from threading import Lock
from typing import Any

from lxml import etree

from salus.eligibility.soap.names import OURS
from salus.kernel.errors import InvalidInput

SCHEMA = Path(__file__).with_name("eligibility.xsd")
_schema = etree.XMLSchema(etree.parse(SCHEMA))
_one_at_a_time = Lock()  # what is wrong is noted at the schema itself


def check_schema(element: Any) -> None:
    """Raises InvalidInput, which quotes nothing but names of elements."""
    with _one_at_a_time:
        if _schema.validate(element):
            return
        wrong = _schema.error_log[0]
    prefixes = {name: uri for one in element.iter() for name, uri in one.nsmap.items() if name}
    found = element.xpath(wrong.path.partition("/@")[0], namespaces=prefixes)
    raise InvalidInput(
        _WORDS.get(wrong.type_name, "the value is not of its type"),
        at=_path_of(found[0] if found else element),
    )


_WORDS = {
    "SCHEMAV_ELEMENT_CONTENT": "the element is not expected here, or lacks one that must be in it",
    "SCHEMAV_CVC_ELT_1": "there is no such operation",
    "SCHEMAV_CVC_IDC": "two lines have the same name",
    "SCHEMAV_CVC_COMPLEX_TYPE_3_2_1": "the attribute is not expected here",
    "SCHEMAV_CVC_COMPLEX_TYPE_3_2_2": "the attribute is not expected here",
    "SCHEMAV_CVC_COMPLEX_TYPE_4": "an attribute is missing",
    "SCHEMAV_CVC_COMPLEX_TYPE_2_1": "nothing is expected in it",
    "SCHEMAV_CVC_COMPLEX_TYPE_2_3": "text is not expected here",
}


def _path_of(place: Any) -> str:
    """As CheckAffiliation/person/value; what is not of our schema is *."""
    path = [*reversed(list(place.iterancestors())), place]
    return "/".join(
        etree.QName(one).localname if one.tag.startswith(f"{{{OURS}}}") else "*" for one in path
    )
