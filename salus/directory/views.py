"""The public directory."""

from collections.abc import Iterable, Sequence

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.text import slugify
from django.views.decorators.http import require_safe

from salus.country import country
from salus.directory import queries
from salus.directory.forms import DirectorySearch
from salus.directory.models import Kind
from salus.directory.public import entries, maps, vcard
from salus.directory.queries import SHOWN_AT_MOST
from salus.kernel.clock import now
from salus.kernel.errors import InvalidInput
from salus.kernel.page import public
from salus.terminology import ORGANIZATION_TYPES, PROFESSIONS

AROUND_A_PLACE = 12.0  # kilometres that the map of one place is wide


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
    if (root := entries.root_of(Kind.PRACTITIONER, practitioner)) != practitioner:
        return redirect("directory:professional", root)
    found = entries.professional(practitioner, at=now())
    answer = render(
        request,
        "directory/professional.html",
        {"professional": found, **_sites(request, found.sites)},
    )
    if not found.practising:
        answer["X-Robots-Tag"] = "noindex"
    return answer


@public
@require_safe
def professional_card(request: HttpRequest, practitioner: int) -> HttpResponse:
    found = entries.professional(practitioner, at=now())
    url = request.build_absolute_uri().removesuffix(".vcf") + "/"
    card = vcard.of_professional(found, title=str(PROFESSIONS[found.profession]), url=url)
    return _card(found.name, card)


@public
@require_safe
def organization(request: HttpRequest, organization: int) -> HttpResponse:
    if (root := entries.root_of(Kind.ORGANIZATION, organization)) != organization:
        return redirect("directory:organization", root)
    page = _number(request.GET.get("page", "1"))
    found = entries.organization(organization, at=now(), page=page)
    pages = -(-found.people_total // entries.PEOPLE)
    return render(
        request,
        "directory/organization.html",
        {
            "organization": found,
            **_sites(request, found.sites),
            "page": page,
            "pages": pages,
            "earlier": page - 1 if page > 1 else None,
            "later": page + 1 if page < pages else None,
        },
    )


@public
@require_safe
def organization_card(request: HttpRequest, organization: int) -> HttpResponse:
    found = entries.organization(organization, at=now())
    url = request.build_absolute_uri().removesuffix(".vcf") + "/"
    return _card(found.name, vcard.of_organization(found, url=url))


@public
@require_safe
def place(request: HttpRequest, location: int) -> HttpResponse:
    found = entries.place(location, at=now())
    return render(
        request, "directory/place.html", {"place": found, **_sites(request, [found.site])}
    )


def _sites(request: HttpRequest, sites: Sequence[entries.Site]) -> dict[str, object]:
    """What every page with places says of them: each with its number on the map, which is 0 when it is alone."""
    numbered = [(number if len(sites) > 1 else 0, one) for number, one in enumerate(sites, 1)]
    spots = [
        maps.Spot(number=number, name=one.title, position=one.position)
        for number, one in numbered
        if one.position
    ]
    return {
        "sites": numbered,
        "today": now().weekday(),
        "home": country().CODE,
        "map": _map(request, spots, least=AROUND_A_PLACE),
        "url": request.build_absolute_uri(request.path),
    }


def _map(request: HttpRequest, spots: Iterable[maps.Spot], *, least: float) -> maps.Map | None:
    """The part of the map that the address asks for, or else the one that shows all of them."""
    shown = list(spots)
    try:
        frame = maps.frame_of(request.GET.get("map", ""))
    except InvalidInput:
        fitting = maps.around([spot.position for spot in shown], least=least)
        if fitting is None:
            return None
        frame = fitting
    return maps.drawn(frame, shown, country=country().CODE)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and 0 < len(text) < 6 else 1


def _card(name: str, card: str) -> HttpResponse:
    disposition = f'attachment; filename="{slugify(name) or "entry"}.vcf"'
    return HttpResponse(
        card, content_type=vcard.MEDIA_TYPE, headers={"Content-Disposition": disposition}
    )
