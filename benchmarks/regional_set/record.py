"""What one system writes of a human being, before anything goes wrong."""

from typing import Any

from benchmarks.regional_set.humans import Home, Human
from salus.mpi.matching.record import Traits


def by_the_register(human: Human) -> Traits:
    """All that there is, with the home's number where the human has none of their own."""
    return Traits(
        given=" ".join(human.given),
        family=human.family,
        birth_family=" ".join(human.birth_families),
        birth_date=human.birth_date,
        sex="female" if human.female else "male",
        **address(human.home),
        phone=human.phone or human.home.phone,
        email=human.email,
        national_id=human.national_id,
        multiple_birth=human.multiple_birth,
    )


def address(home: Home) -> dict[str, Any]:
    return {
        "street": home.street,
        "house_number": home.house_number,
        "postal_code": home.postal_code,
        "city": home.city,
        "country": home.country,
    }
