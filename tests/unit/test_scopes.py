"""SMART scopes v2 (salus.kernel.scopes)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salus.kernel.errors import InvalidInput
from salus.kernel.scopes import (
    Context,
    Interaction,
    Scope,
    Scopes,
    narrowed,
    read_scope,
    read_scopes,
)

SCOPES = st.builds(
    Scope,
    context=st.sampled_from(Context),
    type=st.sampled_from(["*", "Patient", "DocumentReference"]),
    interactions=st.frozensets(st.sampled_from(Interaction), min_size=1),
)
NARROWED = st.builds(
    Scope,
    context=st.sampled_from(Context),
    type=st.sampled_from(["Patient", "DocumentReference"]),
    interactions=st.frozensets(st.sampled_from(Interaction), min_size=1),
    only=st.frozensets(
        st.tuples(st.sampled_from(["category", "status"]), st.sampled_from(["a", "http://x|b,c&d"]))
    ).map(lambda only: tuple(sorted(only))),
)


@given(SCOPES | NARROWED)
def test_what_is_written_is_read_again(scope: Scope) -> None:
    assert read_scope(str(scope)) == scope


@pytest.mark.parametrize(
    "text",
    [
        "",
        "openid",
        "system/Patient",
        "system/Patient.",
        "system/Patient.sr",  # not in the order of cruds
        "system/Patient.rr",
        "system/Patient.read",  # SMART v1
        "system/patient.r",
        "system/Patient.r?",
        "system/Patient.r?status",
        "system/Patient.r?=x",
        "system/*.r?status=x",  # of which type would the parameter be?
        "anybody/Patient.r",
        " system/Patient.r",
    ],
)
def test_what_is_no_scope_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        read_scope(text)


@pytest.mark.parametrize(
    ("wide", "narrow"),
    [
        ("system/*.cruds", "system/Patient.rs"),
        ("system/Patient.rs", "system/Patient.r"),
        ("system/DocumentReference.rs", "system/DocumentReference.r?category=a"),
        (
            "system/DocumentReference.r?category=a",
            "system/DocumentReference.r?category=a&status=current",
        ),
    ],
)
def test_a_wider_scope_covers_a_narrower_one_and_never_the_other_way(
    wide: str, narrow: str
) -> None:
    assert read_scope(wide).covers(read_scope(narrow))
    assert not read_scope(narrow).covers(read_scope(wide))


def test_a_scope_of_another_context_covers_nothing() -> None:
    assert not read_scope("system/*.cruds").covers(read_scope("patient/Patient.r"))


def test_what_is_asked_beyond_the_grant_is_left_out() -> None:
    granted = read_scopes(["system/Patient.rs", "system/DocumentReference.r?category=a"])
    asked = [
        read_scope(text)
        for text in (
            "system/Patient.r",
            "system/Patient.u",
            "system/DocumentReference.r",
            "system/*.r",
        )
    ]
    assert str(narrowed(asked, to=granted)) == "system/Patient.r"


def test_what_permits_an_interaction_says_how_it_is_narrowed() -> None:
    scopes: Scopes = read_scopes(["system/*.s", "system/DocumentReference.rs?category=a"])
    assert [s.only for s in scopes.allowing(Interaction.SEARCH, "DocumentReference")] == [
        (),
        (("category", "a"),),
    ]
    assert not scopes.allowing(Interaction.READ, "Patient")
