"""Documents' content: encrypted at rest, bound to its document and person, any change found."""

from dataclasses import replace
from pathlib import Path

import pytest

from salus.kernel.data_folder import owned
from salus.shared_record.store import ContentDamaged, ContentStore

CONTENT = b"canary: haemoglobin 13.2 g/dL"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    with owned(tmp_path):
        return tmp_path


def test_content_comes_back_and_lies_encrypted(data: Path) -> None:
    store = ContentStore(data)
    first = store.file(document=1, person=7, content=CONTENT)
    second = store.file(document=2, person=7, content=b"x")
    assert store.open(document=1, person=7, stored=first) == CONTENT
    assert store.open(document=2, person=7, stored=second) == b"x"
    assert all(b"canary" not in path.read_bytes() for path in data.rglob("*") if path.is_file())


@pytest.mark.parametrize(("document", "person"), [(2, 7), (1, 8)])
def test_content_does_not_open_as_another_document_or_person(
    data: Path, document: int, person: int
) -> None:
    store = ContentStore(data)
    stored = store.file(document=1, person=7, content=CONTENT)
    with pytest.raises(ContentDamaged):
        store.open(document=document, person=person, stored=stored)


def test_two_contents_cannot_be_swapped(data: Path) -> None:
    store = ContentStore(data)
    first = store.file(document=1, person=7, content=CONTENT)
    second = store.file(document=2, person=7, content=CONTENT)
    with pytest.raises(ContentDamaged):
        store.open(document=1, person=7, stored=replace(first, position=second.position))
    with pytest.raises(ContentDamaged):
        store.open(document=1, person=7, stored=replace(first, wrapped_key=second.wrapped_key))


def test_every_altered_byte_is_found(data: Path) -> None:
    store = ContentStore(data)
    stored = store.file(document=1, person=7, content=CONTENT)
    (pack,) = (data / "documents").iterdir()
    whole = pack.read_bytes()
    for place in range(len(whole)):
        pack.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(ContentDamaged):
            store.open(document=1, person=7, stored=stored)
    pack.write_bytes(whole[:-1])
    with pytest.raises(ContentDamaged):
        store.open(document=1, person=7, stored=stored)


def test_another_key_encryption_key_opens_nothing(
    data: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    stored = ContentStore(data).file(document=1, person=7, content=CONTENT)
    other = tmp_path_factory.mktemp("other")
    with owned(other):
        (other / "documents" / "000000.pack").write_bytes(
            (data / "documents" / "000000.pack").read_bytes()
        )
    with pytest.raises(ContentDamaged):
        ContentStore(other).open(document=1, person=7, stored=stored)
