"""The same levels in SQL, for whole files: over columns `x_l` and `x_r` of two records, null where not known.

In the words of DuckDB; Splink translates them for Spark. A test holds them equal to `levels.compare`.
"""

from salus.mpi.matching.levels import COLUMN, Field, Level


def _slip(column: str) -> str:
    one, other = f"{column}_l", f"{column}_r"
    return (
        f"(least(length({one}), length({other})) > 3 and damerau_levenshtein({one}, {other}) < 2)"
        f" or jaro_winkler_similarity({one}, {other}) >= 0.93"
    )


def _slips(column: str, most: int, *, least: int) -> str:
    one, other = f"{column}_l", f"{column}_r"
    return (
        f"least(length({one}), length({other})) >= {least}"
        f" and damerau_levenshtein({one}, {other}) <= {most}"
    )


def _like(column: str) -> list[tuple[Level, str]]:
    sound = f"{column}_sound"
    return [
        (Level.SIMILAR, _slip(column)),
        (Level.SOUNDS_ALIKE, f"length({sound}_l) > 1 and {sound}_l = {sound}_r"),
        (Level.RESEMBLES, f"jaro_winkler_similarity({column}_l, {column}_r) >= 0.84"),
    ]


_SWAPPED = """given_l <> given_r and family_l <> family_r and (
    given_l = family_r and jaro_winkler_similarity(family_l, given_r) >= 0.85
    or family_l = given_r and jaro_winkler_similarity(given_l, family_r) >= 0.85)"""
_WEAK = "(substr(born_l, 5) in ('0101', '0000') or substr(born_r, 5) in ('0101', '0000'))"
_TWO_OF_THREE = """(substr(born_l, 1, 4) = substr(born_r, 1, 4))::int
    + (substr(born_l, 5, 2) = substr(born_r, 5, 2))::int
    + (substr(born_l, 7) = substr(born_r, 7))::int = 2"""
_LETTERS = "'[a-z]+$'"

# The first that holds; null is not known, and DIFFERS is left.
CONDITIONS: dict[Field, list[tuple[Level, str]]] = {
    Field.GIVEN: [
        (Level.SWAPPED, _SWAPPED),
        (Level.EQUAL, "given_l = given_r"),
        (
            Level.INITIAL,
            "least(length(given_l), length(given_r)) = 1 and substr(given_l, 1, 1) = substr(given_r, 1, 1)",
        ),
        (
            Level.PART,
            "list_has_all(given_words_l, given_words_r) or list_has_all(given_words_r, given_words_l)",
        ),
        *_like("given"),
    ],
    Field.FAMILY: [
        (Level.SWAPPED, _SWAPPED),
        (Level.EQUAL, "family_l = family_r or family_full_l = family_full_r"),
        (Level.PART, "list_has_any(families_l, families_r)"),
        *_like("family"),
    ],
    Field.BIRTH_DATE: [
        (Level.YEAR_ONLY, f"{_WEAK} and substr(born_l, 1, 4) = substr(born_r, 1, 4)"),
        (Level.EQUAL, "born_l = born_r"),
        (
            Level.SWAPPED,
            "born_l = concat(substr(born_r, 1, 4), substr(born_r, 7), substr(born_r, 5, 2))",
        ),
        (Level.SIMILAR, f"not {_WEAK} and damerau_levenshtein(born_l, born_r) = 1"),
        (Level.RESEMBLES, f"not {_WEAK} and {_TWO_OF_THREE}"),
    ],
    Field.SEX: [(Level.EQUAL, "sex_l = sex_r")],
    Field.STREET: [
        (Level.EQUAL, "street_l = street_r"),
        (Level.SIMILAR, "jaro_winkler_similarity(street_l, street_r) >= 0.92"),
    ],
    Field.HOUSE_NUMBER: [
        (Level.EQUAL, "house_number_l = house_number_r"),
        (
            Level.SIMILAR,
            f"regexp_replace(house_number_l, {_LETTERS}, '') = regexp_replace(house_number_r, {_LETTERS}, '')",
        ),
    ],
    Field.POSTAL_CODE: [
        (Level.EQUAL, "postal_code_l = postal_code_r"),
        (Level.SIMILAR, _slips("postal_code", 1, least=4)),
    ],
    Field.CITY: [(Level.EQUAL, "city_l = city_r"), (Level.SIMILAR, _slip("city"))],
    Field.PHONE: [
        (Level.EQUAL, "phone_l = phone_r"),
        (Level.SIMILAR, _slips("phone", 1, least=6)),
    ],
    Field.EMAIL: [
        (Level.EQUAL, "email_l = email_r"),
        (Level.SIMILAR, _slips("email", 2, least=8)),
    ],
    Field.NATIONAL_ID: [
        (Level.EQUAL, "national_id_l = national_id_r"),
        (Level.SIMILAR, _slips("national_id", 1, least=8)),
    ],
}


def is_not_known(field: Field) -> str:
    """The condition under which a field says nothing."""
    return f"{COLUMN[field]}_l is null or {COLUMN[field]}_r is null"


def level_of(field: Field) -> str:
    """An SQL expression for the level of one field, a word of `Level`."""
    steps = [(Level.NOT_KNOWN, is_not_known(field)), *CONDITIONS[field]]
    cases = " ".join(f"when {condition} then '{level}'" for level, condition in steps)
    return f"case {cases} else '{Level.DIFFERS}' end"
