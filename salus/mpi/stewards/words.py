"""The stable words of a comparison (`salus.mpi.matching`) in those of the pages."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text = str | Promise

FIELDS: Mapping[str, Text] = {
    "given": _("Given name"),
    "family": _("Family name"),
    "birth_date": _("Date of birth"),
    "sex": _("Sex"),
    "street": _("Street"),
    "house_number": _("House number"),
    "postal_code": _("Postcode"),
    "city": _("Town"),
    "phone": _("Telephone"),
    "email": _("E-mail address"),
    "national_id": _("National identification number"),
    "household": _("Shared by a household"),
    "birth_family": _("Name at birth"),
    "former_names": _("Earlier names"),
    "multiple_birth": _("Order among twins"),
    "country": _("Country"),
    "deceased_on": _("Date of death"),
}
GENDERS: Mapping[str, Text] = {
    "female": _("female"),
    "male": _("male"),
    "other": _("other"),
}
LEVELS: Mapping[str, Text] = {
    "equal": _("the same"),
    "part equal": _("partly the same"),
    "swapped": _("swapped"),
    "similar": _("one slip apart"),
    "sounds alike": _("sounds alike"),
    "initial": _("an initial only"),
    "resembles": _("resembles"),
    "year only": _("the year only"),
    "differs": _("differs"),
    "not known": _("not known"),
    "shared": _("counted once"),
}
GUARDS: Mapping[str, Text] = {
    "given name differs": _("The given names differ: brothers and sisters share all the rest."),
    "given name not known": _("A given name is missing, or an initial only."),
    "family name and birth date differ": _(
        "The family names differ, and the dates of birth are not the same."
    ),
    "birth date differs": _(
        "The dates of birth differ: so do those of father and son with one name."
    ),
    "birth date not known": _("A date of birth is missing."),
    "given name and sex differ": _("The sex differs, and the given names are not the same."),
    "multiple birth order differs": _("Twins: the order of birth differs."),
    "national id differs": _("The national identification numbers differ."),
}
MADE_BY: Mapping[str, Text] = {
    "matcher": _("Joined automatically"),
    "sender": _("Joined by the sender of both entries"),
    "stewards": _("Joined by two stewards"),
}
WAITING: Mapping[str, Text] = {
    "all": _("All"),
    "new": _("To judge"),
    "confirm": _("To confirm"),
    "unsure": _("Unsure"),
}
JUDGEMENTS: Mapping[str, Text] = {
    "same": _("the same person"),
    "different": _("different people"),
    "unsure": _("unsure"),
}


def said(words: Mapping[str, Text], word: str) -> Text:
    """In words of the page; as it is when a newer matcher uses one that the page does not know."""
    return words.get(word, word)
