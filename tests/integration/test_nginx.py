"""The shipped nginx configuration in front of a real site: who is believed to have shown which certificate."""

import http.client
import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlencode

import jwt
import pytest

from tests.authority import Authority, Identity
from tests.conftest import new_folder, salus
from tests.durability.site import free_port
from tests.software import organization

pytestmark = pytest.mark.prove

CONFIGURATION = Path(__file__).resolve().parents[2] / "deploy" / "nginx.conf"
HOST, MTLS = "sante.example", "mtls.sante.example"


@dataclass(frozen=True, kw_only=True)
class Behind:
    """A site behind nginx."""

    data: Path
    port: int  # of nginx, by TLS
    direct: int
    authority: Authority

    def post(
        self,
        form: dict[str, str],
        *,
        host: str = MTLS,
        showing: Identity | None = None,
        headers: dict[str, str] | None = None,
    ) -> tuple[int, dict[str, str]]:
        context = ssl.create_default_context(cafile=str(self.authority.file))
        if showing:
            context.load_cert_chain(showing.certificate, showing.key)
        plain = socket.create_connection(("127.0.0.1", self.port))
        connection = http.client.HTTPConnection(host, self.port)
        connection.sock = context.wrap_socket(plain, server_hostname=host)
        sent = {"Content-Type": "application/x-www-form-urlencoded", "Host": host}
        connection.request("POST", "/oauth/token", urlencode(form), sent | (headers or {}))
        answer = connection.getresponse()
        body = json.loads(answer.read())
        connection.close()
        return answer.status, body

    def client(self, *how: str | Path) -> dict[str, str]:
        """The form of a client that was registered so."""
        done = salus(
            *("client", "create", "--name", "lab", "--scope", "system/Patient.rs"),
            *("--organization", "600001", *how),
            data=self.data,
        )
        assert done.returncode == 0, done.stderr
        return {"grant_type": "client_credentials", "client_id": done.stdout.split()[1]}


@pytest.fixture(scope="module")
def site(database: Path) -> Iterator[Behind]:
    folder = new_folder()
    (folder / "log").mkdir()
    authority = Authority(folder)
    own = authority.identity(HOST, MTLS)
    port, plain, direct = free_port(), free_port(), free_port()
    shipped = CONFIGURATION.read_text()
    for theirs, ours in {
        "/etc/salus/tls/sante.example.pem": str(own.certificate),
        "/etc/salus/tls/sante.example.key": str(own.key),
        "/etc/salus/tls/client-authorities.pem": str(authority.file),
        "/var/log/nginx": str(folder / "log"),
        "127.0.0.1:8000": f"127.0.0.1:{direct}",
        "listen 80;": f"listen 127.0.0.1:{plain};",
        "listen 443 ssl;": f"listen 127.0.0.1:{port} ssl;",
        "    listen [::]:80;\n": "",
        "    listen [::]:443 ssl;\n": "",
    }.items():
        assert theirs in shipped
        shipped = shipped.replace(theirs, ours)
    main = folder / "nginx.conf"
    main.write_text(
        f"daemon off; pid {folder}/pid; error_log {folder}/log/error.log;"
        f" events {{}} http {{ client_body_temp_path {folder}/b; proxy_temp_path {folder}/p;"
        f" fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;"
        f"\n{shipped}\n}}"
    )
    organization("600001")
    serving = subprocess.Popen(
        [
            *(sys.executable, "-m", "granian", "config.wsgi:application", "--interface", "wsgi"),
            *("--host", "127.0.0.1", "--port", str(direct), "--log-level", "warning"),
        ],
        env=os.environ
        | {
            "SALUS_DATA": str(database),
            "SALUS_ROLE": "app",
            "SALUS_HOSTS": f"{HOST},{MTLS}",
            "SALUS_TRUSTED_PROXY": "127.0.0.1",
        },
    )
    nginx = subprocess.Popen(["nginx", "-c", str(main), "-e", str(folder / "log" / "error.log")])
    for waited in (port, direct):
        while not _listens(waited):
            assert serving.poll() is None and nginx.poll() is None
    yield Behind(data=database, port=port, direct=direct, authority=authority)
    for process in (nginx, serving):
        process.terminate()
        process.wait()
    shutil.rmtree(folder)


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


def test_a_self_signed_certificate(site: Behind) -> None:
    ours = site.authority.identity("lab.example", is_self_signed=True)
    other = site.authority.identity("lab.example", is_self_signed=True)
    form = site.client("--certificate", ours.certificate)
    status, answer = site.post(form, showing=ours)
    claims = jwt.decode(answer["access_token"], options={"verify_signature": False})
    assert (status, claims["iss"]) == (200, f"https://{HOST}")
    assert set(claims["cnf"]) == {"x5t#S256"}
    assert site.post(form, showing=other)[0] == 401
    assert site.post(form)[0] == 401


def test_a_certificate_of_an_authority(site: Behind) -> None:
    ours = site.authority.identity("lab.example")
    of_nobody = site.authority.identity("lab.example", is_self_signed=True)
    other = site.authority.identity("other.example")
    form = site.client("--tls-subject", "san_dns:lab.example")
    assert site.post(form, showing=ours)[0] == 200
    assert site.post(form, showing=of_nobody)[0] == 401
    assert site.post(form, showing=other)[0] == 401


@pytest.mark.parametrize("host", [HOST, MTLS])
def test_a_certificate_that_is_only_claimed(site: Behind, host: str) -> None:
    ours = site.authority.identity("lab.example", is_self_signed=True)
    by_itself = site.client("--certificate", ours.certificate)
    by_authority = site.client("--tls-subject", "san_dns:lab.example")
    claimed = {
        "X-SSL-Client-Cert": quote(ours.certificate.read_text()),
        "X-SSL-Client-Verify": "SUCCESS",
        "X_SSL_Client_Cert": quote(ours.certificate.read_text()),
    }
    for form in (by_itself, by_authority):
        assert site.post(form, host=host, headers=claimed)[0] == 401


def test_a_browser_is_not_asked_for_a_certificate(site: Behind) -> None:
    ours = site.authority.identity("lab.example", is_self_signed=True)
    form = site.client("--certificate", ours.certificate)
    assert site.post(form, host=HOST, showing=ours)[0] == 401
