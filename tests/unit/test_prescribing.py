"""Who may prescribe what, against a slow plain answer for each single product."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from salus.country.eligibility import EEA, EligibilityRules
from salus.eligibility.rules import (
    Licence,
    Reason,
    Registration,
    Standing,
    Status,
    Verdict,
    prescribing,
)

PHYSICIAN, MIDWIFE, PHYSIOTHERAPIST = "62247001", "309453006", "36682004"
RULES = EligibilityRules(
    silent_after=timedelta(1),
    last_known_for=timedelta(30),
    prescribing={PHYSICIAN: ("",), MIDWIFE: ("A", "N01B", "N02B")},
    recognised=EEA,
    not_from_abroad=("N02A", "N05B"),
)
PRODUCTS = ("A01AA01", "N01BB02", "N02AA01", "N02AA05", "N02BE01", "N05BA01", "J07BB02")
GROUPS = ("", *sorted({code[:n] for code in PRODUCTS for n in (1, 3, 4, 5)}))

_LICENCES = st.builds(
    Licence,
    country=st.sampled_from(("LU", "DE", "US")),
    profession=st.sampled_from((PHYSICIAN, MIDWIFE, PHYSIOTHERAPIST)),
    standing=st.sampled_from((Standing.ACTIVE, *Standing)),
    limits=st.lists(st.sampled_from(("N02A", "n05b", "N02AA01", "A", "J07")), max_size=2).map(
        tuple
    ),
)
_REGISTRATIONS = st.builds(
    Registration,
    profession=st.sampled_from((PHYSICIAN, MIDWIFE, PHYSIOTHERAPIST)),
    standing=st.sampled_from((Standing.ACTIVE, *Standing)),
    licences=st.lists(_LICENCES, max_size=2).map(tuple),
)


def asked(registrations: list[Registration], product: str) -> Verdict:
    return prescribing(registrations, product=product, own_country="LU", rules=RULES)


def slowly(registrations: list[Registration], product: str) -> bool:
    if any(one.standing == "deceased" for one in registrations):
        return False
    if not any(one.licences for one in registrations):
        if any(one.standing == "suspended" for one in registrations):
            return False
        return any(
            one.standing == "active"
            and any(product.startswith(code) for code in RULES.prescribing.get(one.profession, ()))
            for one in registrations
        )
    for one in registrations:
        for licence in one.licences:
            if one.standing != "active" or licence.standing != "active":
                continue
            allowed = RULES.prescribing.get(licence.profession, ())
            excluded = [limit.upper() for limit in licence.limits]
            if licence.country != "LU":
                if licence.country not in EEA:
                    continue
                excluded += ["N02A", "N05B"]
            if any(product.startswith(code) for code in allowed) and not any(
                product.startswith(code) for code in excluded
            ):
                return True
    return False


@given(st.lists(_REGISTRATIONS, max_size=3), st.sampled_from((*PRODUCTS, *GROUPS)))
def test_what_is_said_of_a_group_is_true_of_each_product(
    registrations: list[Registration], group: str
) -> None:
    said = asked(registrations, group)
    for product in PRODUCTS:
        if not product.startswith(group):
            continue
        told = (
            said.status is Status.MAY_PRESCRIBE
            and (not said.only or product.startswith(said.only))
            and not product.startswith(said.limits or ("-",))
        )
        if told:
            assert slowly(registrations, product)
        if product == group or said.status is Status.MAY_NOT_PRESCRIBE:
            assert told == slowly(registrations, product)


def _one(registered: Standing = Standing.ACTIVE, **licence: object) -> Registration:
    known = {"country": "LU", "profession": PHYSICIAN, "standing": Standing.ACTIVE}
    return Registration(
        profession=PHYSICIAN,
        standing=registered,
        licences=(Licence(**(known | licence)),),  # type: ignore[arg-type]
    )


def test_a_group_of_which_a_part_is_excluded_says_which() -> None:
    said = asked([_one(limits=("N02A", "J07"))], "N02")
    assert (said.status, said.only, said.limits) == (Status.MAY_PRESCRIBE, (), ("N02A",))
    assert asked([_one(limits=("N02A",))], "N02AA").reason is Reason.PRODUCT_EXCLUDED
    assert asked([_one(profession=MIDWIFE)], "N").only == ("N01B", "N02B")
    assert asked([_one(profession=MIDWIFE, limits=("N01B",))], "N").only == ("N02B",)
    nothing_left = asked([_one(profession=MIDWIFE, limits=("N01B", "N02B"))], "N")
    assert nothing_left.reason is Reason.PRODUCT_EXCLUDED
    within = asked([_one(profession=MIDWIFE, limits=("N02BE", "N05B"))], "N")
    assert (within.only, within.limits) == (("N01B", "N02B"), ("N02BE",))


def test_limits_are_codes_however_they_are_written() -> None:
    assert asked([_one(limits=("j07",))], "J07BB02").limits == ("J07",)
    physiotherapist = asked([_one(profession=PHYSIOTHERAPIST)], "")
    assert physiotherapist.reason is Reason.PROFESSION_DOES_NOT_PRESCRIBE


def test_of_several_licences_the_one_that_leaves_most_answers() -> None:
    narrow, limited = _one(profession=MIDWIFE), _one(limits=("N02A",))
    both = asked([narrow, limited], "N")
    assert (both.only, both.limits) == ((), ("N02A",))
    assert asked([_one(limits=("N02A", "N05B")), _one(limits=("N02BE",))], "N").limits == ("N02BE",)


def test_abroad_special_prescriptions_and_other_countries_are_not_recognised() -> None:
    german, american = _one(country="DE"), _one(country="US")
    assert asked([german], "N02").reason is Reason.LICENSED_ABROAD
    assert asked([german], "N02").limits == ("N02A",)
    special = asked([german], "N02AA01")
    assert (special.reason, special.limits) == (Reason.NOT_FROM_ABROAD, ("N02A",))
    assert asked([german, _one()], "N02AA01").reason is Reason.LICENSED
    assert asked([american], "N02").reason is Reason.COUNTRY_NOT_RECOGNISED


def test_a_licence_is_worth_what_its_registration_is() -> None:
    elsewhere = Registration(profession=PHYSICIAN, standing=Standing.ACTIVE)
    assert asked([_one(Standing.SUSPENDED), elsewhere], "").reason is Reason.SUSPENDED
    assert asked([_one(Standing.SUSPENDED), _one(country="BE")], "").reason is (
        Reason.LICENSED_ABROAD
    )
    assert asked([_one(), _one(Standing.DECEASED)], "").reason is Reason.LEFT_REGISTER
    assert asked([_one(standing=Standing.TO_COME), elsewhere], "").reason is Reason.NOT_LICENSED_YET
    assert asked([_one(standing=Standing.DECEASED)], "").reason is Reason.LICENCE_ENDED
    assert asked([_one(Standing.TO_COME)], "").reason is Reason.NOT_REGISTERED
    ended, suspended = _one(standing=Standing.ENDED), _one(standing=Standing.SUSPENDED)
    assert asked([ended], "").reason is Reason.LICENCE_ENDED
    assert asked([ended, suspended], "").reason is Reason.SUSPENDED


def test_registers_without_licences_say_all_by_registering() -> None:
    def only(*standings: Standing) -> Reason:
        rows = [Registration(profession=PHYSICIAN, standing=one) for one in standings]
        return asked(rows, "").reason

    assert only(Standing.ACTIVE) is Reason.LICENSED
    assert only(Standing.ENDED) is Reason.LEFT_REGISTER
    assert only(Standing.ENDED, Standing.ACTIVE) is Reason.LICENSED
    assert only(Standing.SUSPENDED, Standing.ACTIVE) is Reason.SUSPENDED
    assert only() is Reason.NOT_REGISTERED
