"""POST /eligibility/v1/register: the queue, for the register's own software. An answer says that all of it is kept."""

import io
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_POST

from salus.access.tokens import actor_with_token
from salus.country import country
from salus.eligibility.models import Delivery, Right
from salus.eligibility.permissions import caller_of, check_right
from salus.eligibility.register.actions import SHORT, deliver
from salus.eligibility.register.files import read_lines
from salus.kernel.actor import Role
from salus.kernel.clock import now
from salus.kernel.errors import Forbidden, InvalidInput, SalusError, Unauthorized
from salus.kernel.page import software

_STATUS = {Unauthorized: HTTPStatus.UNAUTHORIZED, Forbidden: HTTPStatus.FORBIDDEN}
_LARGEST = 1_000_000  # bytes


@software
@require_POST
def register(request: HttpRequest) -> HttpResponse:
    """Messages as NDJSON; an outcome for each. The same ones again change nothing."""
    try:
        return JsonResponse(_delivered(request))
    except SalusError as error:
        status = _STATUS.get(type(error), HTTPStatus.BAD_REQUEST)
        response = JsonResponse({"error": str(error)}, status=status)
        if status == HTTPStatus.UNAUTHORIZED:
            response["WWW-Authenticate"] = "Bearer"
        return response


def _delivered(request: HttpRequest) -> dict[str, object]:
    actor = actor_with_token(request)
    if actor is None:
        raise Unauthorized("a token is needed")
    if actor.role is not Role.SOFTWARE:
        raise Forbidden("only the register's own software tells of periods")
    check_right(caller_of(actor), Right.REGISTER)
    body = request.read(_LARGEST + 1)
    if len(body) > _LARGEST or body.count(b"\n") > SHORT:
        raise InvalidInput(f"at most {SHORT} messages, and {_LARGEST} bytes, at a time")
    if not body.lstrip().startswith(b"{"):
        raise InvalidInput("should be NDJSON")
    done = deliver(
        actor=actor,
        at=now(),
        kind=Delivery.Kind.QUEUE,
        lines=read_lines(io.BytesIO(body.lstrip()), system=country().MATRICULE_SYSTEM, full=False),
    )
    return {"delivery": done.number, "messages": done.lines}
