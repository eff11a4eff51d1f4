"""Deny by default, and one translation of the error tree into pages."""

import logging
from collections.abc import Callable
from typing import Any

from django.contrib.auth import logout
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import Resolver404, resolve

from salus.access.queries import actor_of
from salus.kernel.clock import now
from salus.kernel.errors import Conflict, InvalidInput, NotFound, SalusError
from salus.kernel.page import Rule, View, permits, rule_of
from salus.portal.views import errors

logger = logging.getLogger(__name__)

_LARGEST_ID = 2**63 - 1  # of the database; a larger one in an address names nothing

_PAGES: list[tuple[type[Exception], Callable[[HttpRequest, Exception], HttpResponse]]] = [
    (NotFound, errors.not_found),
    (PermissionDenied, errors.not_found),  # from outside forbidden and absent look alike
    (InvalidInput, errors.bad_request),
    (Conflict, errors.conflict),
    (SalusError, errors.unavailable),
]


class SoftwareMiddleware:
    """Lets software in at its doors (salus.kernel.page.software), where there is no session, no cookie and no page."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._for_people = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        try:
            found = resolve(request.path_info)
        except Resolver404:
            return self._for_people(request)
        if rule_of(found.func) is not Rule.SOFTWARE:
            return self._for_people(request)
        request.resolver_match = found
        response: HttpResponseBase = found.func(request, *found.args, **found.kwargs)
        response.headers.setdefault("Content-Security-Policy", "default-src 'none'; sandbox")
        return response


class RightsMiddleware:
    """Finds out who asks, asks the view's rule, and keeps what is personal out of every cache."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        account = request.user
        actor = actor_of(account.pk, at=now()) if account.is_authenticated else None
        request.actor = actor  # type: ignore[attr-defined]
        if account.is_authenticated and actor is None:
            logout(request)  # bound to nobody any more, or to a professional who may not practise
        response = self.get_response(request)
        if account.is_authenticated:
            response["Cache-Control"] = "no-store"
        return response

    def process_view(
        self, request: HttpRequest, view: View, args: list[Any], kwargs: dict[str, Any]
    ) -> HttpResponseBase | None:
        rule = rule_of(view)
        if rule is None:
            logger.error("refused: %s.%s states no rule", view.__module__, view.__name__)
            return errors.not_found(request)
        if any(isinstance(value, int) and value > _LARGEST_ID for value in kwargs.values()):
            return errors.not_found(request)
        if permits(rule, request.actor):  # type: ignore[attr-defined]
            return None
        if request.user.is_authenticated:
            return errors.not_found(request)
        return redirect_to_login(request.get_full_path() if request.method == "GET" else "/")

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        for kind, page in _PAGES:
            if isinstance(error, kind):
                if page is errors.unavailable:
                    logger.error("%s: %s", type(error).__name__, error)
                return page(request, error)
        return None
