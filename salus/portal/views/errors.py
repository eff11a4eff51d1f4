"""What the site answers when it cannot do what was asked: the same look, a plain word, a way on."""

from http import HTTPStatus

from django.contrib.sessions.exceptions import SessionInterrupted
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from salus.kernel.errors import InvalidInput
from salus.kernel.page import public

Text = str | Promise

# What the domains say when they refuse: translated here, where a person reads it.
REFUSALS = (
    gettext_noop("a matricule has 13 digits, or 11 in its older form"),
    gettext_noop("this is the number of a company or an association, not of a person"),
    gettext_noop("the first 8 digits of the matricule are not a date"),
    gettext_noop("the date of birth in the matricule lies in the future"),
    gettext_noop("the 11th digit of the matricule does not fit the others"),
    gettext_noop("the 12th digit of the matricule (Luhn) does not fit the others"),
    gettext_noop("the 13th digit of the matricule (Verhoeff) does not fit the others"),
    gettext_noop("digits %(place)d and %(next)d are swapped"),
    gettext_noop("digit %(place)d is wrong"),
    gettext_noop("no person has this number and this name"),
    gettext_noop("you cannot be your own assistant"),
    gettext_noop("no such person"),
    gettext_noop("no professional has an account with this address"),
    gettext_noop("this account is an administrator already"),
    gettext_noop("the date of the vaccination lies before birth or in the future"),
    gettext_noop("there is no vaccination record yet; a vaccinating doctor opens it"),
    gettext_noop("the record does not take documents now"),
    gettext_noop("the event is not in the log yet: try again in a few seconds"),
    gettext_noop("this request has been decided already"),
    gettext_noop("the secret was shown already; ask for a new client if you lost it"),
    gettext_noop("the id_token_hint is none of ours"),
    gettext_noop("the id_token_hint is another client's"),
    gettext_noop("a redirect URI is https://..., without #"),
    gettext_noop("the address of a JWK Set begins with https:// and names a host"),
    gettext_noop("the address of a JWK Set names a public host"),
    gettext_noop("the JWK Set holds a private key: send the public ones alone"),
    gettext_noop("the JWK Set has no public key that can sign (RSA, EC, OKP)"),
    gettext_noop("a key of the JWK Set cannot be read"),
)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    if isinstance(exception, SessionInterrupted) and _is_of_the_database(exception):
        return server_error(request)
    text = _refusal(exception) if isinstance(exception, InvalidInput) else ""
    return _page(
        request,
        HTTPStatus.BAD_REQUEST,
        _("We could not use what was sent"),
        text or _("Something in the address or the form is not right. Go back and try again."),
    )


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _page(
        request,
        HTTPStatus.NOT_FOUND,
        _("There is nothing here that you can open"),
        _(
            "The address may be wrong, what you look for may be gone, or it may not be for you."
            " For everyone's privacy we do not say which."
        ),
    )


def conflict(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, HTTPStatus.CONFLICT, _("This is not possible now"), _refusal(exception))


def unavailable(request: HttpRequest, exception: Exception) -> HttpResponse:
    """An error of ours that the reader can do nothing about, such as content that is damaged."""
    return _page(
        request,
        HTTPStatus.SERVICE_UNAVAILABLE,
        _("The service could not do this"),
        _("Please try again in a moment; the status page says how the services are."),
    )


@public
def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return _page(
        request,
        HTTPStatus.FORBIDDEN,
        _("This form has expired"),
        _(
            "To protect you we did not do what it asked. Go back, reload the page, and send it again."
        ),
    )


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """Rendered without the request: whatever broke must not break this page too."""
    html = render_to_string(
        "portal/error.html",
        {
            "title": _("Something went wrong on our side"),
            "text": _(
                "Nothing that you entered was changed by halves."
                " Please try again in a moment; the status page says how the services are."
            ),
            "code": 500,
        },
    )
    return HttpResponse(html, status=HTTPStatus.INTERNAL_SERVER_ERROR)


def _is_of_the_database(error: BaseException) -> bool:
    """Django tells a database that is gone as it saves a session as a session that is gone."""
    cause: BaseException | None = error
    while cause and not isinstance(cause, OperationalError):
        cause = cause.__context__
    return cause is not None


def _refusal(error: Exception) -> str:
    return capfirst(gettext(str(error))) + "."


def _page(request: HttpRequest, status: HTTPStatus, title: Text, text: Text) -> HttpResponse:
    html = render_to_string(
        "portal/error.html", {"title": title, "text": text, "code": status.value}, request
    )
    return HttpResponse(html, status=status)
