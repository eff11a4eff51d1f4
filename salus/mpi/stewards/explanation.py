"""Why two entries were joined, or put before stewards: bits added field by field. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Step:
    """What one field adds to the weight, in bits; ``start`` and ``end`` are the sums before and after it."""

    field: str
    level: str
    weight: float
    start: float
    end: float


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """``prior`` is the weight before anything was compared, ``weight`` the one after all of it."""

    prior: float
    steps: tuple[Step, ...]  # those that say something, in the order of the page
    silent: tuple[str, ...]  # fields that were not known on one side
    guards: tuple[str, ...]  # why no program may join them
    weight: float

    @property
    def percent(self) -> float:
        """How many of a hundred such pairs are one person."""
        if self.weight < -_FAR:
            return 0.0
        return 100 / (1 + 2**-self.weight)


def _place(field: str) -> int:
    """As the entries are shown; what a household shares is taken off after what it is taken off from."""
    return _ORDER.index(field) if field in _ORDER else len(_ORDER)


_ORDER = (
    *("family", "given", "birth_date", "sex"),
    *("street", "house_number", "postal_code", "city", "phone", "email", "household"),
    "national_id",
)
_FAR = 1000  # bits; beyond it 2 ** weight is no float


def explained(weight: float | None, explanation: Mapping[str, Any] | None) -> Explanation | None:
    """Of what a link or a pair keeps; None where nobody compared (a sender's merge, a steward's own find)."""
    if weight is None or not explanation:
        return None
    evidence = sorted(explanation["evidence"], key=lambda one: _place(one["field"]))
    prior = weight - sum(one["weight"] for one in evidence)
    steps, reached = [], prior
    for one in evidence:
        if one["weight"]:
            end = reached + one["weight"]
            steps.append(
                Step(
                    field=one["field"],
                    level=one["level"],
                    weight=one["weight"],
                    start=reached,
                    end=end,
                )
            )
            reached = end
    return Explanation(
        prior=prior,
        steps=tuple(steps),
        silent=tuple(one["field"] for one in evidence if not one["weight"]),
        guards=tuple(explanation["guards"]),
        weight=weight,
    )
