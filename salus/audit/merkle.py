"""The Merkle tree of RFC 9162 (section 2.1) with SHA-256, over tiles of 256 hashes; pure.

Level 0 holds the hashes of the leaves, level n + 1 the roots of the full tiles of level n: a proof, or the
root, in a tree of 65 million leaves reads some of seven tiles. https://c2sp.org/tlog-tiles stores the same.
"""

from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256

HASH = 32  # bytes
WIDTH = 256  # hashes in a full tile
_BITS = 8  # levels of the tree in one level of tiles

# The hashes of the tile of a level and number, as far as they are known.
Tiles = Callable[[int, int], bytes]


def leaf_hash(entry: bytes) -> bytes:
    return sha256(b"\0" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\1" + left + right).digest()


def hashes_of(tile: bytes) -> list[bytes]:
    return [tile[start : start + HASH] for start in range(0, len(tile), HASH)]


def tile_root(tile: bytes) -> bytes:
    """The root over the hashes of a full tile, or over any power of two of them."""
    row = hashes_of(tile)
    while len(row) > 1:
        pairs = iter(row)
        row = [
            sha256(b"\1" + left + right).digest() for left, right in zip(pairs, pairs, strict=True)
        ]
    return row[0]


class Edge:
    """The last tile of each level, to which hashes are added: all that a growing tree needs."""

    def __init__(self, size: int, tiles: Tiles) -> None:
        """The edge of a tree of so many leaves."""
        self.size = size
        self._last: list[bytearray] = []
        level, hashes = 0, size
        while hashes:
            number, count = divmod(hashes, WIDTH)
            self._last.append(bytearray(tiles(level, number)[: count * HASH] if count else b""))
            level, hashes = level + 1, hashes // WIDTH

    def append(self, leaves: bytes) -> Iterator[tuple[int, int, bytes]]:
        """Add hashes of leaves; yields level, number and hashes of each tile that they fill."""
        position = 0
        while position < len(leaves):
            room = (WIDTH - self.size % WIDTH) * HASH
            part = leaves[position : position + room]
            position += len(part)
            self.size += len(part) // HASH
            yield from self._add(0, part)

    def _add(self, level: int, hashes: bytes) -> Iterator[tuple[int, int, bytes]]:
        if level == len(self._last):
            self._last.append(bytearray())
        last = self._last[level]
        last += hashes
        if len(last) == WIDTH * HASH:
            tile = bytes(last)
            last.clear()
            yield level, self.size // WIDTH ** (level + 1) - 1, tile
            yield from self._add(level + 1, tile_root(tile))

    def unfilled(self) -> Iterator[tuple[int, int, bytes]]:
        """Level, number and hashes of the tiles that are begun."""
        for level, last in enumerate(self._last):
            if last:
                yield level, self.size // WIDTH ** (level + 1), bytes(last)

    def root(self) -> bytes:
        """The root of the whole tree (RFC 9162, section 2.1.1)."""
        roots = []  # of the perfect subtrees, the largest and leftmost first
        for last in reversed(self._last):
            start, count = 0, len(last) // HASH
            for bit in reversed(range(_BITS)):
                if count & 1 << bit:
                    end = start + (HASH << bit)
                    roots.append(tile_root(bytes(last[start:end])))
                    start = end
        if not roots:
            return sha256().digest()
        root = roots.pop()
        while roots:
            root = node_hash(roots.pop(), root)
        return root


def root(tiles: Tiles, size: int) -> bytes:
    """The root when the tree had so many leaves."""
    return _subtree(tiles, 0, size) if size else sha256().digest()


def inclusion_proof(tiles: Tiles, index: int, size: int) -> list[bytes]:
    """The path from leaf ``index`` to the root of ``size`` leaves (RFC 9162, section 2.1.3.1)."""
    if not 0 <= index < size:
        raise ValueError(f"a tree of {size} leaves has no leaf {index}")
    path = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _largest_power_below(end - start)
        if index < middle:
            path.append(_subtree(tiles, middle, end))
            end = middle
        else:
            path.append(_subtree(tiles, start, middle))
            start = middle
    return path[::-1]


def consistency_proof(tiles: Tiles, first: int, second: int) -> list[bytes]:
    """That the tree of ``second`` leaves begins with that of ``first`` (RFC 9162, section 2.1.4.1)."""
    if not 0 < first <= second:
        raise ValueError(f"no tree of {second} leaves begins with one of {first}")
    path = []
    start, end, known = 0, second, True  # known: the verifier has this subtree's root already
    while first < end:
        middle = start + _largest_power_below(end - start)
        if first <= middle:
            path.append(_subtree(tiles, middle, end))
            end = middle
        else:
            path.append(_subtree(tiles, start, middle))
            start, known = middle, False
    if not known:
        path.append(_subtree(tiles, start, end))
    return path[::-1]


def includes(leaf: bytes, *, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Whether the path proves that the leaf's hash is in the tree (RFC 9162, section 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    first, last, found = index, size - 1, leaf
    for hash_ in path:
        if last == 0:
            return False
        if first & 1 or first == last:
            found = node_hash(hash_, found)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            found = node_hash(found, hash_)
        first, last = first >> 1, last >> 1
    return last == 0 and found == root


def extends(
    *, first: int, first_root: bytes, second: int, second_root: bytes, path: Sequence[bytes]
) -> bool:
    """Whether the path proves that the second tree begins with the first (RFC 9162, section 2.1.4.2)."""
    if not 0 < first <= second:
        return False
    if first == second:
        return not path and first_root == second_root
    steps = [first_root, *path] if first & (first - 1) == 0 else list(path)
    if not steps:
        return False
    node, last = first - 1, second - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    of_first = of_second = steps[0]
    for hash_ in steps[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            of_first, of_second = node_hash(hash_, of_first), node_hash(hash_, of_second)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            of_second = node_hash(of_second, hash_)
        node, last = node >> 1, last >> 1
    return last == 0 and of_first == first_root and of_second == second_root


def _largest_power_below(count: int) -> int:
    """The largest power of two that is smaller than ``count``, which is at least 2."""
    return 1 << (count - 1).bit_length() - 1


def _subtree(tiles: Tiles, start: int, end: int) -> bytes:
    """The root over leaves ``start`` to ``end``; ``start`` is where a subtree of that size may begin."""
    count = end - start
    if count & (count - 1) == 0:
        level, bits = divmod(count.bit_length() - 1, _BITS)
        number, first = divmod(start >> level * _BITS, WIDTH)
        tile = tiles(level, number)
        return tile_root(tile[first * HASH : (first + (1 << bits)) * HASH])
    middle = start + _largest_power_below(count)
    return node_hash(_subtree(tiles, start, middle), _subtree(tiles, middle, end))
