"""`salus eligibility`: callers and administrators, as the agency types them."""

from uuid import uuid4

import pytest

from config.cli import _parser
from config.eligibility import run
from salus.accounts.models import Account, AccountKind, Client
from salus.eligibility.models import Administrator, Caller, Right
from salus.kernel.actor import PurposeOfUse
from salus.kernel.clock import now
from salus.kernel.errors import InvalidInput, NotFound
from tests import eligibility, software

pytestmark = pytest.mark.usefixtures("database")


def typed(*words: str) -> int:
    return run(_parser().parse_args(["eligibility", *words]))


def test_an_organisation_may_ask_with_its_software_until_it_is_ended(
    capsys: pytest.CaptureFixture[str],
) -> None:
    name = str(uuid4())
    pharmacy = software.organization(name, "pharmacy")
    made = software.registered(pharmacy, scope=eligibility.SCOPE, purposes=(PurposeOfUse.COVERAGE,))
    who = ("--organization", name, "--client", str(made.client_id))
    assert typed("caller", "add", *who, "--right", "affiliation", "--right", "batch") == 0
    caller = Caller.objects.get(client=Client.objects.get(client_id=made.client_id))
    assert caller.rights == [Right.AFFILIATION, Right.BATCH]
    assert (caller.per_minute, caller.per_day) == (60, 5_000)
    capsys.readouterr()
    typed("caller", "list")
    (line,) = [line for line in capsys.readouterr().out.splitlines() if str(made.client_id) in line]
    number, state, *_ = line.split()
    assert (int(number), state) == (caller.pk, "active")
    typed("caller", "end", number)
    caller.refresh_from_db()
    assert caller.ended_at is not None
    with pytest.raises(NotFound):
        typed("caller", "end", number)


def test_an_organisation_may_ask_at_its_own_counter_affiliation_alone_unless_more_is_said() -> None:
    name = str(uuid4())
    pharmacy = software.organization(name, "pharmacy")
    typed("caller", "add", "--organization", name, "--counter")
    caller = Caller.objects.get(organization=pharmacy, client=None)
    assert caller.rights == [Right.AFFILIATION]


def test_what_cannot_be_is_said() -> None:
    name = str(uuid4())
    software.organization(name, "pharmacy")
    with pytest.raises(InvalidInput, match="affiliation, historic"):
        typed("caller", "add", "--organization", name, "--counter", "--right", "everything")
    with pytest.raises(NotFound):
        typed("caller", "add", "--organization", name, "--client", str(uuid4()))
    with pytest.raises(InvalidInput):
        typed("caller", "add", "--organization", name, "--counter", "--per-day", "0")


def test_every_right_is_in_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        typed("caller", "add", "--help")
    text = " ".join(capsys.readouterr().out.split())
    assert [right for right in Right.values if right not in text] == []


def test_an_administrator_is_named_and_ended(capsys: pytest.CaptureFixture[str]) -> None:
    name = str(uuid4())
    software.organization(name, "pharmacy")
    with pytest.raises(NotFound):
        typed("administrator", "add", "--organization", name, "--email", "nobody@example.org")
    email = f"{name}@example.org"
    Account.objects.create(
        email=email, kind=AccountKind.PROFESSIONAL, created_at=now(), activated_at=now()
    )
    typed("administrator", "add", "--organization", name, "--email", email)
    capsys.readouterr()
    typed("administrator", "list")
    (line,) = [line for line in capsys.readouterr().out.splitlines() if email in line]
    number, state, *_ = line.split()
    assert state == "active"
    typed("administrator", "end", number)
    assert Administrator.objects.get(pk=number).until is not None
