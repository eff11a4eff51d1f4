"""What a country's law says on insurance checks and on prescribing."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

# The Directive is the European Economic Area's too.
EEA = frozenset(
    {
        *("AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI"),
        *("FR", "GR", "HR", "HU", "IE", "IS", "IT", "LI", "LT", "LU"),
        *("LV", "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK"),
    }
)


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
    recognised: frozenset[str]  # countries whose prescriptions are recognised (ISO 3166-1)
    # Products whose prescription from abroad is not recognised (Directive 2011/24/EU, art. 11 (6)).
    not_from_abroad: tuple[str, ...]
