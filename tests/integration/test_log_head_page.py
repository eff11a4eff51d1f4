"""The newest signed head is public, on the status page and as JSON."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import Client, override_settings

from salus.kernel.signing import PublicKeys
from tests.event_log import EVENTS, Log, a_log


@pytest.fixture
def whole(database: Path) -> Iterator[Log]:
    with a_log(database) as made, override_settings(HEADS=made.copies.keys_file.parent):
        yield made


def test_before_the_first_head_there_is_none(database: Path, client: Client) -> None:
    assert client.get("/verify/head.json").status_code == 404
    assert b'class="facts"' not in client.get("/status").content


def test_it_is_as_it_was_signed(whole: Log, client: Client) -> None:
    answer = client.get("/verify/head.json").json()
    assert answer["head"]["size"] == EVENTS
    PublicKeys(whole.copies.keys_file).check(answer["head"])
    (key,) = answer["keys"]["keys"]
    assert key["crv"] == "Ed25519"
    assert "d" not in key
    assert answer["head"]["root"][:8] in client.get("/status").content.decode()


@pytest.fixture
def client() -> Client:
    return Client(SERVER_NAME="localhost")
