"""What the words of one field are taken for: pure, over what words of names are known (ADR 0035).

The longest phrase that the vocabulary knows counts, then what is nearly one; the rest are names. A hyphen joins:
"Weber-Esch" is a name even where Esch is a place.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from rapidfuzz import process
from rapidfuzz.distance import OSA

from salus.country.gazetteer import coded, postal_key
from salus.directory.finding.question import Taken
from salus.directory.finding.vocabulary import Meaning, Sense, fillers, meanings
from salus.directory.finding.words import plain
from salus.kernel.spelling.names import folded, words_of

_LONGEST = 5  # words of a phrase
# Up to an apostrophe too: "d'Esch" is a word with its particle.
_TOKEN = re.compile(r"\"([^\"]*)\"?|[^\s,;\"'’]+['’]?")
_CODE = re.compile(r"(?:[A-Za-z]{1,2}[- ]?)?[0-9]{4,5}")
_TITLES = frozenset({"doctor", "dokter", "doktesch"})  # before a name; else a physician is sought

Names = Mapping[
    str, Mapping[str, int]
]  # by typed word the words of names that may be meant, with their costs


@dataclass(frozen=True, kw_only=True)
class Token:
    text: str
    start: int
    end: int
    quoted: bool

    @property
    def words(self) -> list[str]:
        return plain(self.text).split()


@dataclass(frozen=True, kw_only=True)
class Reading:
    taken: tuple[Taken, ...] = ()
    names: tuple[str, ...] = ()  # words of names
    doubtful: bool = False  # something understood is a name too

    def codes(self, sense: Sense) -> tuple[str, ...]:
        return tuple(code for one in self.taken if one.sense is sense for code in one.codes)

    def has(self, sense: Sense) -> bool:
        return any(one.sense is sense for one in self.taken)


def tokens(text: str) -> list[Token]:
    return [
        Token(
            text=found[1] if found[1] is not None else found[0],
            start=found.start(),
            end=found.end(),
            quoted=found[1] is not None,
        )
        for found in _TOKEN.finditer(text)
    ]


def phrases(text: str) -> set[str]:
    """All that may be the name of a place, in its plain form, and each word."""
    parts = tokens(text)
    return {
        plain(" ".join(token.text for token in parts[start:end]))
        for start in range(len(parts))
        for end in range(start + 1, min(start + _LONGEST, len(parts)) + 1)
    } | {word for token in parts for word in token.words}


def as_names(text: str) -> Reading:
    """Nothing is understood."""
    parts = tokens(text)
    return Reading(
        taken=tuple(_name(token) for token in parts if token.words), names=_name_words(parts)
    )


def read(text: str, *, names: Names, municipalities: Collection[str] = ()) -> Reading:
    """``municipalities``: plain names of places that entries have beside those of the gazetteer."""
    parts = tokens(text)
    taken: dict[
        int, tuple[int, Taken]
    ] = {}  # by first token: after the last one, and what it means
    _understand(parts, taken, municipalities)
    _guess(parts, taken, names)
    doubtful = any(
        one.guessed or names.get(plain(one.text), {}).get(plain(one.text)) == 0
        for _end, one in taken.values()
    )
    found, unknown, at = [], [], 0
    passed = _passed_over(parts, taken)
    while at < len(parts):
        if at in taken:
            at, one = taken[at]
            found.append(one)
            continue
        if at not in passed and parts[at].words:
            unknown.append(parts[at])
            found.append(_name(parts[at]))
        at += 1
    return Reading(taken=tuple(found), names=_name_words(unknown), doubtful=doubtful)


def _understand(
    parts: Sequence[Token], taken: dict[int, tuple[int, Taken]], municipalities: Collection[str]
) -> None:
    at = 0
    while at < len(parts):
        for end in range(min(at + _LONGEST, len(parts)), at, -1):
            span = parts[at:end]
            if any(token.quoted for token in span):
                continue
            meaning = _meaning(span, municipalities)
            if meaning and not _is_title(parts, at, end, municipalities):
                taken[at] = end, _taken(span, meaning)
                at = end
                break
        else:
            at += 1


def _meaning(span: Sequence[Token], municipalities: Collection[str]) -> Meaning | None:
    text = " ".join(token.text for token in span)
    phrase = plain(text)
    if _CODE.fullmatch(text):
        return Meaning(sense=Sense.PLACE, codes=(postal_key(text),), place=coded(text))
    known = meanings().get(phrase)
    return known or (Meaning(sense=Sense.PLACE) if phrase in municipalities else None)


def _is_title(parts: Sequence[Token], at: int, end: int, municipalities: Collection[str]) -> bool:
    title = end == at + 1 and plain(parts[at].text) in _TITLES
    if not title or end == len(parts):
        return False
    following = parts[end]
    return following.quoted or not (
        plain(following.text) in fillers() or _meaning([following], municipalities)
    )


def _guess(parts: Sequence[Token], taken: dict[int, tuple[int, Taken]], names: Names) -> None:
    """What nearly is a word of the vocabulary: where no name is nearer, or where something is understood already."""
    among_others = bool(taken)
    inside = {at for start, (end, _one) in taken.items() for at in range(start, end)}
    for start in range(len(parts)):
        for end in range(min(start + 3, len(parts)), start, -1):
            span = parts[start:end]
            if inside & set(range(start, end)) or any(
                token.quoted or plain(token.text) in _TITLES for token in span
            ):
                continue
            phrase = plain(" ".join(token.text for token in span))
            near = _nearly(phrase)
            if near is None:
                continue
            meaning, distance = near
            nearest = min((OSA.distance(phrase, word) for word in names.get(phrase, ())), default=9)
            if nearest > 0 and (among_others or nearest > distance):
                taken[start] = end, replace(_taken(span, meaning), guessed=True)
                inside |= set(range(start, end))
                break


def _nearly(phrase: str) -> tuple[Meaning, int] | None:
    allowed = 0 if len(phrase) < 5 or phrase in fillers() else 1 if len(phrase) < 8 else 2
    if not allowed:
        return None
    best = process.extractOne(
        phrase, meanings().keys(), scorer=OSA.distance, score_cutoff=allowed, processor=None
    )
    return None if best is None else (meanings()[best[0]], int(best[1]))


def _passed_over(parts: Sequence[Token], taken: Mapping[int, tuple[int, Taken]]) -> set[int]:
    """Fillers beside something understood, and titles."""
    passed = {
        at for at, token in enumerate(parts) if not token.quoted and plain(token.text) in _TITLES
    } - taken.keys()
    understood = {at for start, (end, _one) in taken.items() for at in range(start, end)}
    for order in (range(len(parts)), range(len(parts) - 1, -1, -1)):
        beside = False
        for at in order:
            if at in understood:
                beside = True
            elif beside and not parts[at].quoted and plain(parts[at].text) in fillers():
                passed.add(at)
            else:
                beside = False
    return passed


def _taken(span: Sequence[Token], meaning: Meaning) -> Taken:
    text = " ".join(token.text for token in span)
    place = meaning.place.name if meaning.place else text
    return Taken(
        text=text,
        start=span[0].start,
        end=span[-1].end,
        sense=meaning.sense,
        codes=meaning.codes,
        place=place if meaning.sense is Sense.PLACE else "",
    )


def _name(token: Token) -> Taken:
    return Taken(text=token.text, start=token.start, end=token.end, sense=Sense.NAME)


def _name_words(parts: Sequence[Token]) -> tuple[str, ...]:
    """Without particles, unless one stands by itself or in quotation marks."""
    together = groupby(parts, key=lambda token: token.start if token.quoted else -1)
    texts = (" ".join(token.text for token in some) for _start, some in together)
    return tuple(dict.fromkeys(word for text in texts for word in words_of(folded(text))))
