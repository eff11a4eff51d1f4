"""The address book by OpenLDAP's client, which most systems have and which shares no line with ours."""

import os
import re
import socket
import subprocess
from pathlib import Path
from shutil import which

import pytest

from salus.directory.address_book.server import Limits
from salus.directory.queries import practising
from salus.kernel.clock import now
from salus.kernel.listener import tls_of
from tests.address_book import BASE_DN, TYPED, listening, of, somebody
from tests.authority import Authority
from tests.conftest import new_folder

pytestmark = [
    pytest.mark.usefixtures("nation"),
    pytest.mark.skipif(
        not which("ldapsearch"), reason="there is no ldapsearch (Debian: ldap-utils)"
    ),
]
EVERYBODY = "(objectClass=person)"


def ldapsearch(
    url: str, filter: str, *, page: int | None = None, trusting: Path | None = None
) -> subprocess.CompletedProcess[str]:
    paged = ["-E", f"pr={page}/noprompt"] if page else []
    tls = {"LDAPTLS_CACERT": str(trusting), "LDAPTLS_REQCERT": "demand"} if trusting else {}
    return subprocess.run(
        [
            *("ldapsearch", "-x", "-LLL", "-o", "ldif-wrap=no", "-H", url, "-b", BASE_DN),
            *(*paged, filter, "uid"),
        ],
        env=os.environ | tls,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_it_finds_whom_one_types_by_tls() -> None:
    authority = Authority(new_folder())
    # For this machine it looks for the machine's own name in the certificate.
    ours = authority.identity(*{"localhost", socket.gethostname(), socket.getfqdn()})
    row = somebody()
    with listening(tls=tls_of(str(ours.certificate), str(ours.key))) as port:
        where, typed = f"ldaps://localhost:{port}", TYPED["Thunderbird"].format(row.family[:4])
        done = ldapsearch(where, typed, trusting=authority.file)
        assert (done.returncode, done.stderr) == (0, "")
        assert f"dn: {of(row)}" in done.stdout.splitlines()
        unknown = ldapsearch(where, typed, trusting=Path("/dev/null"))
        assert unknown.returncode != 0
        assert unknown.stdout == ""


def test_it_pages_through_everybody() -> None:
    with listening() as port:
        done = ldapsearch(f"ldap://127.0.0.1:{port}", EVERYBODY, page=7)
    assert done.returncode == 0
    everybody = practising(now().date()).filter(same_as=None)
    found = re.findall(r"^uid: (\d+)$", done.stdout, re.MULTILINE)
    assert sorted(map(int, found)) == sorted(everybody.values_list("pk", flat=True))


def test_it_is_told_to_wait() -> None:
    with listening(limits=Limits(burst=1, per_second=1e-6)) as port:
        done = ldapsearch(f"ldap://127.0.0.1:{port}", EVERYBODY, page=3)
    assert (done.returncode, "Server is busy" in done.stderr) == (51, True)
