"""RFC 9162, section 2.1: the tree, its proofs and their verification."""

import itertools
from collections.abc import Sequence
from hashlib import sha256

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from salus.audit import merkle
from salus.audit.merkle import HASH, WIDTH, Edge, leaf_hash

# The entries, roots and proofs that implementations of Certificate Transparency have in common
# (github.com/transparency-dev/merkle, testonly).
ENTRIES = [
    bytes.fromhex(entry)
    for entry in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


class Tree:
    """A tree built by `Edge`, and the tiles that it left behind."""

    def __init__(self, leaves: Sequence[bytes], steps: Sequence[int] = ()) -> None:
        self.leaves = list(leaves)
        self._tiles: dict[tuple[int, int], bytes] = {}
        self._edge = Edge(0, self.tiles)
        bounds = sorted({0, len(leaves), *(step for step in steps if step < len(leaves))})
        for start, end in itertools.pairwise(bounds):
            self._grow(b"".join(leaves[start:end]))

    def _grow(self, added: bytes) -> None:
        edge = Edge(self._edge.size, self.tiles)  # as a program that was started again
        for level, number, hashes in [*edge.append(added), *edge.unfilled()]:
            self._tiles[level, number] = hashes
        self._edge = edge

    def tiles(self, level: int, number: int) -> bytes:
        return self._tiles[level, number]

    def root(self) -> bytes:
        return self._edge.root()


def numbered(count: int) -> list[bytes]:
    return [leaf_hash(str(number).encode()) for number in range(count)]


# The definitions of the RFC, word by word: D is the list of leaves.


def mth(leaves: Sequence[bytes]) -> bytes:
    if not leaves:
        return sha256().digest()
    if len(leaves) == 1:
        return leaves[0]
    k = split(len(leaves))
    return sha256(b"\x01" + mth(leaves[:k]) + mth(leaves[k:])).digest()


def split(n: int) -> int:
    k = 1
    while 2 * k < n:
        k *= 2
    return k


def path(m: int, leaves: Sequence[bytes]) -> list[bytes]:
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if m < k:
        return [*path(m, leaves[:k]), mth(leaves[k:])]
    return [*path(m - k, leaves[k:]), mth(leaves[:k])]


def subproof(m: int, leaves: Sequence[bytes], known: bool) -> list[bytes]:
    if m == len(leaves):
        return [] if known else [mth(leaves)]
    k = split(len(leaves))
    if m <= k:
        return [*subproof(m, leaves[:k], known), mth(leaves[k:])]
    return [*subproof(m - k, leaves[k:], False), mth(leaves[:k])]


sizes = st.one_of(st.integers(1, 40), st.integers(250, 520), st.sampled_from([65535, 65536, 66000]))
BIG = Tree(numbered(66_000), steps=[1, 255, 256, 257, 60_000])


@pytest.mark.parametrize("size", range(1, 9))
def test_roots_of_the_common_vectors(size: int) -> None:
    assert Tree([leaf_hash(entry) for entry in ENTRIES[:size]]).root().hex() == ROOTS[size - 1]


def test_a_proof_of_the_common_vectors() -> None:
    tree = Tree([leaf_hash(entry) for entry in ENTRIES])
    assert [hash_.hex() for hash_ in merkle.inclusion_proof(tree.tiles, 0, 8)] == [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ]


def test_the_root_of_nothing_is_the_hash_of_nothing() -> None:
    assert Tree([]).root() == merkle.root(BIG.tiles, 0) == sha256().digest()


@given(size=st.integers(1, 600), steps=st.lists(st.integers(0, 600)))
@example(size=256, steps=[])
@example(size=512, steps=[256])
def test_a_tree_grown_in_steps_has_the_root_of_the_definition(size: int, steps: list[int]) -> None:
    tree = Tree(numbered(size), steps)
    assert tree.root() == merkle.root(tree.tiles, size) == mth(tree.leaves)


@given(size=sizes, index=st.integers(0, 66_000))
def test_inclusion(size: int, index: int) -> None:
    index %= size
    leaves = BIG.leaves[:size]
    proof = merkle.inclusion_proof(BIG.tiles, index, size)
    if size < 1000:
        assert proof == path(index, leaves)
    root = merkle.root(BIG.tiles, size)
    leaf = leaves[index]
    assert merkle.includes(leaf, index=index, size=size, path=proof, root=root)
    assert not merkle.includes(leaf_hash(b"x"), index=index, size=size, path=proof, root=root)
    assert not merkle.includes(leaf, index=size, size=size, path=proof, root=root)
    assert not merkle.includes(leaf, index=index, size=size, path=[*proof, leaf], root=root)
    if size > 1:
        other = (index + 1) % size
        assert not merkle.includes(leaf, index=other, size=size, path=proof, root=root)
        assert not merkle.includes(leaf, index=index, size=size, path=proof[:-1], root=root)


@given(first=sizes, second=sizes)
@example(first=256, second=65536)
@example(first=65536, second=66000)
def test_consistency(first: int, second: int) -> None:
    first, second = sorted((first, second))
    proof = merkle.consistency_proof(BIG.tiles, first, second)
    if second < 1000:
        assert proof == subproof(first, BIG.leaves[:second], True)
    roots = {
        "first_root": merkle.root(BIG.tiles, first),
        "second_root": merkle.root(BIG.tiles, second),
    }

    def extends(path: list[bytes], **changed: bytes) -> bool:
        return merkle.extends(first=first, second=second, path=path, **roots | changed)

    assert extends(proof)
    assert not extends([*proof, proof[-1] if proof else bytes(HASH)])
    if first < second:
        assert not extends(proof[:-1])
        assert not extends(proof, first_root=bytes(HASH))
        assert not extends(proof, second_root=bytes(HASH))
        assert not extends(proof, first_root=roots["second_root"], second_root=roots["first_root"])


@given(
    size=st.integers(1, 300), number=st.integers(0, 300), with_=st.binary(min_size=32, max_size=32)
)
def test_another_leaf_is_another_root(size: int, number: int, with_: bytes) -> None:
    leaves = numbered(size)
    before = Tree(leaves).root()
    leaves[number % size] = with_
    assert Tree(leaves).root() != before


def test_a_full_tile_has_the_root_of_its_leaves() -> None:
    leaves = numbered(WIDTH)
    assert merkle.tile_root(b"".join(leaves)) == mth(leaves)


def test_proofs_of_what_is_not_there_are_refused() -> None:
    for index, size in ((3, 3), (-1, 3), (0, 0)):
        with pytest.raises(ValueError, match="has no leaf"):
            merkle.inclusion_proof(BIG.tiles, index, size)
    for first, second in ((0, 3), (4, 3)):
        with pytest.raises(ValueError, match="no tree of"):
            merkle.consistency_proof(BIG.tiles, first, second)
