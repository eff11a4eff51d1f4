"""How long a country keeps what."""

from dataclasses import dataclass

LEAST_YEARS = 3  # for who saw a person's data: Regulation (EU) 2025/327 (EHDS), art. 9


@dataclass(frozen=True, kw_only=True)
class Retention:
    """``rule`` is the name under which a dropped month is reported."""

    rule: str
    years: int  # after the end of the month of the event

    def __post_init__(self) -> None:
        if self.years < LEAST_YEARS:
            raise ValueError(f"events are kept for at least {LEAST_YEARS} years (EHDS, art. 9)")
