"""Who may speak HL7 v2 is said by the environment; what would let in the wrong ones is refused at the start."""

from dataclasses import replace
from pathlib import Path

import pytest

from config.doctor_services import listening
from config.mllp_options import MllpOptions
from salus.kernel.errors import InvalidInput
from tests.authority import Authority


def of(**said: str) -> MllpOptions:
    return at(None, **said)


def at(port: int | None, **said: str) -> MllpOptions:
    return MllpOptions.of({f"SALUS_MLLP_{name}": text for name, text in said.items()}, port=port)


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    names = ("CERTIFICATE", "KEY", "CLIENTS")
    for name in names:
        (tmp_path / name).write_text("PEM")
    return {name: str(tmp_path / name) for name in names}


def test_nobody_listens_unless_it_is_said_who_may_speak_or_where() -> None:
    assert not of().is_wanted
    assert of(CLIENT="one").is_wanted
    assert at(7000).is_wanted
    assert (of(CLIENT="one").port, at(7000).port) == (MllpOptions.PORT, 7000)


def test_what_is_right(files: dict[str, str]) -> None:
    for options in (
        at(7000),
        of(CLIENT="one"),
        of(**files),
        of(**files, HOST="0.0.0.0", APPLICATIONS="SALUS,MPI"),
    ):
        options.check()
    assert of(APPLICATIONS="SALUS,MPI").applications == {"SALUS", "MPI"}
    assert str(of(**files)) == "mllp://localhost:2575 (by TLS)"


@pytest.mark.parametrize("missing", ["CERTIFICATE", "KEY", "CLIENTS"])
def test_tls_needs_all_of_its_files(files: dict[str, str], missing: str) -> None:
    with pytest.raises(InvalidInput):
        of(**{name: file for name, file in files.items() if name != missing}).check()
    with pytest.raises(InvalidInput):
        of(**files | {missing: "/nowhere.pem"}).check()


def test_plain_text_never_leaves_the_machine(files: dict[str, str]) -> None:
    for host in ("0.0.0.0", "192.0.2.7", "::"):
        with pytest.raises(InvalidInput):
            of(CLIENT="one", HOST=host).check()
        with pytest.raises(InvalidInput):
            at(7000, HOST=host).check()
        of(**files, HOST=host).check()


def test_one_way_to_say_who_speaks(files: dict[str, str]) -> None:
    with pytest.raises(InvalidInput):
        of(**files, CLIENT="one").check()


def test_the_doctor_looks_at_the_certificate(tmp_path: Path) -> None:
    good = of(**_said(Authority(tmp_path)))
    (finding,) = listening("it", good)
    # The certificates of tests hold for a day.
    assert finding.is_warning and "ends in 0 days" in (finding.problem or "")
    other = of(**_said(Authority(tmp_path)))
    (mixed,) = listening("it", replace(good, key=other.key))
    assert mixed.problem and not mixed.is_warning
    assert list(listening("it", of())) == []


def _said(authority: Authority) -> dict[str, str]:
    environ = authority.mllp_environ("localhost")
    return {name.removeprefix("SALUS_MLLP_"): text for name, text in environ.items()}
