"""Python's fhirpy as a pharmacy's software: by its own code it asks whether somebody is insured."""

import jwt
import pytest
from authlib.integrations.requests_client import OAuth2Session
from fhirpy import SyncFHIRClient
from fhirpy.base.exceptions import OperationOutcome
from jwt import PyJWKClient

from salus.accounts.models import Client
from salus.directory.models import Organization
from salus.eligibility.callers import register_caller
from salus.eligibility.models import Right
from salus.kernel.clock import now
from tests import fhir_eligibility
from tests.conftest import Site, as_role, salus
from tests.eligibility import register_heard
from tests.software import SYSTEM


def test_fhirpy_asks_whether_somebody_is_insured(site: Site) -> None:
    scope = "system/CoverageEligibilityRequest.c"
    with as_role("superuser", site.data):
        pharmacies = Organization.objects.filter(type="pharmacy", deregistered_at=None)
        pharmacy = pharmacies.values_list("pk", flat=True)[0]
    done = salus(
        *("client", "create", "--name", "counter", "--scope", scope, "--purpose", "COVERAGE"),
        *("--organization", str(pharmacy)),
        data=site.data,
    )
    assert done.returncode == 0, done.stderr
    pair = dict(line.split(maxsplit=1) for line in done.stdout.splitlines())
    with as_role("superuser", site.data):
        register_caller(
            actor=SYSTEM,
            at=now(),
            organization=pharmacy,
            client=Client.objects.get(client_id=pair["client_id"]).pk,
            rights=[*Right],
            per_minute=10,
            per_day=10,
        )
        register_heard(now())
    with OAuth2Session(*pair.values(), scope=scope) as session:
        endpoint = f"{site.url}/oauth/token"
        granted = session.fetch_token(endpoint, grant_type="client_credentials")
    client = SyncFHIRClient(f"{site.url}/fhir", authorization=f"Bearer {granted['access_token']}")
    asked = fhir_eligibility.request(("urn:test", "nobody"))
    answer = client.execute("CoverageEligibilityRequest/$submit", method="POST", data=asked)
    assert answer["insurance"][0]["inforce"] is False
    signed = client.execute(
        "CoverageEligibilityRequest/$submit", method="POST", data=fhir_eligibility.signed(asked)
    )
    proof = fhir_eligibility.said(signed)["proof"]
    keys = PyJWKClient(f"{site.url}/oauth/jwks")
    key = keys.get_signing_key_from_jwt(proof)
    assert jwt.decode(proof, key, algorithms=["ES256"])["identifier"]["value"] == "nobody"
    called = fhir_eligibility.looked_up("Nobody", "Of this name", "1957-03-09")
    found = client.execute("CoverageEligibilityRequest/$submit", method="POST", data=called)
    assert found["insurance"][0]["inforce"] is False
    assert found["contained"] == called["contained"]
    beyond = asked | {"purpose": ["benefits"]}
    with pytest.raises(OperationOutcome, match="validation"):
        client.execute("CoverageEligibilityRequest/$submit", method="POST", data=beyond)
