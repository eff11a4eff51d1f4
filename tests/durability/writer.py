"""A client of a served installation: imports one patient's visit after the other, and says of each when it was
acknowledged. A number on its input lets it write from there on, an empty line pauses it, the end ends it.
"""

import os
import select
import sys
from datetime import UTC, datetime
from itertools import count

import django

from tests.fhir_bundles import bundle, encoded, url, visit


def patient(number: int) -> bytes:
    """A Bundle like no other: the patient's identifier is P-NUMBER."""
    text = encoded(bundle(visit())).decode().replace('"P-1"', f'"P-{number}"')
    for name in visit():
        text = text.replace(url(name), url(f"{name}/{number}"))
    return text.encode()


def main() -> None:
    from config.importing import import_bundle

    for line in sys.stdin:
        for number in count(int(line)):
            import_bundle(patient(number))
            print(number, datetime.now(UTC).isoformat(), flush=True)
            if select.select([sys.stdin], [], [], 0)[0]:
                sys.stdin.readline()
                print("paused", flush=True)
                break


if __name__ == "__main__":
    os.environ |= {"SALUS_ROLE": "app", "DJANGO_SETTINGS_MODULE": "config.settings"}
    django.setup()
    main()
