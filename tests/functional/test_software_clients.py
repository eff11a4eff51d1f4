"""Software from registration to the end, by `salus client` beside a running site and by Authlib's own client."""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import jwt
import pytest
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from joserfc.jwk import ECKey

from tests.conftest import Site, salus
from tests.software import Key, signed

SCOPE = "system/Patient.rs"


def create(site: Site, *options: str | Path) -> dict[str, str]:
    """What the command prints, by name."""
    done = salus(
        *("client", "create", "--name", "lab", "--scope", SCOPE, "--organization", "1", *options),
        data=site.data,
    )
    assert done.returncode == 0, done.stderr
    return dict(line.split(maxsplit=1) for line in done.stdout.splitlines())


def post(url: str, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
    try:
        with urlopen(Request(url, urlencode(form).encode())) as answer:
            return answer.status, json.load(answer)
    except HTTPError as error:
        with error:
            return error.code, json.load(error)


def test_with_a_secret(site: Site) -> None:
    made = create(site)
    configuration = json.load(urlopen(f"{site.url}/.well-known/oauth-authorization-server"))
    for method in ("client_secret_basic", "client_secret_post"):
        session = OAuth2Session(
            made["client_id"],
            made["client_secret"],
            scope=SCOPE,
            token_endpoint_auth_method=method,
        )
        with session:
            token = session.fetch_token(
                configuration["token_endpoint"], grant_type="client_credentials"
            )
        assert (token["scope"], token["token_type"]) == (SCOPE, "Bearer")
    keys = jwt.PyJWKClient(configuration["jwks_uri"])
    claims = jwt.decode(
        token["access_token"],
        keys.get_signing_key_from_jwt(token["access_token"]).key,
        algorithms=["ES256"],
        audience=f"{site.url}/fhir",
        issuer=site.url,
    )
    assert claims["client_id"] == made["client_id"]


def test_with_a_key_of_its_own(site: Site, tmp_path: Path) -> None:
    key = Key.new()
    jwks = tmp_path / "jwks.json"
    jwks.write_text(json.dumps({"keys": [key.public]}))
    made = create(site, "--jwks", jwks)
    assert set(made) == {"client_id"}
    session = OAuth2Session(
        made["client_id"],
        ECKey.import_key(key.private),
        scope=SCOPE,
        token_endpoint_auth_method="private_key_jwt",
    )
    endpoint = f"{site.url}/oauth/token"
    short = {"exp": jwt.decode(key.assertion("x"), options={"verify_signature": False})["exp"]}
    session.register_client_auth_method(
        PrivateKeyJWT(endpoint, claims=short, headers={"kid": key.kid}, alg="ES384")
    )
    with session:
        token = session.fetch_token(endpoint, grant_type="client_credentials")
    assert token["scope"] == SCOPE


def test_an_assertion_holds_once_over_all_workers(site: Site, tmp_path: Path) -> None:
    key = Key.new()
    jwks = tmp_path / "jwks.json"
    jwks.write_text(json.dumps({"keys": [key.public]}))
    client = create(site, "--jwks", jwks)["client_id"]
    endpoint = f"{site.url}/oauth/token"
    form = {"grant_type": "client_credentials"}
    form |= signed(key.assertion(client, aud=endpoint))
    with ThreadPoolExecutor(8) as pool:
        codes = sorted(code for code, _ in pool.map(lambda _: post(endpoint, form), range(16)))
    assert codes == [200] + [401] * 15


def test_until_its_end(site: Site) -> None:
    made = create(site)
    form = {"grant_type": "client_credentials"} | made
    assert post(f"{site.url}/oauth/token", form)[0] == 200
    listed = salus("client", "list", data=site.data).stdout
    assert re.search(rf"{made['client_id']}\s+active\s+client_secret_basic", listed)
    assert made["client_secret"] not in listed
    assert salus("client", "end", made["client_id"], data=site.data).returncode == 0
    assert post(f"{site.url}/oauth/token", form)[0] == 401
    assert re.search(
        rf"{made['client_id']}\s+ended", salus("client", "list", data=site.data).stdout
    )


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--organization", "999999999"], "no such organisation is registered today"),
        (["--scope", "system/Patient.sr"], "the letters of a scope stand once each"),
        (["--scope", "openid"], "a client needs a scope of its own"),
        (["--purpose", "PLEASURE"], "purposes of use are TREAT, "),
        (["--jwks", "missing.json"], "missing.json cannot be read"),
        (["--tls-subject", "lab.example"], "write KIND:SUBJECT"),
        (["--jwks-uri", "http://lab.example/"], "begins with https://"),
        (["--public"], "a public client cannot ask in its own name"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(site: Site, options: list[str], told: str) -> None:
    done = salus(
        *("client", "create", "--name", "lab", "--scope", SCOPE, "--organization", "1", *options),
        data=site.data,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("salus: ")
    assert told in done.stderr
    assert done.stderr.count("\n") == 1
