#!/usr/bin/env python3
"""Checks proofs and heads of the event log of Salus, without Salus: needs Python 3.9 and nothing else.

    python3 check_proof.py FILE... [--key THUMBPRINT]

Each FILE is JSON as the site hands it out (docs/reference/log-proofs.md): the proof that an event is in the
log, the proof that a later log begins with an earlier one, or a head that somebody kept. Files that speak of
a log of the same size must agree on it. THUMBPRINT is that of the agency's key, as /verify/ shows it.

Exit code 0: everything holds; 1: something does not; 2: wrong usage.
"""

import argparse
import base64
import hashlib
import json
import struct
import sys
import uuid
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from functools import partial
from pathlib import Path
from typing import Any

Json = dict[str, Any]
Step = tuple[bool, str]  # whether it holds, and what
KINDS = {
    "columns head index keys leaf path row": "inclusion",
    "first keys path second": "consistency",
    "head keys": "head",
}


class Wrong(Exception):
    """A value is not spelled as it must be."""


def main(arguments: list[str]) -> int:
    summary, _, details = str(__doc__).partition("\n\n")
    parser = argparse.ArgumentParser(
        description=summary, epilog=details, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--key", metavar="THUMBPRINT", help="of the key that must have signed")
    options = parser.parse_args(arguments)
    steps: list[tuple[Path, Step]] = []
    roots: dict[int, str] = {}  # size -> root, as the files say
    for file in options.files:
        try:
            document = json.loads(file.read_bytes())
            steps += [(file, step) for step in check(document, options.key)]
            for head in heads(document):
                agree = roots.setdefault(head["size"], head["root"]) == head["root"]
                if not agree:
                    text = f"another file has another root of the log of {head['size']} events"
                    steps.append((file, (False, text)))
        except OSError as error:
            print(f"{file}: {error.strerror}", file=sys.stderr)
            return 2
        except (ValueError, LookupError, TypeError, AttributeError, Wrong) as error:
            steps.append((file, (False, f"is no proof and no head of an event log ({error})")))
    for file, (holds, text) in steps:
        # Nothing that a stranger wrote into a file may steer the terminal.
        shown = "".join(sign if sign.isprintable() else "?" for sign in f"{file.name}: {text}")
        print("ok  " if holds else "BAD ", shown)
    return 0 if all(holds for _, (holds, _text) in steps) else 1


def heads(document: Json) -> list[Json]:
    """The heads that a document brings. Raises Wrong when it is of no known kind."""
    kind = KINDS.get(" ".join(sorted(document)))
    if kind is None:
        raise Wrong("unknown members")
    return [document["first"], document["second"]] if kind == "consistency" else [document["head"]]


def check(document: Json, thumbprint: "str | None" = None) -> Iterator[Step]:
    """Every step, in the order in which trust is built: the row, the tree, the signature."""
    known = heads(document)
    if "leaf" in document:
        if document["row"] is None:
            yield (
                True,
                "the row names other people too, so it was left out: its hash alone is checked",
            )
        else:
            text = "the hash is that of the row"
            yield attempt(text, partial(is_leaf_of, document))
            yield attempt("the row says: ", partial(in_words, document))
        size = known[0]["size"]
        yield attempt(f"the hash is in the log of {size} events", partial(includes, document))
    if "first" in document:
        text = f"the log of {known[1]['size']} events begins with that of {known[0]['size']}"
        yield attempt(text, partial(extends, document))
    for head in known:
        text = f"the head of {head['size']} events, of {head['at']}, is signed by "
        yield attempt(text, partial(signed_by, head, document["keys"], thumbprint))


def attempt(text: str, step: "Callable[[], bool | str]") -> Step:
    try:
        found = step()
    except (ValueError, LookupError, TypeError, AttributeError, struct.error, Wrong) as error:
        return False, f"{text} -- no: {error}"
    return bool(found), f"{text}{found}" if isinstance(found, str) else text


# ---------------------------------------------------------------------- the tree: RFC 9162, section 2.1


def leaf_hash(entry: bytes) -> bytes:
    return hashlib.sha256(b"\0" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()


def is_leaf_of(document: Json) -> bool:
    return leaf_hash(unbase64(document["row"])) == unhex(document["leaf"])


def includes(document: Json) -> bool:
    """Section 2.1.3.2: from the leaf up to the root, taking in one hash of the path at each step."""
    fn, sn = natural(document["index"]), natural(document["head"]["size"]) - 1
    if fn > sn:
        return False
    r = unhex(document["leaf"])
    for p in map(unhex, document["path"]):
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            r = node_hash(p, r)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = node_hash(r, p)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and r == unhex(document["head"]["root"])


def extends(document: Json) -> bool:
    """Section 2.1.4.2: the same hashes give both roots, so the larger tree begins with the smaller one."""
    first, second = natural(document["first"]["size"]), natural(document["second"]["size"])
    first_root, second_root = unhex(document["first"]["root"]), unhex(document["second"]["root"])
    path = [unhex(one) for one in document["path"]]
    if not 0 < first <= second:
        return False
    if first == second:
        return not path and first_root == second_root
    if first & (first - 1) == 0:  # a power of two: a subtree by itself
        path.insert(0, first_root)
    fn, sn = first - 1, second - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = path[0]
    for c in path[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            fr, sr = node_hash(c, fr), node_hash(c, sr)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node_hash(sr, c)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and fr == first_root and sr == second_root


# --------------- the signature: RFC 7515, appendix F (detached), Ed25519 by RFC 8037, RFC 9864 and RFC 8032


def signed_by(head: Json, keys: Json, thumbprint: "str | None") -> str:
    """The thumbprint of the key that signed the head (RFC 7638). Raises Wrong when none did."""
    protected, nothing, signature = head["signature"].split(".")
    header = json.loads(unbase64url(protected))
    # Section 4.1.11: whoever does not understand what is critical must refuse.
    if header["alg"] != "Ed25519" or "crit" in header or nothing:
        raise Wrong("not a detached signature by Ed25519")
    key = next((key for key in keys["keys"] if key.get("kid") == header["kid"]), None)
    if key is None or (key["kty"], key["crv"]) != ("OKP", "Ed25519"):
        raise Wrong("the key is missing")
    statement = {name: value for name, value in head.items() if name != "signature"}
    signed = f"{protected}.{base64url(canonical(statement))}".encode()
    if not ed25519(unbase64url(key["x"]), signed, unbase64url(signature)):
        raise Wrong("the signature does not hold")
    required = {name: key[name] for name in ("crv", "kty", "x")}
    found = base64url(hashlib.sha256(canonical(required)).digest())
    if thumbprint not in (None, found):
        raise Wrong(f"another key signed it, {found}")
    return found + ("" if thumbprint else ": compare it with the one that the agency publishes")


def canonical(statement: Json) -> bytes:
    """RFC 8785 for what has but texts and whole numbers: members in order, no white space."""
    if not all(type(value) in (str, int) for value in statement.values()):
        raise Wrong("more than texts and whole numbers")
    text = json.dumps(statement, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode()


P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
Point = tuple[int, int, int, int]  # extended coordinates: x = X/Z, y = Y/Z, x * y = T/Z


def ed25519(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Section 5.1.7 of RFC 8032. Nothing here is secret, so it need not take the same time always."""
    if len(public_key) != 32 or len(signature) != 64:
        return False
    a, r = decompressed(public_key), decompressed(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= ORDER:
        return False
    hashed = hashlib.sha512(signature[:32] + public_key + message).digest()
    k = int.from_bytes(hashed, "little") % ORDER
    left, right = times(s, BASE), added(r, times(k, a))
    return (left[0] * right[2] - right[0] * left[2]) % P == 0 and (
        left[1] * right[2] - right[1] * left[2]
    ) % P == 0


def decompressed(data: bytes) -> "Point | None":
    """Section 5.1.3."""
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


def added(p: Point, q: Point) -> Point:
    """Section 5.1.4."""
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(factor: int, point: Point) -> Point:
    found: Point = (0, 1, 1, 0)  # the neutral element
    while factor:
        if factor & 1:
            found = added(found, point)
        point, factor = added(point, point), factor >> 1
    return found


BASE = decompressed((4 * pow(5, -1, P) % P).to_bytes(32, "little")) or (0, 1, 1, 0)


# -------------------- the row: PostgreSQL's documentation of COPY, "Binary Format", "Tuples"; and its types


def number(data: bytes) -> int:
    return int.from_bytes(data, "big", signed=True)


def instant(data: bytes) -> str:
    """Sent in microseconds since 2000."""
    start = datetime(2000, 1, 1, tzinfo=timezone.utc)  # noqa: UP017  # Python 3.9 has no datetime.UTC
    return (start + timedelta(microseconds=number(data))).isoformat()


def truth(data: bytes) -> bool:
    return data != b"\0"


def numbers(data: bytes) -> list[int]:
    """Dimensions, flags, type, length, lower bound (4 bytes each); then each value after its length."""
    return [number(data[at + 4 : at + 12]) for at in range(20, len(data), 12)]


def identifier(data: bytes) -> str:
    return str(uuid.UUID(bytes=data))


READ: "dict[str, Callable[[bytes], object]]" = {
    "at": instant,
    "id": number,
    "xid": number,
    "salt": identifier,
    "kind": bytes.decode,
    "agent": bytes.decode,
    "denied": truth,
    "repeated": truth,
    "account_id": number,
    "practitioner_id": number,
    "organization_id": number,
    "person_id": number,
    "document_id": number,
    "request_id": identifier,
    "system": bytes.decode,
    "persons": numbers,
    "client_id": number,
    "purpose": bytes.decode,
}
FIRST = 16  # columns that every row has; of the later ones those at the end are left out while null


def in_words(document: Json) -> str:
    known = fields_of(unbase64(document["row"]), document["columns"])
    return ", ".join(
        f"{name} {value}" for name, value in known.items() if value not in (None, False)
    )


def fields_of(row: bytes, columns: "list[str]") -> Json:
    """The names of columns are not hashed: only those known here, in their order, are believed."""
    if not FIRST <= len(columns) == number(row[:2]) or columns != list(READ)[: len(columns)]:
        raise Wrong("it has other columns")
    at, known = 2, {}
    for name, read in zip(columns, READ.values()):  # noqa: B905  # Python 3.9 has no strict
        length = number(row[at : at + 4])  # -1: null
        start, at = at + 4, at + 4 + max(length, 0)
        known[name] = None if length < 0 else read(row[start:at])
    if at != len(row):
        raise Wrong("it is longer or shorter than a row")
    if len(columns) > FIRST and known[columns[-1]] is None:
        raise Wrong("it spells out a null that is left out")
    return known


# ------------------------------------------------ texts and bytes; each value has one spelling, or it fails


def natural(value: object) -> int:
    if type(value) is not int or value < 0:
        raise Wrong("not a natural number")
    return value


def unhex(text: str) -> bytes:
    data = bytes.fromhex(text)
    if data.hex() != text or len(data) != 32:
        raise Wrong("not a hash")
    return data


def unbase64(text: str) -> bytes:
    data = base64.b64decode(text)
    if base64.b64encode(data).decode() != text:
        raise Wrong("not base64")
    return data


def unbase64url(text: str) -> bytes:
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if base64url(data) != text:
        raise Wrong("not base64url")
    return data


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
