"""A person at a browser, without the browser: signs in, sends forms, follows no redirect unasked."""

import urllib.error
import urllib.request
from dataclasses import dataclass
from http.client import HTTPException, HTTPMessage
from http.cookiejar import CookieJar
from typing import IO
from urllib.parse import urlencode

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
