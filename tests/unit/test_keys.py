"""The sealed copy of the keys: what opens it, what people compare, what is refused."""

from pathlib import Path

import pytest

from salus.kernel.errors import InvalidInput
from salus.kernel.keys import (
    KEYS,
    KeyCopyUnusable,
    check,
    fingerprint,
    fingerprints,
    seal,
    unseal,
)

PHRASE = "long enough, and only of a test"
OURS = {"content_kek": "one", "report_signing_key": "two"}


def test_every_secret_that_cannot_be_made_anew_is_a_key() -> None:
    assert {"content_kek", "report_signing_key"} <= set(KEYS)
    assert not {"superuser", "owner", "app", "django_secret_key"} & set(KEYS)


def test_the_copy_opens_with_its_passphrase_alone_and_is_never_overwritten(tmp_path: Path) -> None:
    copy = tmp_path / "keys.age"
    seal(OURS, copy, PHRASE)
    assert copy.stat().st_mode & 0o777 == 0o600
    assert copy.read_text().startswith("-----BEGIN AGE ENCRYPTED FILE-----")
    assert unseal(copy, PHRASE) == OURS
    with pytest.raises(KeyCopyUnusable, match="passphrase is wrong"):
        unseal(copy, PHRASE + "!")
    with pytest.raises(InvalidInput, match="is there already"):
        seal(OURS, copy, PHRASE)


@pytest.mark.parametrize("content", [b"", b"no age file", b"\xff\x00"])
def test_what_is_no_copy_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "keys.age").write_bytes(content)
    with pytest.raises(KeyCopyUnusable, match="no copy"):
        unseal(tmp_path / "keys.age", PHRASE)


def test_a_short_passphrase_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="too short"):
        seal(OURS, tmp_path / "keys.age", "fourteen chars")
    assert not (tmp_path / "keys.age").exists()


def test_fingerprints_tell_keys_apart_and_do_not_tell_them() -> None:
    assert fingerprint("one") == fingerprint("one") != fingerprint("two")
    assert len(fingerprint("one")) == 19
    check(OURS, fingerprints(OURS), source=Path("copy"))
    with pytest.raises(KeyCopyUnusable, match="wrong key: content_kek") as raised:
        check(OURS | {"content_kek": "other"}, fingerprints(OURS), source=Path("copy"))
    assert "other" not in str(raised.value)
    with pytest.raises(KeyCopyUnusable, match="lacks report_signing_key"):
        check({"content_kek": "one"}, fingerprints(OURS), source=Path("copy"))
