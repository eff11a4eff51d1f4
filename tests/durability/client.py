"""A person at a browser, without the browser: signs in, sends forms, follows no redirect unasked. And software."""

import base64
import json
import subprocess
import urllib.error
import urllib.request
from dataclasses import dataclass
from http.client import HTTPException, HTTPMessage
from http.cookiejar import CookieJar
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlencode

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


class Software:
    """Of an organisation, which asks who is insured."""

    def __init__(self, url: str, data: Path, organization: int) -> None:
        self.url, self._token = url, ""
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
        """HTTP's status, and what is answered about this person. The same key is the same request."""
        question = json.dumps({"identifier": {"value": matricule}}).encode()
        for _ in range(2):  # the second time with a new token
            headers = {
                "Authorization": f"Bearer {self._token}",
                "Content-Type": "application/json",
                "Idempotency-Key": key,
            }
            status, answer = self._send("/eligibility/v1/affiliation", question, headers)
            if status != 401:
                break
            self._renew()
        return status, json.loads(answer)["status"] if status == 200 else ""

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
