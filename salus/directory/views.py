"""The public directory."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from salus.directory import queries
from salus.directory.forms import DirectorySearch
from salus.directory.queries import SHOWN_AT_MOST
from salus.kernel.page import public
from salus.terminology import ORGANIZATION_TYPES


@public
@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """The directory holds nothing private, so that a search is an address that can be sent on."""
    form = DirectorySearch(request.GET)
    asked = form.is_valid() and any(form.cleaned_data.values())
    data = form.cleaned_data if asked else {"name": "", "kind": "", "municipality": ""}
    of_organizations = data["kind"] == "any" or data["kind"] in ORGANIZATION_TYPES
    organizations, professionals = None, None
    if asked and of_organizations:
        organizations = queries.search_organizations(
            name=data["name"],
            type="" if data["kind"] == "any" else data["kind"],
            municipality=data["municipality"],
        )
    elif asked:
        professionals = queries.search_professionals(
            name=data["name"], profession=data["kind"], municipality=data["municipality"]
        )
    found = len(organizations or professionals or [])
    return render(
        request,
        "directory/search.html",
        {
            "form": form,
            "asked": asked,
            "organizations": organizations,
            "professionals": professionals,
            "found": found,
            "more": found == SHOWN_AT_MOST,
        },
    )


@public
@require_safe
def professional(request: HttpRequest, practitioner: int) -> HttpResponse:
    return render(
        request,
        "directory/professional.html",
        {"professional": queries.professional(practitioner)},
    )


@public
@require_safe
def organization(request: HttpRequest, organization: int) -> HttpResponse:
    place, professionals = queries.organization(organization)
    return render(
        request,
        "directory/organization.html",
        {"place": place, "professionals": professionals},
    )
