"""What a country's law says on insurance checks and on prescribing."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, kw_only=True)
class Insurer:
    """Who pays for those who are affiliated."""

    system: str  # URI of who gives out the number
    value: str
    name: str


@dataclass(frozen=True, kw_only=True)
class EligibilityRules:
    """Products are named by the beginning of their ATC code; '' begins all of them."""

    silent_after: timedelta  # without word from the register an answer is its last known one
    last_known_for: timedelta  # and after that none is given
    prescribing: Mapping[
        str, tuple[str, ...]
    ]  # profession (SNOMED CT) -> products that it may prescribe
    # Products whose prescription from abroad is not recognised (Directive 2011/24/EU, art. 11 (6)).
    not_from_abroad: tuple[str, ...]
