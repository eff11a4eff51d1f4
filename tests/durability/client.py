"""A person at a browser, without the browser: signs in, sends forms, follows no redirect unasked. And software."""

import base64
import json
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPException, HTTPMessage
from http.cookiejar import CookieJar
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlencode

from salus.country.lu import INSURER, MATRICULE_SYSTEM
from salus.eligibility.soap.names import OURS, SOAP, WSA
from salus.kernel.clock import now
from tests.durability.site import SALUS

_PATIENCE = 60  # seconds; who has no answer by then takes it for lost


class Unanswered(Exception):
    """Whether the site did what was asked is not known."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    status: int
    location: str  # '' unless it is a redirect
    text: str


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: HTTPMessage,
        newurl: str,
    ) -> None:
        return None


class Client:
    """One session. It outlives the processes that serve it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._cookies = CookieJar()
        self._opener = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(self._cookies), _NoRedirect
        )

    def signs_in(self, email: str, password: str) -> "Client":
        self.get("/sign-in/")
        answer = self.post("/sign-in/", {"login": email, "password": password})
        assert answer.location == "/", answer
        return self

    def get(self, path: str) -> Answer:
        return self._ask(urllib.request.Request(self.url + path))

    def post(self, path: str, fields: dict[str, str]) -> Answer:
        token = next(c.value or "" for c in self._cookies if c.name == "csrftoken")
        body = urlencode({"csrfmiddlewaretoken": token, **fields}).encode()
        return self._ask(urllib.request.Request(self.url + path, data=body))

    def _ask(self, request: urllib.request.Request) -> Answer:
        try:
            try:
                response = self._opener.open(request, timeout=_PATIENCE)
            except urllib.error.HTTPError as error:
                response = error
            with response:
                return Answer(
                    status=response.status,
                    location=response.headers.get("Location", ""),
                    text=response.read().decode(),
                )
        except (OSError, HTTPException) as error:
            raise Unanswered from error


@dataclass(frozen=True, kw_only=True)
class Door:
    """A way to ask whether somebody is insured."""

    path: str
    type: str
    asking: Callable[[str, str], str]  # the body: of a matricule and the key of this question
    key: str = ""  # the header for the key; '': it stands in the body


def _on_fhir(matricule: str, _key: str) -> str:
    body = {
        "resourceType": "CoverageEligibilityRequest",
        "status": "active",
        "purpose": ["validation"],
        "patient": {"identifier": {"system": MATRICULE_SYSTEM, "value": matricule}},
        "created": now().date().isoformat(),
        "insurer": {"identifier": {"system": INSURER.system, "value": INSURER.value}},
    }
    return json.dumps(body)


def _by_soap(matricule: str, key: str) -> str:
    return f"""<env:Envelope xmlns:env="{SOAP}">
        <env:Header><MessageID xmlns="{WSA}">urn:uuid:{key}</MessageID></env:Header>
        <env:Body>
            <CheckAffiliation xmlns="{OURS}"><person><value>{matricule}</value></person></CheckAffiliation>
        </env:Body>
    </env:Envelope>"""


REST = Door(
    path="/eligibility/v1/affiliation",
    type="application/json",
    asking=lambda matricule, _key: json.dumps({"identifier": {"value": matricule}}),
    key="Idempotency-Key",
)
FHIR = Door(
    path="/fhir/CoverageEligibilityRequest/$submit",
    type="application/fhir+json",
    asking=_on_fhir,
    key="X-Request-Id",
)
BY_SOAP = Door(path="/eligibility/soap", type="application/soap+xml", asking=_by_soap)


class Software:
    """Of an organisation, which asks who is insured."""

    def __init__(self, url: str, data: Path, organization: int, *, door: Door = REST) -> None:
        self.url, self._door, self._token = url, door, ""
        scope = ("--scope", "system/CoverageEligibilityRequest.c", "--purpose", "COVERAGE")
        whose = ("--organization", str(organization))
        made = dict(
            line.split(maxsplit=1)
            for line in _salus(data, "client", "create", "--name", "till", *scope, *whose)
        )
        quota = ("--per-minute", "1000000", "--per-day", "1000000")
        self._secret = f"{made['client_id']}:{made['client_secret'].strip()}"
        _salus(
            data, *("eligibility", "caller", "add", "--client", made["client_id"]), *whose, *quota
        )

    def asks(self, matricule: str, key: str) -> tuple[int, str]:
        """HTTP's status, and what is answered by REST about this person. The same key is the same request."""
        status, answer = self.is_told(matricule, key)
        return status, json.loads(answer)["status"] if status == 200 else ""

    def is_told(self, matricule: str, key: str) -> tuple[int, bytes]:
        """The same as it comes, by the software's own door."""
        door = self._door
        question = door.asking(matricule, key).encode()
        for _ in range(2):  # the second time with a new token
            headers = {"Authorization": f"Bearer {self._token}", "Content-Type": door.type}
            if door.key:
                headers[door.key] = key
            status, answer = self._send(door.path, question, headers)
            if status != 401:
                break
            self._renew()
        return status, answer

    def _renew(self) -> None:
        basic = base64.b64encode(self._secret.encode()).decode()
        form = b"grant_type=client_credentials"
        _, answer = self._send("/oauth/token", form, {"Authorization": f"Basic {basic}"})
        self._token = json.loads(answer).get("access_token", "") if answer[:1] == b"{" else ""

    def _send(self, path: str, body: bytes, headers: dict[str, Any]) -> tuple[int, bytes]:
        request = urllib.request.Request(self.url + path, data=body, headers=headers)
        try:
            try:
                response = urllib.request.urlopen(request, timeout=_PATIENCE)
            except urllib.error.HTTPError as error:
                response = error
            with response:
                return response.status, response.read()
        except (OSError, HTTPException) as error:
            raise Unanswered from error


def _salus(data: Path, *arguments: str) -> list[str]:
    command = [*SALUS, *arguments, "--data", str(data)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout.splitlines()
