"""What is compared."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, kw_only=True)
class Traits:
    """What a registry may know of a person, as it keeps it; "" and None: not known."""

    given: str = ""
    family: str = ""
    birth_family: str = ""  # name before marriage
    former_families: tuple[str, ...] = ()
    birth_date: date | None = None
    birth_text: str = ""  # where what was sent is no date: "1957-13-02" still has digits to compare
    sex: str = ""  # male | female | other | ""
    street: str = ""
    house_number: str = ""
    postal_code: str = ""
    city: str = ""
    country: str = ""
    phone: str = ""
    email: str = ""
    national_id: str = ""
    multiple_birth: int | None = None  # order among twins
