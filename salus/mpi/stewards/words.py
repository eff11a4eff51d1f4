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
    "name": _("Name"),
    "birth_family": _("Name at birth"),
    "former_names": _("Earlier names"),
    "multiple_birth": _("Order among twins"),
    "home": _("Address"),
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
    "given name not known": _("A given name is missing, or an initial only."),
    "given name differs": _("The given names differ: brothers and sisters share all the rest."),
    "given name not quite equal": _("The given names are alike, not the same: Ana and Anna."),
    "sex differs": _("The sex differs."),
    "one of a multiple birth": _("One of them is a twin: twins share all but the given name."),
    "family name differs": _("The family names differ, or one is missing."),
    "family name and birth date differ": _("Neither family name nor date of birth is the same."),
    "birth date not known": _("A date of birth is missing."),
    "birth date differs": _("The dates of birth differ."),
    "birth date not quite equal": _("The dates of birth are alike, not the same."),
    "born a generation apart": _("They were born a generation apart, as parent and child."),
    "nothing but name and birth date": _(
        "Nothing but name and date of birth is the same, which namesakes share too."
    ),
    "multiple birth order differs": _("Twins: the order of birth differs."),
    "national id differs": _("The national identification numbers differ."),
}
# What speaks against one person whatever else is alike (salus.mpi.rules.Contradiction).
CONTRADICTIONS: Mapping[str, Text] = {
    "matricule": _("Each has a national identification number of its own."),
    "multiple birth": _("Twins: the order of birth differs."),
    "birth date": _("The dates of birth differ."),
    "gender": _("The sex differs."),
    "deceased": _("They died on different days."),
    "judged different": _("A steward judged before that they are different people."),
}
# Why an entry's word is taken for the joint record (salus.mpi.survivorship.Why).
BELIEVED: Mapping[str, Text] = {
    "only": _("no other entry says anything"),
    "register": _("the national register says so"),
    "newest": _("said last"),
}
# Kinds of what domains file for persons (salus.kernel.filings).
FILED: Mapping[str, Text] = {
    "documents": _("Documents"),
    "vaccinations": _("Vaccinations"),
    "rights": _("Rights and choices"),
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
