"""Signed heads held against the tree, as it is rebuilt: those of the table and those copied away."""

import heapq
import json
from collections.abc import Iterator
from itertools import groupby

from psycopg.types.multirange import Multirange

from salus.audit.findings import Fault, Finding, at, shown
from salus.audit.heads import Copies, SignedHead, heads_after
from salus.audit.log import Connection
from salus.kernel.signing import PublicKeys, SignatureInvalid


class HeadCheck:
    """Goes through all heads, smallest first, beside the growing tree."""

    def __init__(self, connection: Connection, copies: Copies, newest_copy: SignedHead | None):
        self.findings: list[Finding] = []
        self.good: SignedHead | None = None  # the newest that holds
        self._keys = PublicKeys(copies.keys_file)
        self._newest_copy = newest_copy
        self._bad: list[SignedHead] = []  # signed here, but not of this tree
        self._since_good: list[Multirange[int]] = []  # the events from the newest good head on
        both = heapq.merge(
            ((head.size, False, head) for head in heads_after(connection, 0)),
            ((head.size, True, head) for head in self._copied(copies)),
            key=lambda known: known[:2],
        )
        self._sizes = groupby(both, key=lambda known: known[0])
        self._heads: list[tuple[bool, SignedHead]] = []
        self.size = 0  # of the tree at the next head
        self._advance()

    def pass_over(self, ids: Multirange[int]) -> None:
        """The tree grows by these events."""
        self._since_good.append(ids)

    def check(self, root: bytes) -> None:
        """Hold the heads of this size against the root, and go to the next size."""
        ours = [head for copied, head in self._heads if not copied]
        theirs = [head for copied, head in self._heads if copied]
        newest = self._newest_copy
        if not ours:
            self._find(Fault.HEAD_MISSING, theirs[0], "only its copy is left")
        elif not theirs and newest and newest.size > self.size:
            self._find(Fault.COPY_MISSING, ours[0])
        for head in dict.fromkeys(ours + theirs):
            try:
                self._keys.check(head.document)
            except SignatureInvalid:
                fault = Fault.HEAD_FORGED if head in ours else Fault.COPY_ALTERED
                self._find(fault, head)
                continue
            if head.root != root:
                self._bad.append(head)
            elif not self._bad:
                self.good = head
                del self._since_good[:-1]  # the last tile may hold events on both sides of it
        self._advance()

    def end(self, size: int) -> None:
        """The tree has ended with so many leaves."""
        beyond = self._heads
        while self.size:
            beyond = self._heads
            self._advance()
        if beyond and beyond[0][1].size > size:
            self._truncated(beyond[0][1], size)
        if self._bad:
            first, last = self._bad[0], self._bad[-1]
            since = (
                f"the head of {at(self.good.at)} ({self.good.size} events)"
                if self.good
                else "the start"
            )
            self.findings.append(
                Finding(
                    fault=Fault.REWRITTEN,
                    text=f"between {since} and that of {at(first.at)} ({first.size} events), which"
                    f" does not fit, as {len(self._bad)} up to {at(last.at)}; among the events"
                    f" {shown(self._since_good)}",
                )
            )
        elif size > (self.good.size if self.good else 0):
            self.findings.append(
                Finding(
                    fault=Fault.HEAD_MISSING,
                    text=f"the last {size - (self.good.size if self.good else 0)} events are under no"
                    " head that holds",
                )
            )
        if self._newest_copy is None and size:
            self.findings.append(
                Finding(fault=Fault.COPY_MISSING, text="the second folder has no head at all")
            )

    def _truncated(self, head: SignedHead, size: int) -> None:
        try:
            self._keys.check(head.document)
        except SignatureInvalid:
            self._find(Fault.HEAD_FORGED, head)
            return
        since = f"the last that fits is of {at(self.good.at)}" if self.good else "none fits"
        self.findings.append(
            Finding(
                fault=Fault.TRUNCATED,
                text=f"the head of {at(head.at)} says {head.size} events, there are {size}; {since}",
            )
        )

    def _advance(self) -> None:
        self.size, known = next(self._sizes, (0, iter(())))
        self._heads = [(copied, head) for _, copied, head in known]

    def _find(self, fault: Fault, head: SignedHead, text: str = "") -> None:
        which = f"of {at(head.at)}, {head.size} events"
        self.findings.append(Finding(fault=fault, text=f"{which}, {text}" if text else which))

    def _copied(self, copies: Copies) -> Iterator[SignedHead]:
        """The copies that were there when the reading began; a line that is none is a finding."""
        size, newest = 0, self._newest_copy
        for number, line in enumerate(copies.lines(), start=1):
            try:
                head = SignedHead.from_document(json.loads(line))
            except (ValueError, KeyError, TypeError):
                self.findings.append(Finding(fault=Fault.COPY_ALTERED, text=f"line {number}"))
                continue
            if newest is None or head.size > newest.size:
                return
            if head.size <= size:
                self._find(Fault.COPY_ALTERED, head, "not behind its predecessor")
                continue
            size = head.size
            yield head
