"""The public directory."""

from collections.abc import Sequence

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.text import slugify
from django.views.decorators.http import require_safe

from salus.country import country
from salus.directory.duplicates import rows_of
from salus.directory.finding import find
from salus.directory.forms import DirectorySearch
from salus.directory.models import Kind
from salus.directory.public import entries, maps, searching, vcard
from salus.kernel.clock import now
from salus.kernel.page import public
from salus.terminology import PROFESSIONS

AROUND_A_PLACE = 24.0  # kilometres that the map of one place is wide


@public
@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """The directory holds nothing private, so that a search is an address that can be sent on."""
    form = DirectorySearch(request.GET)
    form.full_clean()
    asked = form.cleaned_data  # a field that nobody can understand is told at the field
    shown = {"form": form, "home": country().CODE}
    if not any(value for name, value in asked.items() if name != "within"):
        return render(request, "directory/search.html", shown)
    at = now()
    page = _number(request.GET.get("page", "1"))
    found = find(searching.question_of(asked, at=at), at=at, page=page)
    results = searching.results(found, at=at)
    return render(
        request,
        "directory/search.html",
        {
            **shown,
            "asked": asked,
            "found": found,
            "results": results,
            "filters": searching.filters(asked, request.GET, found.understood),
            "offers": searching.offers(asked, request.GET, found.understood),
            "as_names": searching.as_names(request.GET, found.understood),
            "not_as_typed": searching.not_as_typed(found),
            "map": searching.map_of(request.GET.get("map", ""), results, here=asked.get("near")),
            "earlier": page - 1 if page > 1 else None,
            "later": page + 1 if found.more else None,
        },
    )


@public
@require_safe
def professional(request: HttpRequest, practitioner: int) -> HttpResponse:
    if elsewhere := _to_root(Kind.PRACTITIONER, practitioner, "directory:professional"):
        return elsewhere
    found = entries.professional(practitioner, at=now())
    answer = render(
        request,
        "directory/professional.html",
        {"professional": found, **_sites(request, found.sites)},
    )
    return _found_by_nobody(answer, found)


@public
@require_safe
def professional_card(request: HttpRequest, practitioner: int) -> HttpResponse:
    if elsewhere := _to_root(Kind.PRACTITIONER, practitioner, "directory:professional-card"):
        return elsewhere
    found = entries.professional(practitioner, at=now())
    url = request.build_absolute_uri(request.path).removesuffix(".vcf") + "/"
    card = vcard.of_professional(found, title=str(PROFESSIONS[found.profession]), url=url)
    return _found_by_nobody(_card(found.name, card), found)


def _found_by_nobody(answer: HttpResponse, found: entries.Professional) -> HttpResponse:
    """Who does not practise is found by no foreign search either."""
    if not found.practising:
        answer["X-Robots-Tag"] = "noindex"
    return answer


@public
@require_safe
def organization(request: HttpRequest, organization: int) -> HttpResponse:
    if elsewhere := _to_root(Kind.ORGANIZATION, organization, "directory:organization"):
        return elsewhere
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
    if elsewhere := _to_root(Kind.ORGANIZATION, organization, "directory:organization-card"):
        return elsewhere
    found = entries.organization(organization, at=now())
    url = request.build_absolute_uri(request.path).removesuffix(".vcf") + "/"
    return _card(found.name, vcard.of_organization(found, url=url))


@public
@require_safe
def place(request: HttpRequest, location: int) -> HttpResponse:
    found = entries.place(location, at=now())
    return render(
        request, "directory/place.html", {"place": found, **_sites(request, [found.site])}
    )


def _to_root(kind: Kind, entry: int, page: str) -> HttpResponse | None:
    """A duplicate's address, which somebody has kept, leads to the entry that is shown."""
    root = rows_of(kind, entry)[0]
    return redirect(page, root) if root != entry else None


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
        "map": searching.the_map(request.GET.get("map", ""), spots, least=AROUND_A_PLACE),
        "url": request.build_absolute_uri(request.path),
    }


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and 0 < len(text) < 6 else 1


def _card(name: str, card: str) -> HttpResponse:
    disposition = f'attachment; filename="{slugify(name) or "entry"}.vcf"'
    return HttpResponse(
        card, content_type=vcard.MEDIA_TYPE, headers={"Content-Disposition": disposition}
    )
