"""An HL7 CDA R2 document: header and a structured body with one section per heading.

https://www.hl7.org/implement/standards/product_brief.cfm?product_id=7
"""

from functools import lru_cache
from html import escape

from salus.country.lu import MATRICULE_SYSTEM
from salus.simulation.content.report import OFTEN, Header, Report
from salus.simulation.content.xhtml import table

_OID = "2.999.352"  # the arc of examples (ITU-T X.660)
_MATRICULE_OID = MATRICULE_SYSTEM.removeprefix("urn:oid:")


def cda_document(header: Header, report: Report) -> bytes:
    """The ClinicalDocument as XML in UTF-8."""
    day = header.created.replace("-", "")
    results = table(header.language, report.results) if report.results else ""
    body = "".join(
        f"<component><section><title>{_text(title)}</title>"
        f"<text>{results}<paragraph>{_text(text)}</paragraph></text></section></component>"
        for title, text in report.sections
    )
    gender = "F" if header.female else "M"
    organization = (
        f'<id root="{_OID}.2" extension="{header.organization_code}"/>'
        f"<name>{_text(header.organization)}</name>"
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<ClinicalDocument xmlns="urn:hl7-org:v3">'
        '<typeId root="2.16.840.1.113883.1.3" extension="POCD_HD000040"/>'
        f'<id root="{_OID}.3" extension="{header.token}"/>'
        f'<code code="{header.loinc}" codeSystem="2.16.840.1.113883.6.1" codeSystemName="LOINC"/>'
        f"<title>{_text(report.title)}</title>"
        f'<effectiveTime value="{day}"/>'
        '<confidentialityCode code="N" codeSystem="2.16.840.1.113883.5.25"/>'
        f'<languageCode code="{header.language}-LU"/>'
        "<recordTarget><patientRole>"
        f'<id root="{_MATRICULE_OID}" extension="{header.matricule}"/>'
        f"<patient><name><given>{_text(header.given)}</given><family>{_text(header.family)}</family></name>"
        f'<administrativeGenderCode code="{gender}" codeSystem="2.16.840.1.113883.5.1"/>'
        f'<birthTime value="{header.birth.replace("-", "")}"/></patient></patientRole></recordTarget>'
        f'<author><time value="{day}"/><assignedAuthor>'
        f'<id root="{_OID}.1" extension="{header.author_code}"/>'
        f"<assignedPerson><name><prefix>Dr</prefix><given>{_text(header.author_given)}</given>"
        f"<family>{_text(header.author_family)}</family></name></assignedPerson>"
        f"<representedOrganization>{organization}</representedOrganization></assignedAuthor></author>"
        "<custodian><assignedCustodian><representedCustodianOrganization>"
        f"{organization}</representedCustodianOrganization></assignedCustodian></custodian>"
        f"<component><structuredBody>{body}</structuredBody></component></ClinicalDocument>"
    ).encode()


@lru_cache(maxsize=OFTEN)
def _text(text: str) -> str:
    return escape(text, quote=False)
