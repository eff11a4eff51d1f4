"""Namespaces of a message, and tags in them as lxml writes them."""

SOAP = "http://www.w3.org/2003/05/soap-envelope"  # 1.2
SOAP_11 = "http://schemas.xmlsoap.org/soap/envelope/"
WSA = "http://www.w3.org/2005/08/addressing"
_WSS = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss"
WSSE = f"{_WSS}-wssecurity-secext-1.0.xsd"
WSU = f"{_WSS}-wssecurity-utility-1.0.xsd"
X509 = f"{_WSS}-x509-token-profile-1.0#X509v3"
BASE64 = f"{_WSS}-soap-message-security-1.0#Base64Binary"
DS = "http://www.w3.org/2000/09/xmldsig#"
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
OURS = "urn:salus:eligibility:1"

XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
PREFIXES = {"env": SOAP, "wsa": WSA, "el": OURS}  # of what this server writes


def soap(name: str) -> str:
    return f"{{{SOAP}}}{name}"


def wsa(name: str) -> str:
    return f"{{{WSA}}}{name}"


def wsse(name: str) -> str:
    return f"{{{WSSE}}}{name}"


def wsu(name: str) -> str:
    return f"{{{WSU}}}{name}"


def ds(name: str) -> str:
    return f"{{{DS}}}{name}"


def ours(name: str) -> str:
    return f"{{{OURS}}}{name}"
