"""By which numbers people are known in Luxembourg: its own, its neighbours', the temporary ones of the index."""

import re
import secrets
from datetime import date
from types import ModuleType

from stdnum import luhn
from stdnum.be import nn
from stdnum.exceptions import ValidationError
from stdnum.fr import nir
from stdnum.it import codicefiscale

from salus.country.identifiers import Check, IdentifierSystem, WrongIdentifier
from salus.country.lu.matricule import check_matricule

MATRICULE_SYSTEM = "urn:oid:1.3.182.4.4"
TEMPORARY_SYSTEM = "https://salus.example/lu/temporary-number"
PASSPORTS = "http://hl7.org/fhir/sid/passport-"  # and the issuer's ISO 3166-1 alpha-3 code
_PASSPORT = re.compile(r"[A-Z0-9]{5,12}")
_EHIC = re.compile(r"[0-9A-Z]{10,20}")
_KVNR = re.compile(r"[A-Z][0-9]{9}")
_TEMPORARY = re.compile(r"T[0-9]{9}")


def _by(module: ModuleType, issuer: str) -> Check:
    def check(text: str, today: date) -> str:
        try:
            kept: str = module.validate(text)
        except ValidationError:
            raise WrongIdentifier(
                f"this is no number of {issuer}: a check digit or its length is wrong"
            ) from None
        return kept

    return check


def _shaped(pattern: re.Pattern[str], what: str) -> Check:
    def check(text: str, today: date) -> str:
        kept = re.sub(r"[ -]", "", text).upper()
        if not pattern.fullmatch(kept):
            raise WrongIdentifier(f"this is no {what}")
        return kept

    return check


def _check_kvnr(text: str, today: date) -> str:
    """A letter, eight digits, and a check digit (SGB V § 290): Luhn's sum, the letter as two digits."""
    number = _shaped(_KVNR, "health insurance number of Germany (KVNR)")(text, today)
    counted = f"{ord(number[0]) - ord('A') + 1:02}{number[1:9]}"
    if (10 - int(luhn.calc_check_digit(counted))) % 10 != int(number[9]):
        raise WrongIdentifier(
            "the last digit of the health insurance number (KVNR) does not fit the others"
        )
    return number


def _check_temporary(text: str, today: date) -> str:
    number = _shaped(_TEMPORARY, "temporary number of this index")(text, today)
    if not luhn.is_valid(number[1:]):
        raise WrongIdentifier("the last digit of the temporary number does not fit the others")
    return number


def temporary_identifier() -> tuple[str, str]:
    """System and a new number, T with eight random digits and Luhn's check digit; the database refuses one twice."""
    head = f"{secrets.randbelow(10**8):08}"
    return TEMPORARY_SYSTEM, f"T{head}{luhn.calc_check_digit(head)}"


_SYSTEMS = (
    IdentifierSystem(
        system=MATRICULE_SYSTEM,
        type="NI",
        country="LU",
        issuer="Registre national des personnes physiques",
        check=lambda text, today: check_matricule(text, today=today),
    ),
    IdentifierSystem(
        system=TEMPORARY_SYSTEM,
        type="PNT",
        country="LU",
        issuer="Agence eSanté",
        check=_check_temporary,
    ),
    IdentifierSystem(
        system="urn:oid:1.2.250.1.213.1.4.8",  # INS-NIR
        type="NI",
        country="FR",
        issuer="Institut national de la statistique",
        check=_by(nir, "France (NIR)"),
    ),
    IdentifierSystem(
        system="https://www.ehealth.fgov.be/standards/fhir/core/NamingSystem/ssin",
        type="NI",
        country="BE",
        issuer="Registre national",
        check=_by(nn, "Belgium (NISS)"),
    ),
    IdentifierSystem(
        system="http://fhir.de/sid/gkv/kvid-10",
        type="HC",
        country="DE",
        issuer="Gesetzliche Krankenversicherung",
        check=_check_kvnr,
    ),
    IdentifierSystem(
        system="http://hl7.it/sid/codiceFiscale",
        type="NI",
        country="IT",
        issuer="Agenzia delle Entrate",
        check=_by(codicefiscale, "Italy (codice fiscale)"),
    ),
    IdentifierSystem(
        system="https://salus.example/eu/ehic",
        type="HC",
        issuer="European Health Insurance Card",
        check=_shaped(_EHIC, "number of a European Health Insurance Card"),
    ),
)
_BY_SYSTEM = {one.system: one for one in _SYSTEMS}


def identifier_system(system: str) -> IdentifierSystem | None:
    """What is known of a namespace; None of a sender's own."""
    if system.startswith(PASSPORTS):
        return IdentifierSystem(
            system=system,
            type="PPN",
            issuer=f"Passport of {system.removeprefix(PASSPORTS).upper()}",
            check=_shaped(_PASSPORT, "number of a passport"),
        )
    return _BY_SYSTEM.get(system)
