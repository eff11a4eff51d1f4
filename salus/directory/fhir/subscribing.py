"""Types of the directory of which software is told: by any search of them that follows no reference."""

from salus.accounts.fhir import JSON, REST_HOOK, XML, Topic
from salus.directory.actions.changing import hold
from salus.directory.announcing import newest
from salus.directory.fhir.resources import RESOURCES


def _begin() -> int:
    """Behind all that is in force; who subscribes holds the directory, so that no change goes by unseen."""
    hold()
    return newest()


TOPICS = {
    resource.type: Topic(
        resource=resource,
        channels=((REST_HOOK, ""), (REST_HOOK, JSON), (REST_HOOK, XML)),
        begin=_begin,
    )
    for resource in RESOURCES
}
