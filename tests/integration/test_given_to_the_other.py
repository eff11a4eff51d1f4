"""After two were parted a steward gives to the one what was filed for the other: by the action, and on its page."""

import re

import pytest

from salus.audit.models import EventKind
from salus.kernel.clock import now
from salus.kernel.errors import Conflict, NotFound
from salus.shared_record.actions import assign_document
from salus.shared_record.queries import open_document
from salus.vaccination.actions import assign_vaccination
from salus.vaccination.queries import vaccinations_of
from tests.integration.test_reading_by_identities import (
    Two,
    file,
    sees,
    separated,
    two,
    vaccinate,
    with_account,
)
from tests.integration.test_stewards_desk import events, steward
from tests.links import ANNA, SYSTEM, linked

__all__ = ["two"]
pytestmark = pytest.mark.usefixtures("nation")


def test_a_steward_gives_to_the_one_what_was_filed_for_the_other(two: Two) -> None:
    early = file(two.root)
    link = linked(two.other, two.root)
    first = file(two.root)
    newest = file(two.root, replaces=first)
    dose = vaccinate(two.root)
    with pytest.raises(Conflict, match="in force"):
        assign_document(actor=ANNA, at=now(), document=newest, link=link, holder=two.root)
    separated(link)
    for act in (two.patient, two.doctor, SYSTEM):
        with pytest.raises(NotFound):
            assign_document(actor=act, at=now(), document=newest, link=link, holder=two.root)
    with pytest.raises(Conflict, match="not filed while"):
        assign_document(actor=ANNA, at=now(), document=early, link=link, holder=two.root)
    assign_document(actor=ANNA, at=now(), document=first, link=link, holder=two.root)
    assign_vaccination(actor=ANNA, at=now(), vaccination=dose, link=link, holder=two.root)
    me = with_account(two.other)
    opened = open_document(actor=me, person=two.other, document=newest, at=now())
    assert opened.content == b"%PDF of the hospital"
    older = open_document(actor=me, person=two.other, document=first, at=now(), replaced=True)
    assert older.content == opened.content
    with pytest.raises(NotFound):
        open_document(actor=two.patient, person=two.root, document=newest, at=now())
    card = vaccinations_of(actor=me, person=two.other, at=now())
    assert card
    assert dose in {act.id for act in card.acts}


def test_a_steward_gives_it_on_a_page_that_asks_first(two: Two) -> None:
    browser = steward("giving")
    link = linked(two.other, two.root)
    document, dose = file(two.root), vaccinate(two.root)
    pages = f"/stewards/links/{link}/"
    asking = [f"{pages}filed/documents/{document}/", f"{pages}filed/vaccinations/{dose}/"]
    assert "Filed while they were one" not in browser.get(pages).content.decode()
    separated(link)
    shown = browser.get(pages).content.decode()
    assert all(f'href="{address}"' in shown for address in asking)
    me = with_account(two.other)
    for address in asking:
        before = len(events(EventKind.PERSONS_SEPARATED))
        asked = browser.get(address)
        assert asked.status_code == 200
        (holder,) = re.findall(r'name="person" value="(\d+)"', asked.content.decode())
        assert len(events(EventKind.PERSONS_SEPARATED)) == before
        assert browser.post(address).status_code == 404  # from whom is not said
        assert browser.post(address, {"person": holder}).status_code == 302
        (given,) = events(EventKind.PERSONS_SEPARATED)[before:]
        assert given.person_id == two.other and two.root in (given.persons or ())
        assert browser.post(address, {"person": holder}).status_code == 409  # and not back again
    assert document in sees(me, two.other)
    card = vaccinations_of(actor=me, person=two.other, at=now())
    assert card and dose in {act.id for act in card.acts}
    for nothing in ("documents/0", f"rights/{document}", f"nonsense/{document}"):
        assert browser.get(f"{pages}filed/{nothing}/").status_code == 404
        assert browser.post(f"{pages}filed/{nothing}/", {"person": "1"}).status_code == 404
