"""The event log as anyone can check it: its newest signed head, and proofs; a patient's own events."""

from typing import Any

from babel.numbers import format_decimal
from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from salus.audit.heads import SignedHead
from salus.audit.queries import consistency_proof, inclusion_proof, newest_head, public_keys
from salus.kernel.errors import NotFound
from salus.kernel.page import patient, patient_only, public, request_id
from salus.portal.access_log import WHAT, WHO, WHY

_NEWEST = "public, max-age=5"  # half of what a head lasts
_UNCHANGING = "public, max-age=86400"  # what joins two heads stays, only keys may be added

# What the script of the page says (static/portal/verify.js).
WORDS: dict[str, str | Promise] = {
    "inclusion": _("This event is in the log, unchanged since it was signed."),
    "withheld": _(
        "This event is in the log. What it says was left out of the file, because it also names other people."
    ),
    "consistency": _("The later log continues the earlier one: nothing in it was changed."),
    "head": _("This head was signed by the agency."),
    "unsigned": _("What this browser can check holds. It cannot check the signature."),
    "broken": _("This does not hold. Keep the file, and read below what to do."),
    "unreadable": _("This file is neither a proof nor a head of the log."),
    "row": _("What the event says"),
    "row-true": _("Its hash is the one that stands in the log."),
    "row-false": _("It was changed: its hash is not the one that stands in the log."),
    "row-null": _("It was left out of the file. Its hash alone is checked."),
    "path": _("The way to the root"),
    "path-true": _("It leads from the event's hash to the root of the log of {size} events."),
    "path-false": _("It does not lead to the root of the log of {size} events."),
    "extends": _("From the earlier log to the later"),
    "extends-true": _("The log of {size} events begins with all events of the earlier one."),
    "extends-false": _("The log of {size} events does not begin with the events of the earlier one."),
    "signature": _("The signature"),
    "signature-true": _("The log of {size} events was signed on {date}."),
    "signature-false": _("What was signed was changed afterwards, or the key is missing."),
    "signature-null": _("Signature not checked by this browser: it does not know Ed25519."),
    "key": _("The key"),
    "key-true": _("It is the agency's: this page was served with it."),
    "key-false": _("The agency does not publish this key: somebody else signed."),
    "today": _("The log of this page"),
    "today-true": _("It and the log of {size} events that this page was served with are one."),
    "today-false": _("The log of {size} events that this page was served with is another one."),
    "today-null": _("Not compared yet with the log of {size} events that this page was served with."),
    "away": _("The site did not answer. Please try again."),
}  # fmt: skip
# What the columns of an event's row are called; what is not here says nothing to a reader.
FIELDS: dict[str, str | Promise] = {
    "at": _("When"),
    "kind": _("What was done"),
    "agent": _("By whom"),
    "account_id": _("Number of the account"),
    "practitioner_id": _("Number of the professional"),
    "organization_id": _("Number of the organisation"),
    "system": _("Name of the system"),
    "person_id": _("Number of the person whose data it is"),
    "document_id": _("Number of the document"),
    "client_id": _("Number of the software"),
    "purpose": _("What for"),
    "denied": _("Refused"),
    "repeated": _("Repetition of the same request"),
    "id": _("Number of the event"),
}


@patient_only
@require_safe
def proof(request: HttpRequest, event: int) -> HttpResponse:
    """That an event about the patient's own data is in the log, as a file to keep."""
    actor, _person = patient(request)
    found = inclusion_proof(actor=actor, event=event, request_id=request_id(request))
    answer = _json(found)
    answer.headers["Content-Disposition"] = f'attachment; filename="salus-proof-{event}.json"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


@public
@require_safe
def verify(request: HttpRequest) -> HttpResponse:
    """Where anyone checks a proof: in the browser, or with a program of their own."""
    newest, known = newest_head(), public_keys()
    script = {
        "head": newest.document if newest else None,
        "keys": known,
        "zone": settings.TIME_ZONE,
        "words": WORDS,
        "fields": FIELDS,
        "kind": WHAT,
        "agent": WHO,
        "purpose": WHY,
        "yes": _("yes"),
    }
    context = {"log": summary(newest), "keys": known["keys"], "script": script}
    return render(request, "portal/verify.html", context)


@public
@require_safe
def head(request: HttpRequest) -> HttpResponse:
    """The newest signed head, with the keys."""
    newest = newest_head()
    if newest is None:
        raise NotFound("the log has no head yet")
    answer = _json({"head": newest.document, "keys": public_keys()})
    answer.headers["Cache-Control"] = _NEWEST
    return answer


@public
@require_safe
def consistency(request: HttpRequest, first: int, second: int) -> HttpResponse:
    """That the log of one head continues that of an earlier one; each is named by its size."""
    answer = _json(consistency_proof(first=first, second=second))
    answer.headers["Cache-Control"] = _UNCHANGING
    return answer


def summary(newest: SignedHead | None) -> dict[str, Any] | None:
    """What pages show of a head."""
    if newest is None:
        return None
    return {
        "size": format_decimal(newest.size, locale=get_language()),
        "at": newest.at,
        "root": newest.root.hex(),
    }


def _json(found: dict[str, Any]) -> JsonResponse:
    return JsonResponse(found, json_dumps_params={"indent": 1})
