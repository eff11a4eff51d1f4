"""`salus audit prune`: months beyond the retention rule are dropped, and a signed statement says so.

Only the rows go. Their leaves stay, so that roots, proofs of later events and old heads still hold.
"""

from bisect import bisect_right
from collections import Counter

from salus.audit.findings import Fault, Finding
from salus.audit.heads import Copies
from salus.audit.log import Connection
from salus.kernel.signing import PublicKeys, SignatureInvalid


class Prunings:
    """The signed statements of the table: which missing event was dropped by which rule."""

    def __init__(self, connection: Connection, copies: Copies) -> None:
        self.findings: list[Finding] = []
        self.explained: Counter[str] = Counter()  # events by rule
        self._spans: list[tuple[int, int, str]] = []  # ids from, to (itself outside), rule
        keys = PublicKeys(copies.keys_file)
        for month, statement in connection.execute(
            "select month, statement from audit_pruning order by month"
        ).fetchall():
            try:
                keys.check(statement)
            except SignatureInvalid:
                self.findings.append(Finding(fault=Fault.PRUNING_FORGED, text=f"of {month:%Y-%m}"))
                continue
            (ids,) = connection.execute(
                "select %s::int8multirange", [statement["ids"]]
            ).fetchone() or ((),)
            self._spans += [(span.lower, span.upper, statement["rule"]) for span in ids]
        self._spans.sort()

    def explain(self, number: int) -> bool:
        """Whether the event with this id was dropped by rule; counts it."""
        at = bisect_right(self._spans, number, key=lambda span: span[0]) - 1
        if at < 0 or number >= self._spans[at][1]:
            return False
        self.explained[self._spans[at][2]] += 1
        return True
