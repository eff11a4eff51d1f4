"""A FHIR R4 document: a Bundle of Composition, Patient, Practitioner, Organization and Observations.

https://hl7.org/fhir/R4/documents.html. Written as text: what repeats in every document is made once.
"""

import json
from functools import cache, lru_cache

from salus.country.lu import MATRICULE_SYSTEM, ORGANIZATION_SYSTEM, PROVIDER_SYSTEM
from salus.simulation.content.report import OFTEN, Header, Report, Result
from salus.simulation.content.xhtml import section_html

_OBSERVATION = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"


def fhir_document(header: Header, report: Report) -> bytes:
    """The Bundle as JSON, without needless spaces."""
    base = f"{header.token[:8]}-{header.token[8:12]}-4{header.token[13:16]}-8{header.token[17:20]}-"
    urn = [f"urn:uuid:{base}{number:012x}" for number in range(5 + len(report.results))]
    composition, patient, practitioner, organization = urn[1:5]
    observations = urn[5:]
    entries = ",".join(f'{{"reference":"{u}"}}' for u in observations)
    sections = ",".join(
        f'{{"title":{_text(title)},"text":{{"status":"generated","div":{div}}}'
        + (f',"entry":[{entries}]' if entries else "")
        + "}"
        for title, div in _narratives(header, report)
    )
    resources = [
        f'{{"fullUrl":"{composition}","resource":{{"resourceType":"Composition","language":"{header.language}",'
        f'"status":"final","type":{_type(header.loinc)},"subject":{{"reference":"{patient}"}},'
        f'"date":"{header.created}","author":[{{"reference":"{practitioner}"}}],"title":{_text(report.title)},'
        f'"custodian":{{"reference":"{organization}"}},"section":[{sections}]}}}}',
        f'{{"fullUrl":"{patient}","resource":{{"resourceType":"Patient","identifier":[{{"system":"{MATRICULE_SYSTEM}",'
        f'"value":"{header.matricule}"}}],"name":[{{"family":{_text(header.family)},"given":[{_text(header.given)}]}}],'
        f'"gender":"{"female" if header.female else "male"}","birthDate":"{header.birth}"}}}}',
        f'{{"fullUrl":"{practitioner}","resource":{{"resourceType":"Practitioner","identifier":[{{"system":"{PROVIDER_SYSTEM}",'
        f'"value":"{header.author_code}"}}],"name":[{{"family":{_text(header.author_family)},'
        f'"given":[{_text(header.author_given)}],"prefix":["Dr"]}}]}}}}',
        f'{{"fullUrl":"{organization}","resource":{{"resourceType":"Organization","identifier":[{{"system":"{ORGANIZATION_SYSTEM}",'
        f'"value":"{header.organization_code}"}}],"name":{_text(header.organization)}}}}}',
    ]
    for url, result in zip(observations, report.results, strict=True):
        resources.append(
            f'{{"fullUrl":"{url}","resource":{{"resourceType":"Observation","status":"final",'
            f'"subject":{{"reference":"{patient}"}},"effectiveDateTime":"{header.created}",{_measured(result)}}}}}'
        )
    return (
        f'{{"resourceType":"Bundle","language":"{header.language}","identifier":{{"system":"urn:ietf:rfc:3986",'
        f'"value":"{urn[0]}"}},"type":"document","timestamp":"{header.created}T12:00:00Z",'
        f'"entry":[{",".join(resources)}]}}'
    ).encode()


def _narratives(header: Header, report: Report) -> list[tuple[str, str]]:
    if not report.results:
        return _plain_narratives(header.language, report)
    title, text = report.sections[0]
    # No two are alike: none is kept.
    return [(title, _json(section_html(header.language, text, report.results)))]


@cache
def _plain_narratives(language: str, report: Report) -> list[tuple[str, str]]:
    return [(title, _text(section_html(language, text))) for title, text in report.sections]


@cache
def _type(loinc: str) -> str:
    return f'{{"coding":[{{"system":"http://loinc.org","code":"{loinc}"}}]}}'


@cache
def _measured(result: Result) -> str:
    unit = f'"unit":"{result.unit}","system":"http://unitsofmeasure.org","code":"{result.unit}"'
    flag = (
        f'"interpretation":[{{"coding":[{{"system":"{_OBSERVATION}","code":"{result.flag}"}}]}}],'
        if result.flag
        else ""
    )
    return (
        '"category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category",'
        '"code":"laboratory"}]}],'
        f'"code":{{"coding":[{{"system":"http://loinc.org","code":"{result.loinc}"}}],"text":{_text(result.name)}}},'
        f'"valueQuantity":{{"value":{result.value},{unit}}},{flag}'
        f'"referenceRange":[{{"low":{{"value":{result.low},{unit}}},"high":{{"value":{result.high},{unit}}}}}]'
    )


@lru_cache(maxsize=OFTEN)
def _text(text: str) -> str:
    return _json(text)


def _json(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
