"""Where the address book listens is said by the environment; plain text never leaves the machine."""

from pathlib import Path

import pytest

from config.doctor_services import listening
from config.ldap_options import LdapOptions
from salus.kernel.errors import InvalidInput
from tests.authority import Authority


def at(port: int | None, **said: str) -> LdapOptions:
    return LdapOptions.of({f"SALUS_LDAP_{name}": text for name, text in said.items()}, port=port)


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    ours = Authority(tmp_path).identity("localhost")
    return {"CERTIFICATE": str(ours.certificate), "KEY": str(ours.key)}


def test_nobody_listens_unless_it_is_said_where(files: dict[str, str]) -> None:
    assert not at(None).is_wanted
    assert not at(None, HOST="0.0.0.0").is_wanted
    assert (at(7000).is_wanted, at(7000).port) == (True, 7000)
    assert (at(None, **files).is_wanted, at(None, **files).port) == (True, LdapOptions.PORT)
    at(7000).check()
    at(None, **files, HOST="0.0.0.0").check()
    assert str(at(636, **files)) == "ldaps://localhost:636/"
    assert str(at(None)) == "ldap://localhost:3890/"


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.7", "::"])
def test_plain_text_never_leaves_the_machine(host: str) -> None:
    with pytest.raises(InvalidInput):
        at(7000, HOST=host).check()


@pytest.mark.parametrize("missing", ["CERTIFICATE", "KEY"])
def test_tls_needs_both_of_its_files(files: dict[str, str], missing: str) -> None:
    with pytest.raises(InvalidInput):
        at(None, **{name: file for name, file in files.items() if name != missing}).check()
    with pytest.raises(InvalidInput):
        at(None, **files | {missing: "/nowhere.pem"}).check()


def test_the_doctor_looks_at_the_certificate(files: dict[str, str]) -> None:
    assert list(listening("it", at(None))) == []
    (plain,) = listening("it", at(7000))
    assert plain.problem is None
    (ends,) = listening("it", at(None, **files))  # in a day
    assert ends.is_warning
    assert ends.problem == "its certificate ends in 0 days"
    (wrong,) = listening("it", at(None, **files | {"KEY": files["CERTIFICATE"]}))
    assert wrong.problem
    assert not wrong.is_warning
