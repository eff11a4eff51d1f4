"""Fuzzes the HL7 v2 edge by coverage (atheris), from bytes of a stream to the answers.

.venv/bin/python -m tests.generative.fuzz_hl7v2 -max_total_time=60
"""

import sys

import atheris

with atheris.instrument_imports():
    from salus.hl7v2 import charset, edge, framing, message, writing  # noqa: F401

import django
from django.conf import settings

from salus.hl7v2.framing import Frame, Frames
from tests.generative.test_hl7v2_edge import EDGE


def once(data: bytes) -> None:
    frames = Frames(10_000)
    found = [*frames.feed(data), *filter(None, [frames.end()])]
    for frame in [*found, Frame(content=data)]:
        answer = EDGE.answer(frame, None)
        if b"\rMSA|A" not in answer or b"this server failed" in answer:
            raise AssertionError(answer)


def main() -> None:
    settings.configure(DATABASES={})
    django.setup()
    atheris.Setup(sys.argv, once)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
