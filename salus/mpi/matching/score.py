"""Are these two records one person's? The weight, the band, and why: field by field."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import log2

from salus.mpi.matching.guards import guards
from salus.mpi.matching.levels import COLUMN, Field, Level, compare
from salus.mpi.matching.model import Model
from salus.mpi.matching.prepared import Prepared, prepare
from salus.mpi.matching.record import Traits


class Band(StrEnum):
    LINK = "link"
    REVIEW = "review"
    NEW = "new"


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What one field says: bits for (positive) or against the same person. The last may be of "household":
    what is taken off since relatives under one roof would agree in that as well."""

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


# Guards against relatives and namesakes that need not hold where the records, as far as they show, have none: a file
# whose people were drawn one by one. Those against twins and against parent and child of one name hold everywhere.
_OF_RELATIVES = frozenset(
    {
        "family name differs",
        "birth date not quite equal",
    }
)
_OF_NAMESAKES = frozenset({"nothing but name and birth date"})
_FEW_RELATIVES = 0.1  # to one person's pairs


def score(a: Traits, b: Traits, model: Model) -> Match:
    return score_prepared(prepare(a), prepare(b), model)


def score_prepared(a: Prepared, b: Prepared, model: Model) -> Match:
    frequencies = {
        field: max(terms.of(getattr(a, COLUMN[field])), terms.of(getattr(b, COLUMN[field])))
        for field, terms in model.terms.items()
    }
    return judge(a, b, compare(a, b), frequencies, model)


def judge(
    a: Prepared,
    b: Prepared,
    levels: Mapping[Field, Level],
    frequencies: Mapping[Field, float],
    model: Model,
) -> Match:
    """The one place where agreement becomes a match: of a single pair, and of those of whole files.

    ``frequencies`` are those of the values of the fields that have any, where they are equal.
    """
    evidence = tuple(_evidence(levels, frequencies, model))
    weight = model.prior_weight + sum(one.weight for one in evidence)
    why = tuple(guards(a, b, levels))
    if model.relatives < _FEW_RELATIVES * model.prior:
        let_go = _OF_RELATIVES | (_OF_NAMESAKES if _at_one_place(levels) else frozenset())
        why = tuple(word for word in why if word not in let_go)
    return Match(
        weight=weight,
        probability=1 / (1 + 2 ** -max(weight, -1000.0)),
        band=_band(weight, why, model),
        evidence=evidence,
        guards=why,
    )


def _at_one_place(levels: Mapping[Field, Level]) -> bool:
    """Two of street, house number and postal code agree: less than an address, and more than a namesake's."""
    places = (Field.STREET, Field.HOUSE_NUMBER, Field.POSTAL_CODE)
    return sum(levels[place] in {Level.EQUAL, Level.SIMILAR} for place in places) > 1


def _evidence(
    levels: Mapping[Field, Level], frequencies: Mapping[Field, float], model: Model
) -> Iterator[Evidence]:
    relatives = 0.0  # bits for two relatives rather than two strangers
    for field, level in levels.items():
        odds = model.fields.get(field, {}).get(level)
        if odds is None:
            yield Evidence(field=field, level=level, weight=0.0)
            continue
        by_chance = frequencies.get(field, odds.u) if level is Level.EQUAL else odds.u
        relatives += log2(odds.r / by_chance)
        yield Evidence(field=field, level=level, weight=log2(odds.m / by_chance))
    if relatives > 0 and model.relatives:
        # What one person's records agree in, those of relatives may as well, who are not the same.
        yield Evidence(field="household", level="shared", weight=shared(relatives, model))


def shared(relatives: float, model: Model) -> float:
    """Bits to take off, of ``relatives`` bits for two relatives under one roof rather than two strangers."""
    return -log2(1 - model.relatives + model.relatives * 2.0**relatives)


def _band(weight: float, why_not: tuple[str, ...], model: Model) -> Band:
    if weight < model.review:
        return Band.NEW
    return Band.LINK if weight >= model.link and not why_not else Band.REVIEW
