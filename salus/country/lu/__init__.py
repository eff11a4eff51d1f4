"""What is Luxembourg's: the matricule, the name of its assigning authority.

The matricule (numéro d'identification national) has 13 digits: the birth date YYYYMMDD, a 3-digit serial,
a Luhn and a Verhoeff check digit, both over the first 11 digits (law of 19 June 2013 and its regulation).
"""

from datetime import date

from stdnum import luhn, verhoeff

from salus.country.lu.report import REPORT as REPORT
from salus.country.retention import Retention
from salus.kernel.errors import InvalidInput

CODE = "LU"
TIME_ZONE = "Europe/Luxembourg"
RESIDENCES = ("LU", "FR", "BE", "DE")  # told apart in figures; the rest are other countries
# Ours, no law's: longer than the three years that the EHDS asks for, and an end for the largest table.
EVENT_RETENTION = Retention(rule="LU-EVENTS-10-YEARS", years=10)
MATRICULE_SYSTEM = "urn:oid:1.3.182.4.4"
PROVIDER_SYSTEM = "https://salus.example/lu/provider-code"
ORGANIZATION_SYSTEM = "https://salus.example/lu/organization-code"


def matricule(birth_date: date, serial: int) -> str:
    """The 13 digits for a birth date and a serial from 0 to 999."""
    if not 0 <= serial <= 999:
        raise ValueError(f"serial {serial} has more than three digits")
    head = f"{birth_date:%Y%m%d}{serial:03}"
    return head + luhn.calc_check_digit(head) + verhoeff.calc_check_digit(head)


def check_matricule(text: str) -> str:
    """The 13 digits without spaces, or InvalidInput that says which check failed (never the number)."""
    digits = text.replace(" ", "")
    if len(digits) != 13 or not (digits.isascii() and digits.isdigit()):
        raise InvalidInput("a matricule has 13 digits")
    head = digits[:11]
    try:
        date(int(head[:4]), int(head[4:6]), int(head[6:8]))
    except ValueError:
        raise InvalidInput("the first 8 digits of the matricule are not a date") from None
    if luhn.calc_check_digit(head) != digits[11]:
        raise InvalidInput("the 12th digit of the matricule (Luhn) does not fit the others")
    if verhoeff.calc_check_digit(head) != digits[12]:
        raise InvalidInput("the 13th digit of the matricule (Verhoeff) does not fit the others")
    return digits
