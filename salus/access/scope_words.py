"""Scopes in plain words, for those who grant them and for those who ask."""

from collections.abc import Collection
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from salus.accounts.rules import PLAIN
from salus.kernel.scopes import Interaction, Scope, read_scope

OFFLINE = "offline_access"  # OpenID Connect Core, section 11

_READ: dict[str, str | Promise] = {
    "*": _("See everything in the record"),
    "Patient": _("See name, birth date, address and numbers of the patient"),
    "DocumentReference": _("See which documents there are"),
    "Binary": _("Open the documents themselves"),
    "Immunization": _("See the vaccinations"),
    "Coverage": _("See since when you are insured"),
    "AuditEvent": _("See who looked at the record"),
    "Practitioner": _("Look up professionals in the directory"),
    "PractitionerRole": _("Look up who works where"),
    "Organization": _("Look up organisations in the directory"),
}
_WRITE: dict[str, str | Promise] = {
    "*": _("Add to everything in the record, and change it"),
    "Patient": _("Change name, address and numbers of the patient"),
    "DocumentReference": _("Add documents, or replace them"),
    "Binary": _("Add the content of documents"),
    "Immunization": _("Add vaccinations, or correct them"),
}
_LOOKS = {Interaction.READ, Interaction.SEARCH}


@dataclass(frozen=True, kw_only=True)
class Permission:
    """One scope as it is asked for: ``changes`` when it does more than look."""

    scope: str
    text: str
    narrowed: str  # the search parameters that what it concerns must meet; ''
    changes: bool

    @property
    def label(self) -> str:
        return f"{self.text} ({self.narrowed})" if self.narrowed else self.text


def permission(text: str) -> Permission:
    """A resource scope, or ``offline_access``, in words. Raises InvalidInput for what is neither."""
    if text == OFFLINE:
        return Permission(
            scope=text,
            text=gettext("Stay connected when you do not use it"),
            narrowed="",
            changes=False,
        )
    scope = read_scope(text)
    return Permission(
        scope=text,
        text=" · ".join(_sentences(scope)),
        narrowed=", ".join(f"{name} = {value}" for name, value in scope.only),
        changes=not scope.interactions <= _LOOKS,
    )


def permissions(scopes: Collection[str]) -> list[Permission]:
    """In the order of asking, those first that only look."""
    return sorted(
        map(permission, filter(is_choosable, scopes)),
        key=lambda one: (one.scope == OFFLINE, one.changes),
    )


def is_choosable(text: str) -> bool:
    """Whether it can be granted or left out by itself; the others only say who signs in, and how."""
    return text == OFFLINE or text not in PLAIN


def _sentences(scope: Scope) -> list[str]:
    found: list[str] = []
    if scope.interactions & _LOOKS:
        found.append(_words(_READ, scope.type, _("See data of the kind %(type)s")))
    if scope.interactions & {Interaction.CREATE, Interaction.UPDATE}:
        found.append(_words(_WRITE, scope.type, _("Add and change data of the kind %(type)s")))
    if Interaction.DELETE in scope.interactions:
        found.append(gettext("Delete data of the kind %(type)s") % {"type": scope.type})
    return found


def _words(known: dict[str, str | Promise], type: str, otherwise: str | Promise) -> str:
    return str(known[type]) if type in known else str(otherwise) % {"type": type}
