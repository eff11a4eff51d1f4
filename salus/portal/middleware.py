"""Deny by default, and one translation of the error tree into pages."""

import logging
from collections.abc import Callable
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from salus.access.queries import actor_of
from salus.kernel.errors import Conflict, InvalidInput, NotFound, SalusError
from salus.kernel.page import View, permits, rule_of
from salus.portal.views import errors

logger = logging.getLogger(__name__)

_PAGES: list[tuple[type[Exception], Callable[[HttpRequest, Exception], HttpResponse]]] = [
    (NotFound, errors.not_found),
    (PermissionDenied, errors.not_found),  # from outside forbidden and absent look alike
    (InvalidInput, errors.bad_request),
    (Conflict, errors.conflict),
    (SalusError, errors.unavailable),
]


class RightsMiddleware:
    """Finds out who asks, asks the view's rule, and keeps what is personal out of every cache."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        account = request.user
        known = account.pk if account.is_authenticated and account.is_active else None
        request.actor = actor_of(known) if known else None  # type: ignore[attr-defined]
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
