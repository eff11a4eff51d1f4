"""The XHTML of a narrative: https://hl7.org/fhir/R4/narrative.html#xhtml

Text, tables, lists and pictures; nothing that acts.
"""

from collections.abc import Iterator
from html import escape
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

NAMESPACE = "http://www.w3.org/1999/xhtml"
DEEPEST = 64  # elements within each other

_XML = "{http://www.w3.org/XML/1998/namespace}"
_ELEMENTS = """
a abbr acronym address b big blockquote br caption cite code col colgroup dd dfn div dl dt em h1 h2 h3 h4 h5 h6 hr i
img kbd li map area ol p pre q samp small span strong sub sup table tbody td tfoot th thead tr tt ul var
"""
_ATTRIBUTES = """
abbr accesskey align alt axis bgcolor border cellhalign cellpadding cellspacing cellvalign char charoff charset cite
class colspan compact coords dir frame headers height href hreflang hspace id lang longdesc name nowrap rel rev
rowspan rules scope shape span src start style summary tabindex title type usemap valign value vspace width
"""
_ALLOWED = frozenset(_ELEMENTS.split())
_ALLOWED_ATTRIBUTES = frozenset([*_ATTRIBUTES.split(), f"{_XML}lang", f"{_XML}space"])
_VOID = {"br", "col", "hr", "img"}
_SCHEMES = ("http:", "https:", "ftp:", "mailto:", "tel:", "urn:", "#", "data:image/")


def fault(text: str) -> str:
    """What is wrong with a narrative's div, in words; '' when nothing is."""
    try:
        root = fromstring(text, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, RecursionError):
        return "not well-formed XHTML without entities of its own"
    if root.tag != f"{{{NAMESPACE}}}div":
        return f"must be one div in the namespace {NAMESPACE}"
    fault = _fault_of(root, depth=0)
    return fault or ("" if _says_something(root) else "says nothing")


def normal(text: str) -> str:
    """The same div for XML; raises ValueError when it is not well-formed."""
    try:
        return text_of(fromstring(text, forbid_dtd=True))
    except (ParseError, DefusedXmlException, RecursionError):
        raise ValueError("not well-formed") from None


def text_of(root: Element) -> str:
    """An element and what it holds as text, the namespace on each element where it changes."""
    return "".join(_written(root, within=""))


def _written(element: Element, *, within: str) -> Iterator[str]:
    namespace, _, name = (
        element.tag[1:].rpartition("}") if element.tag[0] == "{" else ("", "", element.tag)
    )
    attributes = "".join(
        f' {key.replace(_XML, "xml:")}="{escape(value)}"' for key, value in element.attrib.items()
    )
    declared = "" if namespace == within else f' xmlns="{escape(namespace)}"'
    if name in _VOID and not element.text and not len(element):
        yield f"<{name}{declared}{attributes}/>"
        return
    yield f"<{name}{declared}{attributes}>{escape(element.text or '', quote=False)}"
    for child in element:
        yield from _written(child, within=namespace)
        yield escape(child.tail or "", quote=False)
    yield f"</{name}>"


def _fault_of(element: Element, *, depth: int) -> str:
    if depth > DEEPEST:
        return f"nested deeper than {DEEPEST} levels"
    name = element.tag.removeprefix(f"{{{NAMESPACE}}}")
    if name not in _ALLOWED or name == element.tag:
        return "holds an element that a narrative may not have, such as a script or a form"
    for attribute, value in element.attrib.items():
        if attribute not in _ALLOWED_ATTRIBUTES:
            return "holds an attribute that a narrative may not have, such as an event's"
        if attribute in ("href", "src") and not _leads_somewhere_known(value):
            return "holds a link that is neither to the web nor into itself"
    return next(filter(None, (_fault_of(child, depth=depth + 1) for child in element)), "")


def _leads_somewhere_known(address: str) -> bool:
    address = "".join(address.split()).lower()
    return address.startswith(_SCHEMES) or ":" not in address.split("/")[0]


def _says_something(root: Element) -> bool:
    pictures = root.find(f".//{{{NAMESPACE}}}img") is not None
    return pictures or any(text.strip() for text in root.itertext())
