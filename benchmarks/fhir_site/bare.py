"""What a view needs at least: the query past the policies, one round trip, and JSON of its rows.

Nobody is asked who they are, nothing is checked, no event is written. No middleware either: these views answer
before it. A document's content is kept as the site keeps it, since no server can do without.
"""

import json
from base64 import b64decode
from collections.abc import Callable
from uuid import uuid4

from django.conf import settings
from django.db import connections, transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path, resolve
from django.utils.timezone import now

from salus.kernel.search_key import search_key
from salus.shared_record.store import ContentStore

PATIENT = """
    select p.*, i.known, r.lived, n.before
    from mpi_person p
    left join lateral (select json_agg(x) from mpi_personidentifier x where person_id = p.id) i(known) on true
    left join lateral (select json_agg(x) from mpi_residence x where person_id = p.id) r(lived) on true
    left join lateral (select json_agg(x) from mpi_formername x where person_id = p.id) n(before) on true
"""
BY_IDENTIFIER = f"""{PATIENT}
    where p.id = (select person_id from mpi_personidentifier where system = %s and value = %s)"""
BY_NAME = f"""{PATIENT}
    where p.family_key >= %s and p.family_key < %s and p.birth_date = %s
    order by p.family_key, p.given_key, p.id limit 51"""
DOCUMENTS = """
    select d.*, a.family, a.given, o.name, c.size, encode(c.sha256, 'base64')
    from shared_record_document d
    left join directory_practitioner a on a.id = d.practitioner_id
    left join directory_organization o on o.id = d.organization_id
    left join shared_record_documentcontent c on c.document_id = d.id
    where d.person_id = %s and d.organization_id = %s and (d.ended_at is null or d.ended_reason = 1)
    order by d.created_on desc, d.id desc limit 51
"""
PRACTITIONERS = """
    select * from directory_practitioner
    where family_key >= %s and family_key < %s and deregistered_at is null
    order by family_key, given_key, id limit 51
"""
NUMBER = "select nextval(pg_get_serial_sequence('shared_record_document', 'id'))"
FILE = """
    insert into shared_record_document (id, person_id, filed_at, created_on, type, format, language, title,
        organization_id, master_identifier)
    values (%s, %s, %s, %s, 1, 3, %s, %s, %s, %s)
"""
KEEP = """
    insert into shared_record_documentcontent (document_id, pack, position, size, sha256, wrapped_key)
    values (%s, %s, %s, %s, %s, %s)
"""


def patient(request: HttpRequest, id: int) -> HttpResponse:
    return _rows(f"{PATIENT} where p.id = %s", id)


def patients(request: HttpRequest) -> HttpResponse:
    if "identifier" in request.GET:
        return _rows(BY_IDENTIFIER, *request.GET["identifier"].split("|"))
    family = search_key(request.GET["family"])
    return _rows(BY_NAME, family, f"{family}~", request.GET["birthdate"])


def practitioners(request: HttpRequest) -> HttpResponse:
    family = search_key(request.GET["family"])
    return _rows(PRACTITIONERS, family, f"{family}~")


def documents(request: HttpRequest, organization: int) -> HttpResponse:
    if request.method == "GET":
        return _rows(DOCUMENTS, request.GET["patient"], organization)
    sent = json.loads(request.body)
    attachment = sent["content"][0]["attachment"]
    person = int(sent["subject"]["reference"].rpartition("/")[2])
    content = b64decode(attachment["data"])
    with transaction.atomic(using="bare"), connections["bare"].cursor() as cursor:
        cursor.execute(NUMBER)
        (number,) = cursor.fetchone()
        kept = ContentStore(settings.DATA).file(document=number, person=person, content=content)
        told = (attachment["creation"], attachment["language"], attachment["title"])
        cursor.execute(FILE, [number, person, now(), *told, organization, f"urn:uuid:{uuid4()}"])
        place = [kept.pack, kept.position, kept.size, kept.sha256, kept.wrapped_key]
        cursor.execute(KEEP, [number, *place])
    return JsonResponse(sent | {"id": str(number)}, status=201)


def _rows(query: str, *values: object) -> HttpResponse:
    with connections["bare"].cursor() as cursor:
        cursor.execute(query, values)
        names = [column.name for column in cursor.description]
        return JsonResponse([dict(zip(names, row, strict=True)) for row in cursor], safe=False)


urlpatterns = [
    path("bare/Patient/<int:id>", patient),
    path("bare/Patient", patients),
    path("bare/Practitioner", practitioners),
    path("bare/DocumentReference/<int:organization>", documents),
]


def before_all_others(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    def answer(request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith("/bare/"):
            return get_response(request)
        found = resolve(request.path_info, urlconf=__name__)
        response = found.func(request, **found.kwargs)
        response["Content-Length"] = str(len(response.content))  # keeps the line open for the next
        return response

    return answer
