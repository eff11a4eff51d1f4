"""`salus key`: the keys' own way out of an installation."""

import sys
from getpass import getpass
from pathlib import Path

from salus.eligibility.proofs import read_until
from salus.kernel import keys, signing_keys
from salus.kernel.backup_folder import remember
from salus.kernel.clock import now
from salus.kernel.errors import InvalidInput


def export(data: Path, to: Path, passphrase_file: Path | None) -> int:
    """Seal a copy of the keys, open it again, and print what to compare."""
    phrase = passphrase_from(passphrase_file, is_new=True)
    ours = keys.keys_of(data)
    keys.seal(ours, to, phrase)
    shown = keys.fingerprints(ours)
    keys.check(keys.unseal(to, phrase), shown, source=to)
    remember(data, keys=shown)
    print(f"The keys of {data} are in {to}, sealed by the passphrase, and it opens with it.")
    _print(shown)
    print(
        "Print the file, or keep it on two media in two places; never beside the backups. Write the\n"
        "fingerprint of content_kek on it, and keep the passphrase apart: `salus restore` needs both."
    )
    return 0


def check(data: Path, copy: Path, passphrase_file: Path | None) -> int:
    """Open a copy and hold it against the keys of this installation."""
    shown = keys.fingerprints(keys.keys_of(data))
    keys.check(keys.unseal(copy, passphrase_from(passphrase_file)), shown, source=copy)
    print(f"{copy} opens and holds all keys of {data}.")
    _print(shown)
    return 0


def rotate(data: Path, *, stolen: bool) -> int:
    """Have a new key sign tokens and proofs from now on, in a running site too."""
    at = now()
    until = None if stolen else read_until(at=at)
    kid = signing_keys.rotate(data, at=at, until=until)
    print(
        f"The key {kid} signs tokens and proofs from now on.\n"
        + (
            f"The one before it verifies what it signed, until {until:%Y-%m-%d}: was it stolen, rotate again with\n"
            "--stolen."
            if until
            else "Nothing holds that was signed before: software asks for a new token by itself; who carries proofs\n"
            "of insurance asks for them again."
        )
    )
    return 0


def passphrase_from(file: Path | None, *, is_new: bool = False) -> str:
    """The passphrase in the first line of a file, else what somebody types unseen (a new one twice)."""
    if file:
        try:
            return (file.read_text().splitlines() or [""])[0]
        except (OSError, UnicodeDecodeError):
            raise InvalidInput(f"{file} cannot be read as a passphrase") from None
    if not sys.stdin.isatty():
        raise InvalidInput("nobody is there to type the passphrase: use --passphrase-file FILE")
    phrase = getpass("Passphrase of the copy of the keys: ")
    if is_new and getpass("Once more: ") != phrase:
        raise InvalidInput("the two passphrases differ: nothing was written")
    return phrase


def _print(shown: dict[str, str]) -> None:
    for name, fingerprint in shown.items():
        print(f"  {name:<24}{fingerprint}")
