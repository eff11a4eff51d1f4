"""check_proof.py, which shares no code with us, finds right what our tree and our signature say, and nothing else."""

import base64
import json
import struct
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from salus.audit import merkle
from salus.audit.heads import sign_head
from salus.audit.log import COLUMNS
from salus.kernel.signing import PublicKeys, Signer, canonical
from salus.portal.static.portal import check_proof
from tests.spec.test_merkle_tree import Tree
from tests.tampering import HARMLESS, Json, tampered

SECRET = "c2VjcmV0LW9mLWEtdGVzdC1vZi10aGUtZXZlbnQtbG8"  # 32 bytes, as a secret of the data folder
AT = datetime(2026, 11, 27, 12, tzinfo=UTC)
Field = bytes | None
NUMBER = struct.pack(">q", 77)


class Agency:
    """A log of so many events, and what is handed out of it."""

    def __init__(self, events: int, folder: Path) -> None:
        self.rows = [row_of(fields_of(number)) for number in range(events)]
        self.tree = Tree([merkle.leaf_hash(row) for row in self.rows], steps=range(0, events, 7))
        self.signer = Signer(SECRET, folder / "keys.json")
        self._keys_file = folder / "keys.json"

    def head(self, size: int) -> Json:
        root = merkle.root(self.tree.tiles, size)
        return sign_head(self.signer, size=size, root=root, at=AT).document

    @property
    def keys(self) -> Json:
        return dict(json.loads(self._keys_file.read_bytes()))

    def inclusion(self, index: int, size: int) -> Json:
        path = merkle.inclusion_proof(self.tree.tiles, index, size)
        return {
            **_row(self.rows[index]),
            "index": index,
            "path": [hash_.hex() for hash_ in path],
            "head": self.head(size),
            "keys": self.keys,
        }

    def consistency(self, first: int, second: int) -> Json:
        path = merkle.consistency_proof(self.tree.tiles, first, second)
        return {
            "first": self.head(first),
            "second": self.head(second),
            "path": [hash_.hex() for hash_ in path],
            "keys": self.keys,
        }

    def signs_alone(self, fields: list[Field]) -> Json:
        """A log of this one row."""
        row = _row(row_of(fields))
        head = self.signs({}, size=1, root=row["leaf"], at=AT.isoformat())
        return {**row, "index": 0, "path": [], "head": head, "keys": self.keys}

    def signs(self, head: Json, **changed: object) -> Json:
        """The head with other members, as if it were true."""
        statement = {name: value for name, value in head.items() if name != "signature"}
        return self.signer.sign(statement | changed)

    def signs_under(self, head: Json, header: Json) -> Json:
        """The head, rightly signed under a header of one's own."""
        statement = {name: value for name, value in head.items() if name != "signature"}
        protected = check_proof.base64url(json.dumps(header).encode())
        payload = check_proof.base64url(canonical(statement))
        signature = self._key.sign(f"{protected}.{payload}".encode())
        return statement | {"signature": f"{protected}..{check_proof.base64url(signature)}"}

    @property
    def _key(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(base64.urlsafe_b64decode(f"{SECRET}="))


def _row(row: bytes) -> Json:
    return {
        "columns": list(COLUMNS[: int.from_bytes(row[:2])]),
        "row": base64.b64encode(row).decode(),
        "leaf": merkle.leaf_hash(row).hex(),
    }


def lies(agency: Agency) -> Iterator[tuple[str, Json]]:
    """What the agency itself could sign though it is not so, and what a reader may take for a signature."""
    for index, size in ((0, 2), (4, 5), (5, 6), (6, 7), (8, 9), (255, 256), (256, 600), (599, 600)):
        proof = agency.inclusion(index, size)
        head = proof["head"]
        yield f"root {index}/{size}", proof | {"head": agency.signs(head, root="ab" * 32)}
        for other in {size - 1, size + 1, 2 * size, size // 2 + 1} - {size}:
            if _path_length(index, other) != _path_length(index, size):
                changed = agency.signs(head, size=other)
                yield f"size {index}/{size} {other}", proof | {"head": changed}
        for other in range(size, size + 3):
            yield f"index {index}/{size} {other}", proof | {"index": other}
        joined = agency.consistency(index + 1, size)
        first, second = joined["first"], joined["second"]
        yield f"first {index}/{size}", joined | {"first": agency.signs(first, root="ab" * 32)}
        yield f"second {index}/{size}", joined | {"second": agency.signs(second, root="ab" * 32)}
        if first["size"] < size:
            yield f"turned {index}/{size}", joined | {"first": second, "second": first}
            yield f"empty {index}/{size}", joined | {"path": []}
            cut = joined["path"][:-1]
            yield f"cut {index}/{size}", joined | {"path": cut}
            yield f"grown {index}/{size}", joined | {"path": [*joined["path"], "ab" * 32]}
    proof = agency.inclusion(3, 9)
    head, kid = proof["head"], proof["keys"]["keys"][0]["kid"]
    for name, header in {
        "another algorithm": {"alg": "EdDSA", "kid": kid},
        "critical": {"alg": "Ed25519", "kid": kid, "crit": ["b64"], "b64": False},
        "no key": {"alg": "Ed25519"},
    }.items():
        yield name, proof | {"head": agency.signs_under(head, header)}
    attached = head["signature"].replace("..", ".e30.")
    yield "attached", proof | {"head": head | {"signature": attached}}
    for name, value in (("size", 9.5), ("size", "9"), ("at", None), ("root", [])):
        yield f"{name} {value}", proof | {"head": head | {name: value}}
    yield "row in a second spelling", proof | {"row": loose(proof["row"])}
    yield (
        "signature in a second spelling",
        proof | {"head": head | {"signature": loose(head["signature"])}},
    )
    yield "capitals", proof | {"leaf": proof["leaf"].upper()}
    yield "a row of nothing", proof | {"row": "", "leaf": merkle.leaf_hash(b"").hex()}
    short = fields_of(0)[: len(COLUMNS) - 2]
    yield "a null spelled out", agency.signs_alone([*short, None])
    yield "two nulls spelled out", agency.signs_alone([*short, None, None])
    yield "a null spelled out behind a number", agency.signs_alone([*short, NUMBER, None])
    yield "a field too few", agency.signs_alone(short[:-1])
    yield "a field too many", agency.signs_alone([*short, NUMBER, b"TREAT", NUMBER])


def _path_length(index: int, size: int) -> int:
    """-1 when there is no such leaf."""
    return len(merkle.inclusion_proof(lambda *_: bytes(8192), index, size)) if index < size else -1


def loose(text: str) -> str:
    """The same bytes with other loose bits in the last character, which no reader looks at."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    body = text.rstrip("=").replace("+", "-").replace("/", "_")
    spelled = body[:-1] + alphabet[alphabet.index(body[-1]) + 1] + text[len(body) :]
    return spelled if "." in text else spelled.replace("-", "+").replace("_", "/")


def fields_of(number: int) -> list[Field]:
    """An event's fields, as they are hashed: of those at the end only what is known."""
    return [
        struct.pack(">q", number * 1_000_000),
        *(struct.pack(">q", value) for value in (number, 700 + number)),
        UUID(int=number).bytes,
        *(b"document_opened", b"professional", b"\0", b"\1"),
        *(struct.pack(">q", value) for value in (1, 2)),
        *(None, struct.pack(">q", -3), None, UUID(int=1).bytes, None, None),
        *((), (NUMBER,), (NUMBER, b"TREAT"), (None, b"PATRQT"))[number % 4],
    ]


def row_of(fields: list[Field]) -> bytes:
    """As binary COPY gives it."""
    return struct.pack(">h", len(fields)) + b"".join(
        struct.pack(">i", -1) if field is None else struct.pack(">i", len(field)) + field
        for field in fields
    )


@pytest.fixture(scope="module")
def agency() -> Iterator[Agency]:
    with tempfile.TemporaryDirectory() as folder:
        yield Agency(600, Path(folder))


def holds(document: Json, key: str | None = None) -> bool:
    """As the program's exit code says."""
    try:
        return all(held for held, _ in check_proof.check(document, key))
    except (ValueError, LookupError, TypeError, AttributeError, check_proof.Wrong):
        return False


@given(data=st.data())
def test_what_the_agency_hands_out_holds(agency: Agency, data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 600))
    index = data.draw(st.integers(0, size - 1))
    kid = agency.inclusion(index, size)["keys"]["keys"][0]["kid"]
    assert holds(agency.inclusion(index, size), kid)
    assert holds(agency.consistency(index + 1, size), kid)


@given(data=st.data())
def test_any_change_is_found(agency: Agency, data: st.DataObject) -> None:
    size = data.draw(st.integers(2, 600))
    index = data.draw(st.integers(0, size - 1))
    document = data.draw(
        st.sampled_from([agency.inclusion(index, size), agency.consistency(index + 1, size)])
    )
    name, changed = data.draw(st.sampled_from(list(tampered(document))))
    assert holds(changed) is (name in HARMLESS), name


def test_a_lie_is_found_though_the_agency_signs_it(agency: Agency) -> None:
    told = dict(lies(agency))
    assert len(told) > 80
    assert [name for name, document in told.items() if holds(document)] == []


def test_a_head_under_our_own_header_would_hold(agency: Agency) -> None:
    """So it is for their headers that those of `lies` do not."""
    proof = agency.inclusion(3, 9)
    header = {"alg": "Ed25519", "kid": proof["keys"]["keys"][0]["kid"]}
    assert holds(proof | {"head": agency.signs_under(proof["head"], header)})


@given(data=st.data())
def test_a_path_of_other_hashes_leads_elsewhere(agency: Agency, data: st.DataObject) -> None:
    document = agency.inclusion(data.draw(st.integers(0, 599)), 600)
    hashes = st.binary(min_size=32, max_size=32).map(bytes.hex)
    path = data.draw(st.lists(hashes, max_size=12))
    assert not holds(document | {"path": path})


LATER = [(4, 16), (6, 18), (7, 18)]  # rows with their numbers of fields


def test_an_event_reads_as_it_was_written(agency: Agency) -> None:
    known = check_proof.fields_of(agency.rows[5], agency.inclusion(5, 600)["columns"])
    assert known == {
        "at": (datetime(2000, 1, 1, tzinfo=UTC) + timedelta(seconds=5)).isoformat(),
        "id": 5,
        "xid": 705,
        "salt": str(UUID(int=5)),
        "kind": "document_opened",
        "agent": "professional",
        "denied": False,
        "repeated": True,
        "account_id": 1,
        "practitioner_id": 2,
        "organization_id": None,
        "person_id": -3,
        "document_id": None,
        "request_id": str(UUID(int=1)),
        "system": None,
        "persons": None,
        "client_id": 77,
    }
    others = [
        list(check_proof.fields_of(agency.rows[n], list(COLUMNS)[:m]).items())[16:]
        for n, m in LATER
    ]
    assert others == [
        [],
        [("client_id", 77), ("purpose", "TREAT")],
        [("client_id", None), ("purpose", "PATRQT")],
    ]


def test_lists_of_people_are_read_as_the_database_sends_them() -> None:
    array = struct.pack(">iiIii", 1, 0, 20, 2, 1) + struct.pack(">iqiq", 8, 7, 8, 2**40)
    assert check_proof.numbers(array) == [7, 2**40]


@given(seed=st.binary(min_size=32, max_size=32), message=st.binary(max_size=80), data=st.data())
def test_ed25519_judges_as_openssl_does(seed: bytes, message: bytes, data: st.DataObject) -> None:
    key = Ed25519PrivateKey.from_private_bytes(seed)
    public = key.public_key().public_bytes_raw()
    signature = bytearray(key.sign(message))
    if data.draw(st.booleans()):
        signature[data.draw(st.integers(0, 63))] ^= data.draw(st.integers(1, 255))
    assert check_proof.ed25519(public, message, bytes(signature)) is openssl(
        public, message, bytes(signature)
    )


def openssl(public: bytes, message: bytes, signature: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except InvalidSignature:
        return False
    return True


def test_the_same_signature_in_a_second_spelling_does_not_hold() -> None:
    """RFC 8032, section 5.1.7: S is smaller than the order of the group."""
    key = Ed25519PrivateKey.from_private_bytes(bytes(32))
    public, signature = key.public_key().public_bytes_raw(), key.sign(b"a")
    grown = (int.from_bytes(signature[32:], "little") + check_proof.ORDER).to_bytes(32, "little")
    assert check_proof.ed25519(public, b"a", signature)
    assert not check_proof.ed25519(public, b"a", signature[:32] + grown)


@pytest.mark.parametrize("extra", [{"at": AT.isoformat()}, {}])
def test_a_head_of_other_members_than_were_signed_does_not_hold(
    agency: Agency, extra: dict[str, Any]
) -> None:
    head: Json = agency.head(9) | extra | ({} if extra else {"note": "a word more"})
    assert not holds({"head": head, "keys": agency.keys})
    PublicKeys(agency._keys_file).check(agency.head(9))  # what was signed, does
