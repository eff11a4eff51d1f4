"""What software that subscribed to the directory is told of it, of every type and in both formats, over HTTP."""

from collections.abc import Iterator

from salus.directory.fhir.subscribing import TOPICS
from tests.conformance.fhir_server import JSON, XML, Answer
from tests.directory_entries import keep_directory
from tests.fhir_client import Fhir
from tests.software import ask, organization, registered
from tests.subscribing import listening, subscribed, work

_SCOPE = " ".join(["system/Subscription.cruds", *(f"system/{kind}.rs" for kind in TOPICS)])


def notifications() -> Iterator[Answer]:
    """Of entries of each kind that come, change and go."""
    software = registered(organization("900", "hospital"), scope=_SCOPE, purposes=())
    client = Fhir(token=ask(software)["access_token"])
    with listening() as listener:
        for kind in TOPICS:
            for payload in (JSON, XML):
                subscribed(client, listener.url, kind, payload=payload)
        keep_directory()
        work()
    for told in listener.heard:
        if told.content:  # a deletion has none
            yield Answer(
                interaction="told to a subscriber",
                about=told.path.partition("/")[0],
                method=told.method,
                path=told.path,
                status=200,
                media_type=told.headers["Content-Type"].partition(";")[0],
                body=told.content,
            )
