"""The page and the addresses of the nightly files. WhiteNoise answers conditional requests and those for a part."""

from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe
from whitenoise.responders import StaticFile

from salus.directory.files import MANIFEST, Edition, editions, keys_file
from salus.kernel.errors import NotFound
from salus.kernel.page import public


@public
@require_safe
def files(request: HttpRequest) -> HttpResponse:
    return render(request, "directory/files.html", {"editions": editions(), "manifest": MANIFEST})


@public
@require_safe
def keys(request: HttpRequest) -> HttpResponseBase:
    """The public keys with which manifests are signed (JWK Set)."""
    if not keys_file().exists():
        raise NotFound("no files were written yet, and none signed")
    return FileResponse(keys_file().open("rb"), content_type="application/jwk-set+json")


@public
@require_safe
def file(request: HttpRequest, edition: str, name: str) -> HttpResponseBase:
    """A file of one night, which never changes; ``latest`` names the newest night."""
    found = _edition(edition)
    known = {one.name: one for one in found.files}
    if name == MANIFEST:
        headers = {"Content-Type": "application/json"}
    elif name in known:
        headers = {
            "Content-Type": f"{known[name].type}; charset=utf-8",
            "ETag": f'"{known[name].sha256}"',
        }
    else:
        raise NotFound("there is no such file")
    headers |= {
        "Accept-Ranges": "bytes",
        "Cache-Control": "public, no-cache" if edition == _LATEST else "public, max-age=86400",
        "Content-Disposition": f'attachment; filename="{name}"',
    }
    answer = StaticFile(str(found.folder / name), list(headers.items())).get_response(
        request.method, request.META
    )
    response: HttpResponseBase = (
        FileResponse(answer.file) if answer.file else HttpResponse(status=answer.status)
    )
    response.status_code = int(answer.status)
    for header, value in answer.headers:
        response[header] = value
    return response


_LATEST = "latest"


def _edition(name: str) -> Edition:
    every = editions()
    if name == _LATEST:
        every = every[:1]
    found = next((one for one in every if name in (one.name, _LATEST)), None)
    if found is None:
        raise NotFound("there are no files of that night")
    return found
