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
    NOT_LICENSED_YET = "not-licensed-yet"
    LEFT_REGISTER = "left-register"  # retired, deceased, or struck off
    PROFESSION_DOES_NOT_PRESCRIBE = "profession-does-not-prescribe"
    PRODUCT_EXCLUDED = "product-excluded"  # by the licence, or by the profession
    NOT_FROM_ABROAD = "not-from-abroad"  # such a prescription is not recognised
    COUNTRY_NOT_RECOGNISED = "country-not-recognised"  # nor any from there


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """``only`` and ``limits`` are beginnings of ATC codes, within what was asked."""

    status: Status
    reason: Reason
    last_known: bool = False  # the register is silent: this is what it said last
    only: tuple[str, ...] = ()  # of what was asked no more than these may be prescribed; (): all
    limits: tuple[str, ...] = ()  # and these not
    suspended_until: date | None = None  # first day on which the reason is another; None: not known


@dataclass(frozen=True, kw_only=True)
class Period:
    """From ``since`` until before ``until``."""

    since: date | None
    until: date | None = None

    def covers(self, day: date) -> bool:
        return (self.since is None or self.since <= day) and (
            self.until is None or day < self.until
        )


class Standing(StrEnum):
    """Of a registration, or a licence, on the day that is asked."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    ENDED = "ended"  # or retired
    DECEASED = "deceased"
    TO_COME = "to-come"


@dataclass(frozen=True, kw_only=True)
class Licence:
    country: str  # ISO 3166-1
    profession: str  # SNOMED CT
    standing: Standing
    limits: tuple[str, ...] = ()  # products that may not be prescribed: beginnings of ATC codes


@dataclass(frozen=True, kw_only=True)
class Registration:
    """One of a professional's entries in the directory, each from a register of its own, with what that licensed."""

    profession: str
    standing: Standing
    licences: tuple[Licence, ...] = ()


class Service(StrEnum):
    """What there is to be had of insurance now."""

    ABLE = "able"
    DEGRADED = "degraded"  # the register is silent: the last known answer is given
    UNABLE = "unable"


def service(*, at: datetime, heard: datetime | None, rules: EligibilityRules) -> Service:
    """By what would be said of somebody without cover; ``heard`` as for `affiliation`."""
    said = affiliation((), day=at.date(), at=at, heard=heard, rules=rules)
    if said.status is Status.CANNOT_TELL:
        return Service.UNABLE
    return Service.DEGRADED if said.last_known else Service.ABLE


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
    registrations: Collection[Registration],
    *,
    product: str,
    own_country: str,
    rules: EligibilityRules,
) -> Verdict:
    """``registrations``: all of one professional. ``product``: an ATC code or group; '' asks for anything at all.

    The best of the licences answers: of several that permit, the one with the fewest limits; of several that refuse,
    the one that got furthest. A licence is worth what the registration is whose register gave it.
    """
    if any(one.standing is Standing.DECEASED for one in registrations):
        return _refused(Reason.LEFT_REGISTER)
    licensed = [(one, licence) for one in registrations for licence in one.licences]
    if not licensed:  # a register that keeps no licences says all by registering
        licensed = [
            (one, Licence(country=own_country, profession=one.profession, standing=one.standing))
            for one in registrations
        ]
        # What one of them has suspended no other, which may not know of it, permits.
        if any(one.standing is Standing.SUSPENDED for one in registrations):
            return _refused(Reason.SUSPENDED)
    verdicts = [
        _refused(refusal)
        if (refusal := _OUT.get(registration.standing))
        else _by_licence(licence, product, own_country, rules)
        for registration, licence in licensed
    ]
    return min(verdicts, key=_rank, default=_refused(Reason.NOT_REGISTERED))


_OUT = {
    Standing.SUSPENDED: Reason.SUSPENDED,
    Standing.ENDED: Reason.LEFT_REGISTER,
    Standing.TO_COME: Reason.NOT_REGISTERED,
}
_UNLICENSED = {
    Standing.SUSPENDED: Reason.SUSPENDED,
    Standing.ENDED: Reason.LICENCE_ENDED,
    Standing.DECEASED: Reason.LICENCE_ENDED,
    Standing.TO_COME: Reason.NOT_LICENSED_YET,
}
_BEST = (
    Reason.LICENSED,
    Reason.LICENSED_ABROAD,
    Reason.PRODUCT_EXCLUDED,
    Reason.NOT_FROM_ABROAD,
    Reason.COUNTRY_NOT_RECOGNISED,
    Reason.PROFESSION_DOES_NOT_PRESCRIBE,
    Reason.SUSPENDED,
    Reason.LICENCE_ENDED,
    Reason.LEFT_REGISTER,
    Reason.NOT_LICENSED_YET,
    Reason.NOT_REGISTERED,
)


def _rank(verdict: Verdict) -> tuple[object, ...]:
    limits = (len(verdict.limits), verdict.only, verdict.limits)
    return (_BEST.index(verdict.reason), bool(verdict.only), *limits)


def _by_licence(
    licence: Licence, product: str, own_country: str, rules: EligibilityRules
) -> Verdict:
    is_abroad = licence.country != own_country
    if refusal := _UNLICENSED.get(licence.standing):
        return _refused(refusal)
    if is_abroad and licence.country not in rules.recognised:
        return _refused(Reason.COUNTRY_NOT_RECOGNISED)
    allowed = rules.prescribing.get(licence.profession, ())
    if not allowed:
        return _refused(Reason.PROFESSION_DOES_NOT_PRESCRIBE)
    excluded = tuple(limit.upper() for limit in licence.limits)
    if _begins(product, excluded):
        return _refused(Reason.PRODUCT_EXCLUDED, limits=_begun(product, excluded))
    if is_abroad and _begins(product, rules.not_from_abroad):
        return _refused(Reason.NOT_FROM_ABROAD, limits=_begun(product, rules.not_from_abroad))
    if is_abroad:
        excluded += rules.not_from_abroad
    only: tuple[str, ...] = ()
    if not _begins(product, allowed):
        only = tuple(code for code in _under(product, allowed) if not _begins(code, excluded))
        if not only:
            return _refused(Reason.PRODUCT_EXCLUDED)
    limits = _under(product, excluded)
    return Verdict(
        status=Status.MAY_PRESCRIBE,
        reason=Reason.LICENSED_ABROAD if is_abroad else Reason.LICENSED,
        only=only,
        limits=tuple(code for code in limits if _begins(code, only)) if only else limits,
    )


def _begins(product: str, codes: Collection[str]) -> bool:
    return any(product.startswith(code) for code in codes)


def _begun(product: str, codes: Collection[str]) -> tuple[str, ...]:
    """Those of the codes that the product falls under."""
    return tuple(sorted({code for code in codes if product.startswith(code)}))


def _under(product: str, codes: Collection[str]) -> tuple[str, ...]:
    """Those of the codes that are a part of the product asked for."""
    return tuple(sorted({code for code in codes if code.startswith(product)}))


def _refused(reason: Reason, *, limits: tuple[str, ...] = ()) -> Verdict:
    return Verdict(status=Status.MAY_NOT_PRESCRIBE, reason=reason, limits=limits)
