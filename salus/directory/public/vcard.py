"""An entry as a vCard 3.0 (RFC 2426), which telephones and mail programs take in."""

from vobject import vCard
from vobject.vcard import Address, Name

from salus.directory.public.entries import OrganizationPage, Professional, Site

MEDIA_TYPE = "text/vcard; charset=utf-8"


def of_professional(entry: Professional, *, title: str, url: str) -> str:
    """``title``: the profession in the reader's language. Every place of work is an address of its own."""
    card = vCard()
    card.add("n").value = Name(family=entry.family, given=entry.given, prefix=entry.prefix)
    card.add("fn").value = entry.name
    card.add("title").value = title
    if entry.sites:
        card.add("org").value = [entry.sites[0].organization_name]
    _add_contact(card, entry.telephone, entry.email)
    for site in entry.sites:
        _add_site(card, site)
    return _serialized(card, url)


def of_organization(entry: OrganizationPage, *, url: str) -> str:
    card = vCard()
    card.add("n").value = Name(family=entry.name)
    card.add("fn").value = entry.name
    card.add("org").value = [*(one.name for one in entry.above), entry.name]
    for site in entry.sites:
        _add_site(card, site)
    return _serialized(card, url)


def _add_site(card: vCard, site: Site) -> None:
    _add_contact(card, site.telephone, site.email)
    address = card.add("adr")
    address.type_param = "WORK"
    address.value = Address(
        street=site.address.line,
        city=site.address.municipality,
        code=site.address.postal_code,
        country=site.address.country,
    )


def _add_contact(card: vCard, telephone: str, email: str) -> None:
    for name, value in (("tel", telephone), ("email", email)):
        known = {str(line.value) for line in card.contents.get(name, [])}
        if value and value not in known:
            line = card.add(name)
            line.value = value
            line.type_param = "WORK" if name == "tel" else "INTERNET"


def _serialized(card: vCard, url: str) -> str:
    card.add("url").value = url
    return str(card.serialize())
