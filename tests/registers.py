"""What registers say, and who looks at it at the directory's desk."""

import re
from datetime import UTC, datetime
from typing import Any

from django.test import Client as Browser

from salus.accounts.models import Account, AccountKind
from salus.directory.actions import apply, propose, source_named
from salus.directory.lines import Line
from salus.directory.models import How, Kind
from salus.kernel.actor import Actor, Role
from salus.kernel.clock import now

SYSTEM = Actor(role=Role.SYSTEM, system="test")
COLLEGE = "https://college.example/members"
WEBER = {
    "family": "Weber",
    "given": "Léa",
    "profession": "62247001",
    "private_telephone": "+352 691 000 111",
}
AT = datetime(2025, 3, 3, 12, tzinfo=UTC)


def staff(kind: AccountKind) -> Browser:
    account = Account.objects.create(
        kind=kind, email=f"{kind}@agency.example", created_at=now(), activated_at=now()
    )
    browser = Browser(SERVER_NAME="localhost", headers={"accept-language": "en"})
    browser.force_login(account)
    return browser


def a_line(number: int = 1, value: str = "1", kind: Kind = Kind.PRACTITIONER, **more: Any) -> Line:
    said = more.pop("said", WEBER)
    return Line(number=number, kind=kind, system=COLLEGE, value=value, said=said, **more)


def proposed(*lines: Line, how: How = How.FILE, complete: bool = False, at: datetime = AT) -> int:
    source = source_named("college", title="College of physicians", system=COLLEGE, at=at)
    return propose(
        actor=SYSTEM,
        at=at,
        source=source,
        how=how,
        lines=lines,
        complete=complete,
        file_name="members.csv",
    )


def applied(*lines: Line, at: datetime = AT) -> int:
    change_set = proposed(*lines, at=at)
    apply(actor=SYSTEM, at=at, change_set=change_set)
    return change_set


def text(browser: Browser, address: str) -> str:
    page = browser.get(address)
    assert page.status_code == 200, page.status_code
    return plain(page)


def plain(page: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.content.decode()))


def decides(browser: Browser, change_set: int, act: str, **more: Any) -> Any:
    return browser.post(f"/directory/desk/sets/{change_set}/", {"act": act, **more})
