"""Two imports of the same file at the same time are one."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from config.importing import import_bundle
from salus.fhir.transaction import Tally
from tests.fhir_bundles import bundle, encoded, visit

pytestmark = pytest.mark.usefixtures("database")


def _contents() -> Iterator[bytes]:
    """The same people and places, in two orders."""
    resources = visit()
    yield encoded(bundle(resources))
    yield encoded(bundle(dict(reversed(resources.items()))))


def test_two_at_once_are_one() -> None:
    start = Barrier(2)

    def import_at_once(content: bytes) -> Tally:
        start.wait()
        try:
            return import_bundle(content)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(import_at_once, _contents())
    assert not (first.created and second.created)
    assert first.created + second.created == first.there + second.there
