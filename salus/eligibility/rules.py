"""What is answered: is somebody insured on a day, may a professional prescribe. Pure; every door asks these."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from salus.country.eligibility import EligibilityRules


class Status(StrEnum):
    AFFILIATED = "affiliated"
    NOT_AFFILIATED = "not-affiliated"  # also of whom nobody knows
    MAY_PRESCRIBE = "may-prescribe"
    MAY_NOT_PRESCRIBE = "may-not-prescribe"
    CANNOT_TELL = "cannot-tell"  # now: ask again later


class Reason(StrEnum):
    """Stable: one may be added, none changes its meaning (docs/reference/eligibility.md)."""

    COVERED = "covered"
    NOT_COVERED = "not-covered"
    REGISTER_SILENT = "register-silent"  # for so long that its last word says nothing any more
    SEVERAL_PEOPLE = "several-people"  # have this name and birth date
    LICENSED = "licensed"
    LICENSED_ABROAD = "licensed-abroad"
    NOT_REGISTERED = "not-registered"
    SUSPENDED = "suspended"
    LICENCE_ENDED = "licence-ended"
    PROFESSION_DOES_NOT_PRESCRIBE = "profession-does-not-prescribe"
    PRODUCT_EXCLUDED = "product-excluded"  # by the licence, or by the profession
    NOT_FROM_ABROAD = "not-from-abroad"


@dataclass(frozen=True, kw_only=True)
class Verdict:
    status: Status
    reason: Reason
    last_known: bool = False  # the register is silent: this is what it said last


@dataclass(frozen=True, kw_only=True)
class Period:
    """From ``since`` until before ``until``."""

    since: date | None
    until: date | None = None

    def covers(self, day: date) -> bool:
        return (self.since is None or self.since <= day) and (
            self.until is None or day < self.until
        )


@dataclass(frozen=True, kw_only=True)
class Licence:
    country: str  # ISO 3166-1
    profession: str  # SNOMED CT
    status: str  # active, suspended, ended: on the day that is asked
    limits: tuple[str, ...] = ()  # products that may not be prescribed: beginnings of ATC codes


@dataclass(frozen=True, kw_only=True)
class Prescriber:
    """What the directory said of a professional, as of one day."""

    profession: str
    is_out: bool  # suspended, or left the register
    licences: tuple[Licence, ...] = ()


def affiliation(
    periods: Iterable[Period],
    *,
    day: date,
    at: datetime,
    heard: datetime | None,
    rules: EligibilityRules,
) -> Verdict:
    """``heard``: until when the register had told all that it knew; None: it was never heard."""
    silence = at - heard if heard else None
    if silence is None or silence > rules.last_known_for:
        return Verdict(status=Status.CANNOT_TELL, reason=Reason.REGISTER_SILENT)
    last_known = silence > rules.silent_after
    if any(period.covers(day) for period in periods):
        return Verdict(status=Status.AFFILIATED, reason=Reason.COVERED, last_known=last_known)
    return Verdict(status=Status.NOT_AFFILIATED, reason=Reason.NOT_COVERED, last_known=last_known)


def prescribing(
    prescriber: Prescriber | None, *, product: str, own_country: str, rules: EligibilityRules
) -> Verdict:
    """``product``: an ATC code, or its beginning; '' asks whether anything may be prescribed at all.

    The best of the licences answers: of several that refuse, the one that got furthest.
    """
    if prescriber is None:
        return _refused(Reason.NOT_REGISTERED)
    if prescriber.is_out:
        return _refused(Reason.SUSPENDED)
    verdicts = [
        _by_licence(licence, product, own_country, rules) for licence in prescriber.licences
    ]
    if not verdicts:  # a register that keeps no licences says all by registering
        licence = Licence(country=own_country, profession=prescriber.profession, status="active")
        return _by_licence(licence, product, own_country, rules)
    return min(verdicts, key=lambda verdict: _BEST.index(verdict.reason))


_BEST = (
    Reason.LICENSED,
    Reason.LICENSED_ABROAD,
    Reason.PRODUCT_EXCLUDED,
    Reason.NOT_FROM_ABROAD,
    Reason.PROFESSION_DOES_NOT_PRESCRIBE,
    Reason.SUSPENDED,
    Reason.LICENCE_ENDED,
)


def _by_licence(
    licence: Licence, product: str, own_country: str, rules: EligibilityRules
) -> Verdict:
    is_abroad = licence.country != own_country
    allowed = rules.prescribing.get(licence.profession, ())
    match licence.status:
        case "suspended":
            return _refused(Reason.SUSPENDED)
        case "ended":
            return _refused(Reason.LICENCE_ENDED)
    if not allowed:
        return _refused(Reason.PROFESSION_DOES_NOT_PRESCRIBE)
    if product and (not _begins(product, allowed) or _begins(product, licence.limits)):
        return _refused(Reason.PRODUCT_EXCLUDED)
    if product and is_abroad and _begins(product, rules.not_from_abroad):
        return _refused(Reason.NOT_FROM_ABROAD)
    reason = Reason.LICENSED_ABROAD if is_abroad else Reason.LICENSED
    return Verdict(status=Status.MAY_PRESCRIBE, reason=reason)


def _begins(product: str, codes: Collection[str]) -> bool:
    return any(product.startswith(code) for code in codes)


def _refused(reason: Reason) -> Verdict:
    return Verdict(status=Status.MAY_NOT_PRESCRIBE, reason=reason)
