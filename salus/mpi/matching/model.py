"""What is known of agreement: how often a level comes about between records of one person and of two."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from math import log2
from pathlib import Path
from typing import Any

from salus.kernel.errors import InvalidInput
from salus.mpi.matching.levels import Field, Level


@dataclass(frozen=True, kw_only=True)
class Odds:
    """How often a level comes about: ``m`` between two records of one person, ``u`` between those of two people
    drawn at random, ``r`` between those of two relatives under one roof."""

    m: float
    u: float
    r: float

    @property
    def weight(self) -> float:
        """Bits for the same person (Fellegi and Sunter 1969, log2 of the Bayes factor)."""
        return log2(self.m / self.u)


@dataclass(frozen=True, kw_only=True)
class Terms:
    """How frequent each value is; one that is not in the list is taken as ``rare``."""

    frequency: Mapping[str, float]
    rare: float

    def of(self, value: str) -> float:
        return self.frequency.get(value, self.rare)


@dataclass(frozen=True, kw_only=True)
class Model:
    """Learned weights and the thresholds of the bands, in bits with the prior."""

    prior: float  # probability that two records drawn at random are one person's
    fields: Mapping[Field, Mapping[Level, Odds]]
    terms: Mapping[Field, Terms] = field(default_factory=dict)
    link: float
    review: float
    relatives: float  # probability that two records drawn at random are those of two relatives under one roof

    @property
    def prior_weight(self) -> float:
        return log2(self.prior / (1 - self.prior))

    def dump(self) -> str:
        return json.dumps(
            {
                "prior": self.prior,
                "link": self.link,
                "review": self.review,
                "relatives": self.relatives,
                "fields": {
                    name: {level: [odds.m, odds.u, odds.r] for level, odds in levels.items()}
                    for name, levels in self.fields.items()
                },
                "terms": {
                    name: {"rare": terms.rare, "frequency": dict(terms.frequency)}
                    for name, terms in self.terms.items()
                },
            },
            indent=1,
            ensure_ascii=False,
        )

    @classmethod
    def load(cls, text: str) -> "Model":
        """Raises InvalidInput where the text is no model."""
        try:
            return cls._of(json.loads(text))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise InvalidInput(f"this is no matching model ({type(error).__name__})") from None

    @classmethod
    def _of(cls, said: Mapping[str, Any]) -> "Model":
        return cls(
            prior=float(said["prior"]),
            link=float(said["link"]),
            review=float(said["review"]),
            relatives=float(said["relatives"]),
            fields={
                Field(name): {
                    Level(level): Odds(m=float(m), u=float(u), r=float(r))
                    for level, (m, u, r) in levels.items()
                }
                for name, levels in said["fields"].items()
            },
            terms={
                Field(name): Terms(
                    rare=float(terms["rare"]),
                    frequency={value: float(share) for value, share in terms["frequency"].items()},
                )
                for name, terms in said["terms"].items()
            },
        )


@cache
def default_model() -> Model:
    """The model of an installation that has not learned its own yet."""
    return Model.load(Path(__file__).with_name("default.json").read_text(encoding="utf-8"))
