"""A nation with its users, and its report as whole numbers: what the test of every figure stands on."""

import json
import os
import subprocess
import sys
from base64 import b64encode
from collections.abc import Callable
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen
from uuid import uuid4

import psycopg
from playwright.sync_api import Browser

from salus.kernel.month import Month
from salus.kernel.postgres import login
from salus.simulation.demo_people import EMAILS
from tests.conftest import Site, salus
from tests.functional.visitor import Visitor
from tests.mllp import Line, tls_with, told

Counts = dict[str, int]
_BASES = {
    "records_by_residence": "records_total",
    "vaccination_records_by_age": "vaccination_records_total",
}


# The command, for each line of its input, and then its exit code: a start takes longer than a count.
_COMMANDS = """
import sys
from config.cli import main
for line in sys.stdin:
    print(main(line.split()), flush=True)
"""


class Reporter:
    """Somebody who calls `salus report` for the running month again and again."""

    def __init__(self, data: Path) -> None:
        self._out = data / "now.json"
        self._process = subprocess.Popen(
            [sys.executable, "-c", _COMMANDS],
            env=os.environ | {"SALUS_DATA": str(data)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def count(self) -> Counts:
        """The report as whole numbers: a share becomes the number of records it stands for."""
        assert self._process.stdin and self._process.stdout
        month = str(Month.of(date.today()))  # noqa: DTZ011  # the machine's day is the site's day
        self._process.stdin.write(f"report {month} --format json --out {self._out}\n")
        self._process.stdin.flush()
        assert self._process.stdout.readline() == f"{self._out}\n"
        assert self._process.stdout.readline() == "0\n"
        return _counts(json.loads(self._out.read_text()), month)

    def end(self) -> None:
        self._process.communicate()


def _counts(report: dict[str, Any], month: str) -> Counts:
    counts: Counts = {}
    values = {figure["id"]: figure["value"] for figure in report["figures"]}
    for figure in report["figures"]:
        assert figure["status"] == "provisional"
        base = values["records_total"] / 100 if figure["unit"] == "percent" else 1
        counts[figure["id"]] = round(figure["value"] * base)
    for chart in report["charts"]:
        base = values[_BASES[chart["id"]]] / 100 if chart["unit"] == "percent" else 1
        for point in chart["series"]:
            if point["period"] == month:
                counts[f"{chart['id']}/{point['dimension']}"] = round((point["value"] or 0) * base)
    return counts


def moved(before: Counts, after: Counts) -> Counts:
    """What moved, by indicator; a chart with dimensions must move in one of them alone."""
    moves: Counts = {}
    for key in before:
        if delta := after[key] - before[key]:
            assert key.split("/")[0] not in moves, f"{key} moved, and another part of it too"
            moves[key.split("/")[0]] = delta
    return moves


def answer_to(request: Request) -> dict[str, Any]:
    with urlopen(request) as answer:
        body: dict[str, Any] = json.loads(answer.read())
        return body


class User:
    """Somebody at a browser."""

    def __init__(self, site: Site, browser: Browser, part: str) -> None:
        self.page = browser.new_context(base_url=site.url).new_page()
        Visitor(page=self.page, url=site.url).signs_in(part)

    def form(self, path: str, action: str, **fields: str) -> Callable[[], None]:
        """The first form for ``action`` on a page, filled in; each call sends the very same request."""
        self.page.goto(path)
        return self.shown_form(action, **fields)

    def shown_form(self, action: str, **fields: str) -> Callable[[], None]:
        found = self.page.locator(f"form[action='{action}']").first
        sent: dict[str, Any] = found.evaluate(
            "form => Object.fromEntries(new FormData(form).entries())"
        )
        sent |= fields

        def send() -> None:
            answer = self.page.request.post(action, form=sent)
            assert answer.ok, answer.status

        return send

    def link(self, path: str, selector: str) -> Callable[[], None]:
        """The first such link on a page; each call follows the very same address."""
        self.page.goto(path)
        address = self.page.locator(selector).first.get_attribute("href")
        assert address

        def follow() -> None:
            answer = self.page.goto(address)
            assert answer is not None
            assert answer.ok

        return follow


class World:
    """The site, its users, and a look behind it to choose who has what."""

    def __init__(self, site: Site, browser: Browser) -> None:
        self.site, self._browser = site, browser
        self._users: dict[str, User] = {}
        self._reporter = Reporter(site.data)
        self.rows = psycopg.connect(**asdict(login(site.data, "superuser")), autocommit=True)

    def count(self) -> Counts:
        return self._reporter.count()

    def end(self) -> None:
        self.rows.close()
        self._reporter.end()

    def user(self, part: str) -> User:
        if part not in self._users:
            self._users[part] = User(self.site, self._browser, part)
        return self._users[part]

    def value(self, sql: str, **parameters: object) -> Any:
        row = self.rows.execute(sql, parameters).fetchone()
        assert row is not None, "the nation has nobody for this act"
        return row[0]

    def person(self, part: str) -> int:
        return int(
            self.value(
                "select person_id from access_accountperson p join accounts_account a"
                " on a.id = p.account_id where a.email = %(email)s",
                email=EMAILS[part],
            )
        )

    def practitioner(self, part: str) -> int:
        return int(
            self.value(
                "select practitioner_id from access_accountpractitioner p join accounts_account a"
                " on a.id = p.account_id where a.email = %(email)s",
                email=EMAILS[part],
            )
        )

    def token(self, *, organization: int, scope: str, purpose: str = "TREAT") -> Callable[[], str]:
        """New software of the organisation, which gets a token whenever it asks for one."""
        made = salus(
            *("client", "create", "--name", "its", "--scope", scope, "--purpose", purpose),
            *("--organization", str(organization)),
            data=self.site.data,
        )
        assert made.returncode == 0, made.stderr
        said = dict(line.split(maxsplit=1) for line in made.stdout.splitlines() if " " in line)
        form = urlencode({"grant_type": "client_credentials", "scope": scope}).encode()
        pair = f"{said['client_id']}:{said['client_secret']}".encode()
        basic = {"Authorization": f"Basic {b64encode(pair).decode()}"}
        request = Request(f"{self.site.url}/oauth/token", form, basic)
        return lambda: str(answer_to(request)["access_token"])

    def software(self, *, organization: int, scope: str, path: str) -> Callable[[], None]:
        """New software of the organisation, which reads on FHIR; each call sends the very same request."""
        token = self.token(organization=organization, scope=scope)()
        headers = {"Authorization": f"Bearer {token}", "X-Request-Id": str(uuid4())}

        def send() -> None:
            found = answer_to(Request(f"{self.site.url}/fhir/{path}", headers=headers))
            assert found["resourceType"] == "Bundle"

        return send

    def sender(self, *, organization: int, scope: str, message: str) -> Callable[[], None]:
        """New software of the organisation that speaks HL7 v2; each call sends the very same message."""
        assert self.site.authority and self.site.mllp_port
        name = f"kis{uuid4().hex}.example"
        made = salus(
            *("client", "create", "--name", "its", "--scope", scope),
            *("--organization", str(organization), "--tls-subject", f"san_dns:{name}"),
            data=self.site.data,
        )
        assert made.returncode == 0, made.stderr
        tls = tls_with(self.site.authority, self.site.authority.identity(name))

        def send() -> None:
            with Line(port=self.site.mllp_port or 0, tls=tls) as line:
                assert told(line.ask(message)) == ("AA", "")

        return send

    def bring(self, *resources: dict[str, Any]) -> Callable[[], None]:
        """A Bundle in a file, imported as another system's export."""
        entries = [
            {
                "fullUrl": f"urn:uuid:{resource['id']}",
                "resource": resource,
                "request": {"method": "POST", "url": resource["resourceType"]},
            }
            for resource in resources
        ]
        path = self.site.data / f"{uuid4()}.json"
        bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
        path.write_text(json.dumps(bundle))

        def send() -> None:
            done = salus("import", path, data=self.site.data)
            assert done.returncode == 0, done.stderr

        return send

    def directory(self, *arguments: str | Path) -> None:
        """What who keeps the directory types."""
        done = salus("directory", *arguments, data=self.site.data)
        assert done.returncode == 0, done.stderr

    def register_file(self, value: str, *, status: str = "") -> Path:
        """Of a register that tells of one professional."""
        path = self.site.data / f"{uuid4()}.csv"
        header = "kind,identifier,family,given,profession,status"
        path.write_text(f"{header}\nPractitioner,{value},Neu,Nora,62247001,{status}\n")
        return path

    def brought(self, file: Path) -> int:
        """Proposed and applied; the number of the change set."""
        known = "select 1 from directory_source where name = 'midwives'"
        if not self.rows.execute(known).fetchone():
            system = "https://midwives.example/members"
            self.directory("add-source", "midwives", "--title", "Midwives", "--system", system)
        self.directory("propose", file, "--source", "midwives")
        number = int(self.value("select max(id) from directory_changeset"))
        self.directory("apply", str(number))
        return number
