"""A filed document is shown as text: nothing that it carries runs, loads, or breaks the page."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salus.shared_record.models import Format
from salus.shared_record.reading import Reading, read

CDA = """<?xml version="1.0"?>
<ClinicalDocument xmlns="urn:hl7-org:v3">
  <title>Lettre de sortie</title>
  <author><assignedAuthor><assignedPerson><name><given>Anne</given> <family>Weber</family></name>
  </assignedPerson></assignedAuthor></author>
  <custodian><assignedCustodian><representedCustodianOrganization><name>Hôpital du Nord</name>
  </representedCustodianOrganization></assignedCustodian></custodian>
  <component><structuredBody><component><section><title>Motif</title><text>%s</text></section>
  </component></structuredBody></component>
</ClinicalDocument>"""


def fhir(div: str) -> bytes:
    composition = {
        "resourceType": "Composition",
        "title": "Bilan",
        "author": [{"reference": "urn:uuid:1"}],
        "custodian": {"display": "Laboratoire Sud"},
        "section": [{"title": "Résultats", "text": {"status": "generated", "div": div}}],
    }
    author = {
        "resourceType": "Practitioner",
        "name": [{"prefix": ["Dr"], "given": ["Anne"], "family": "Weber"}],
    }
    entries = [{"resource": composition}, {"fullUrl": "urn:uuid:1", "resource": author}]
    return json.dumps({"resourceType": "Bundle", "type": "document", "entry": entries}).encode()


def text_of(div: str) -> str:
    reading = read(Format.FHIR, fhir(div))
    assert reading is not None
    return str(reading.sections[0].text)


def xhtml(inside: str) -> str:
    return text_of(f'<div xmlns="http://www.w3.org/1999/xhtml">{inside}</div>')


def test_a_fhir_document_reads() -> None:
    reading = read(Format.FHIR, fhir('<div xmlns="http://www.w3.org/1999/xhtml"><p>Bien</p></div>'))
    assert reading is not None
    assert (reading.title, reading.author, reading.organization) == (
        "Bilan",
        "Dr Anne Weber",
        "Laboratoire Sud",
    )
    assert [(s.title, str(s.text)) for s in reading.sections] == [
        ("Résultats", "<div><p>Bien</p></div>")
    ]


def test_a_cda_document_reads() -> None:
    body = '<paragraph>Toux</paragraph><list listType="ordered"><item>Repos</item></list>'
    reading = read(Format.CDA, (CDA % body).encode())
    assert reading is not None
    assert (reading.title, reading.author, reading.organization) == (
        "Lettre de sortie",
        "Anne Weber",
        "Hôpital du Nord",
    )
    assert str(reading.sections[0].text) == "<div><p>Toux</p><ol><li>Repos</li></ol></div>"


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("<script>alert(1)</script>", ""),
        ('<p onclick="alert(1)" style="color:red" class="x">a</p>', "<p>a</p>"),
        ('<a href="javascript:alert(1)">a</a>', "a"),
        ('<img src="https://elsewhere.example/pixel"/>', ""),
        ("<svg><script>alert(1)</script></svg>", ""),
        ('<table><tr><td colspan="2">a</td></tr></table>',) * 2,
        ('<td colspan="2&quot; onload=&quot;x">a</td>', "<td>a</td>"),
        ("&lt;script&gt;alert(1)&lt;/script&gt;", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        ("a&nbsp;b<br/>c", "a\u00a0b<br>c"),
        ("<h1>a</h1>", "<h3>a</h3>"),
    ],
)
def test_only_text_and_its_shape_come_out(sent: str, shown: str) -> None:
    assert xhtml(sent) == f"<div>{shown}</div>"


def test_a_narrative_that_is_no_xhtml_comes_out_as_its_letters() -> None:
    assert text_of("<p>open <script>alert(1)") == "&lt;p&gt;open &lt;script&gt;alert(1)"


def test_very_deep_text_keeps_its_words() -> None:
    shown = xhtml("<b>" * 400 + "deep" + "</b>" * 400)
    assert "deep" in shown
    assert shown.count("<b>") < 50


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no json",
        b"[]",
        b"{}",
        b'{"entry": [1]}',
        b'{"entry": [{"resource": {"resourceType": "Composition", "section": 3}}]}',
        b"\xff\xfe",
        b"[" * 100_000,
    ],
)
def test_a_broken_fhir_document_is_none(content: bytes) -> None:
    assert read(Format.FHIR, content) is None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<ClinicalDocument>",
        b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>',
        b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><x/>',
    ],
)
def test_a_broken_or_hostile_cda_document_is_none(content: bytes) -> None:
    assert read(Format.CDA, content) is None


def test_a_pdf_has_no_reading() -> None:
    assert read(Format.PDF, b"%PDF-1.7") is None


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "entry",
                        "resource",
                        "resourceType",
                        "section",
                        "text",
                        "div",
                        "author",
                        "name",
                        "title",
                    ]
                ),
                inner | st.just("Composition"),
                max_size=4,
            )
        ),
    )
)
def test_no_json_breaks_the_page(value: object) -> None:
    reading = read(Format.FHIR, json.dumps(value).encode())
    assert reading is None or isinstance(reading, Reading)
