"""The phonetic key of names in French, German, Portuguese and Luxembourgish (ADR 0024)."""

import re
from functools import lru_cache

from salus.kernel.spelling.names import name

# In order: what sounds alike in one of the four languages is written alike. A key may join too much, not too little.
_SOUNDS = [
    (re.compile(pattern), sound)
    for pattern, sound in [
        (r"ph", "f"),
        (r"tsch|tch|sch|sh|ch", "s"),
        (r"([td])z|ts|ds", "s"),
        (r"[dt]h|dt", "t"),
        (r"gn|nh|ny", "n"),  # Luxembourgish and French gn, Portuguese nh
        (r"lh", "l"),
        (r"x", "s"),
        (r"c(?=[eiy])", "s"),
        (r"ck|qu|[cqgj]", "k"),  # j and g sound alike before e and i
        (r"[vw]", "f"),
        (r"z", "s"),
        (r"d", "t"),
        (r"b", "p"),
        (r"m(?=[bpf])", "n"),
        (r"(?<=.)h|^h", ""),
        (r"y", "i"),
        (r"^[aeiou]+", "a"),
        (r"(?<=.)[aeiou]+", ""),
        (r"(.)\1+", r"\1"),
    ]
]


@lru_cache(maxsize=65536)
def sounds(text: str) -> str:
    """The phonetic key of one name, "" of none: Schmitt, Schmidt and Chmit are "smt"."""
    key = name(text).joined
    for pattern, sound in _SOUNDS:
        key = pattern.sub(sound, key)
    return key
