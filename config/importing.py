"""`salus import FILE...`: takes in FHIR R4 Bundles as other systems export them."""

import sys
from pathlib import Path

from django.db import transaction

from salus.directory import fhir as directory
from salus.fhir.bundle import read_bundle
from salus.fhir.exact_json import MOST_BYTES
from salus.fhir.transaction import Interface, Tally, Transaction
from salus.kernel.actor import Actor, Role
from salus.kernel.clock import now
from salus.kernel.errors import InvalidInput, SalusError
from salus.mpi import fhir as mpi
from salus.mpi.receiving import hold_the_index
from salus.shared_record import fhir as shared_record
from salus.vaccination import fhir as vaccination

ACTOR = Actor(role=Role.SYSTEM, system="import")

# Who takes what, in the order of taking: people and places before what refers to them.
INTERFACE = Interface(
    acceptances=(
        *mpi.ACCEPTS,
        *directory.ACCEPTS,
        *shared_record.ACCEPTS,
        *vaccination.ACCEPTS,
    ),
    finders={**mpi.FINDS, **directory.FINDS},
    reasons={
        **shared_record.NOT_TAKEN,
        **dict.fromkeys(
            ("Claim", "ClaimResponse", "Coverage", "ExplanationOfBenefit"), "financial"
        ),
    },
)


def import_files(paths: list[Path]) -> int:
    """Import each file whole or not at all, and print what became of the entries.

    Returns 1 when a file is broken; the others are imported all the same.
    """
    total, broken = Tally(), 0
    for path in paths:
        try:
            total += import_bundle(_read(path))
        except SalusError as error:
            print(f"salus import: {path}: {error}", file=sys.stderr)
            broken += 1
    _print_tally(total)
    print(f"\n{len(paths) - broken} of {len(paths)} files imported")
    return 1 if broken else 0


def import_bundle(content: bytes) -> Tally:
    """Take in one Bundle in one transaction. Raises InvalidInput, and then nothing has changed."""
    bundle = read_bundle(content)
    with transaction.atomic():
        hold_the_index()  # two files may bring the same people in another order
        return Transaction(bundle=bundle, actor=ACTOR, at=now(), interface=INTERFACE).take()


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MOST_BYTES + 1)
    except OSError as error:
        raise InvalidInput(f"cannot be read: {error.strerror}") from None


def _print_tally(tally: Tally) -> None:
    print(f"{'resource':<22}{'has become':<22}{'new':>8}{'already there':>16}")
    for line in sorted(tally.created.keys() | tally.there.keys()):
        print(f"{line[0]:<22}{line[1]:<22}{tally.created[line]:>8}{tally.there[line]:>16}")
    if tally.not_used:
        print(f"\n{'not used':<22}{'because':<46}")
        for (resource, reason), count in sorted(tally.not_used.items()):
            print(f"{resource:<22}{reason:<38}{count:>8}")
