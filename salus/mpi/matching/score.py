"""Are these two records one person's? The weight, the band, and why: field by field."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import log2

from salus.mpi.matching.guards import guards
from salus.mpi.matching.levels import Field, Level, compare
from salus.mpi.matching.model import Model
from salus.mpi.matching.prepared import Prepared, prepare
from salus.mpi.matching.record import Traits


class Band(StrEnum):
    LINK = "link"
    REVIEW = "review"
    NEW = "new"


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What one field says: bits for (positive) or against the same person. ``field`` may be "household":
    what is taken off since its members share all of that."""

    field: str
    level: str
    weight: float


@dataclass(frozen=True, kw_only=True)
class Match:
    """``weight`` is the prior and all evidence, in bits; ``guards`` are the reasons why a link became less."""

    weight: float
    probability: float
    band: Band
    evidence: tuple[Evidence, ...]
    guards: tuple[str, ...]


_HOUSEHOLD = (
    Field.STREET,
    Field.HOUSE_NUMBER,
    Field.POSTAL_CODE,
    Field.CITY,
    Field.PHONE,
    Field.EMAIL,
)


def score(a: Traits, b: Traits, model: Model) -> Match:
    return score_prepared(prepare(a), prepare(b), model)


def score_prepared(a: Prepared, b: Prepared, model: Model) -> Match:
    levels = compare(a, b)
    evidence = tuple(_evidence(a, b, levels, model))
    weight = model.prior_weight + sum(one.weight for one in evidence)
    held = tuple(guards(a, b, levels))
    return Match(
        weight=weight,
        probability=1 / (1 + 2**-weight) if weight > -1000 else 0.0,
        band=_band(weight, held, model),
        evidence=evidence,
        guards=held,
    )


def _evidence(
    a: Prepared, b: Prepared, levels: Mapping[Field, Level], model: Model
) -> Iterator[Evidence]:
    shared = 0.0
    for field, level in levels.items():
        weight = _weight(field, level, a, b, model)
        if field in _HOUSEHOLD:
            shared += weight
        yield Evidence(field=field, level=level, weight=weight)
    if shared > model.household:
        yield Evidence(field="household", level="shared", weight=model.household - shared)


def _weight(field: Field, level: Level, a: Prepared, b: Prepared, model: Model) -> float:
    odds = model.fields.get(field, {}).get(level)
    if odds is None:
        return 0.0
    terms = model.terms.get(field)
    if terms is None or level is not Level.EQUAL:
        return odds.weight
    column = "born" if field is Field.BIRTH_DATE else field
    return log2(odds.m / max(terms.of(getattr(a, column)), terms.of(getattr(b, column))))


def _band(weight: float, guards: tuple[str, ...], model: Model) -> Band:
    if weight < model.review:
        return Band.NEW
    return Band.LINK if weight >= model.link and not guards else Band.REVIEW
