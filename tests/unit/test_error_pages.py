"""The pages of the last resort."""

from django.test import RequestFactory

from salus.kernel.errors import Conflict, InvalidInput, NotFound
from salus.portal.views import errors


def test_the_page_of_a_server_error_needs_nothing_that_may_be_broken() -> None:
    request = RequestFactory().get("/")  # no session, no user, no database
    response = errors.server_error(request)
    assert response.status_code == 500
    assert b"Salus" in response.content


def test_each_error_has_its_status() -> None:
    request = RequestFactory().get("/")
    request.actor = None  # type: ignore[attr-defined]
    assert errors.not_found(request, NotFound("x")).status_code == 404
    assert errors.bad_request(request, InvalidInput("a matricule has 13 digits")).status_code == 400
    assert errors.conflict(request, Conflict("not now")).status_code == 409
    assert errors.forbidden(request).status_code == 404


def test_the_reason_of_an_error_of_ours_is_shown_and_that_of_another_is_not() -> None:
    request = RequestFactory().get("/")
    request.actor = None  # type: ignore[attr-defined]
    assert b"13 " in errors.bad_request(request, InvalidInput("a matricule has 13 digits")).content
    assert b"secret" not in errors.bad_request(request, ValueError("secret")).content
    assert b"secret" not in errors.not_found(request, NotFound("secret")).content
