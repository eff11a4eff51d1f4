"""What is written of eligibility by SOAP fits what is read: schema, codes, examples."""

import re
from pathlib import Path

from django.conf import settings
from lxml import etree

from salus.eligibility.rules import Status
from salus.eligibility.soap.message import read, request_of, uuid_of
from salus.eligibility.soap.schema import SCHEMA

PAGE = Path(settings.BASE_DIR) / "docs" / "reference" / "eligibility-soap.md"


def test_the_examples_of_the_documentation_are_messages_of_the_schema() -> None:
    examples = re.findall(r"```xml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    messages = [read(example.encode()) for example in examples]
    assert [bool(message.security is None) for message in messages] == [False, True]
    schema = etree.XMLSchema(etree.parse(SCHEMA))
    for message in messages:
        content = etree.fromstring(etree.tostring(request_of(message.body)))
        assert schema.validate(content), schema.error_log
    asked, answered = (message.envelope for message in messages)
    related = answered.find(".//{*}RelatesTo")
    assert uuid_of(messages[0].message_id) == uuid_of(related)
    assert asked.find(".//{*}To").text.endswith("/eligibility/soap")


def test_the_schema_knows_every_status() -> None:
    assert set(etree.parse(SCHEMA).xpath("//*[@name='Status']//@value")) == set(Status)
