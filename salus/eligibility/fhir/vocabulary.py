"""What FHIR has no words for: codes of statuses and reasons, and the extension in which answers tell them."""

from collections.abc import Iterable, Mapping
from typing import Any

from salus.country import country
from salus.eligibility.questions import Answer
from salus.eligibility.rules import Reason, Status
from salus.fhir.dates import instant
from salus.fhir.resource import Body
from salus.kernel.actor import PurposeOfUse

STATUSES = "https://salus.example/CodeSystem/eligibility-status"
REASONS = "https://salus.example/CodeSystem/eligibility-reason"
ANSWER = "https://salus.example/StructureDefinition/eligibility-answer"
PROOF = "https://salus.example/StructureDefinition/eligibility-proof"  # of a request: sign it
MAY_PRESCRIBE = "https://salus.example/OperationDefinition/may-prescribe"
PURPOSES = frozenset({PurposeOfUse.COVERAGE})

STATUS_WORDS: Mapping[Status, str] = {
    Status.AFFILIATED: "Insured on the day",
    Status.NOT_AFFILIATED: "Not known to be insured on the day",
    Status.MAY_PRESCRIBE: "May prescribe",
    Status.MAY_NOT_PRESCRIBE: "May not prescribe",
    Status.CANNOT_TELL: "Cannot tell now: ask again later",
}
REASON_WORDS: Mapping[Reason, str] = {
    Reason.COVERED: "A period of cover holds on the day",
    Reason.NOT_COVERED: "No period of cover holds on the day, or nobody is known by the identifier",
    Reason.REGISTER_SILENT: "The register has been silent for too long",
    Reason.SEVERAL_PEOPLE: "Several people have this name and birth date",
    Reason.LICENSED: "Licensed in this country",
    Reason.LICENSED_ABROAD: "Licensed abroad",
    Reason.NOT_REGISTERED: "Not registered on the day",
    Reason.SUSPENDED: "Suspended on the day",
    Reason.LICENCE_ENDED: "The licence had ended",
    Reason.NOT_LICENSED_YET: "The licence had not begun",
    Reason.LEFT_REGISTER: "Had left the register",
    Reason.PROFESSION_DOES_NOT_PRESCRIBE: "The profession does not prescribe",
    Reason.PRODUCT_EXCLUDED: "The product is not among those that may be prescribed",
    Reason.NOT_FROM_ABROAD: "The product may not be prescribed from abroad",
    Reason.COUNTRY_NOT_RECOGNISED: "Prescriptions from that country are not recognised",
}


def answer_extension(answer: Answer) -> Body:
    """The answer as every door gives it."""
    parts: list[Body] = [
        {"url": "status", "valueCoding": status_coding(answer)},
        {"url": "reason", "valueCoding": reason_coding(answer)},
        {"url": "day", "valueDate": answer.day.isoformat()},
        {"url": "lastKnown", "valueBoolean": answer.last_known},
    ]
    if answer.as_of:
        parts.append({"url": "asOf", "valueInstant": instant(answer.as_of)})
    if answer.proof:
        parts.append({"url": "proof", "valueString": answer.proof})
    return {"url": ANSWER, "extension": parts}


def status_coding(answer: Answer) -> Body:
    return {"system": STATUSES, "code": answer.status, "display": STATUS_WORDS[answer.status]}


def reason_coding(answer: Answer) -> Body:
    return {"system": REASONS, "code": answer.reason, "display": REASON_WORDS[answer.reason]}


def insurer() -> Body:
    """A Reference to who pays."""
    known = country().INSURER
    identifier = {"system": known.system, "value": known.value}
    return {"type": "Organization", "identifier": identifier, "display": known.name}


def definitions() -> tuple[Body, ...]:
    """What a validator must know of what is ours."""
    return (
        _code_system("eligibility-status", "EligibilityStatus", STATUSES, STATUS_WORDS),
        _code_system("eligibility-reason", "EligibilityReason", REASONS, REASON_WORDS),
        _answer(),
        _proof(),
        _operation(),
    )


def _code_system(id: str, name: str, url: str, words: Mapping[Any, str]) -> Body:
    return {
        "resourceType": "CodeSystem",
        "id": id,
        "url": url,
        "name": name,
        "status": "active",
        "caseSensitive": True,
        "content": "complete",
        "concept": [{"code": str(code), "display": display} for code, display in words.items()],
    }


def _answer() -> Body:
    return _extension(
        ANSWER,
        "EligibilityAnswer",
        "The answer of the eligibility service",
        of=("CoverageEligibilityResponse", "Coverage"),
        elements=(
            *_part("status", "Coding", least=1),
            *_part("reason", "Coding", least=1),
            *_part("day", "date", least=1),
            *_part("lastKnown", "boolean", least=1),
            *_part("asOf", "instant", least=0),
            *_part("proof", "string", least=0),
            {"id": "Extension.url", "path": "Extension.url", "fixedUri": ANSWER},
            {"id": "Extension.value[x]", "path": "Extension.value[x]", "max": "0"},
        ),
    )


def _proof() -> Body:
    return _extension(
        PROOF,
        "EligibilityProof",
        "Whether the answer is to be signed, to be shown where there is no line",
        of=("CoverageEligibilityRequest",),
        elements=(
            {"id": "Extension.extension", "path": "Extension.extension", "max": "0"},
            {"id": "Extension.url", "path": "Extension.url", "fixedUri": PROOF},
            {
                "id": "Extension.value[x]",
                "path": "Extension.value[x]",
                "min": 1,
                "type": [{"code": "boolean"}],
            },
        ),
    )


def _extension(
    url: str, name: str, title: str, *, of: Iterable[str], elements: Iterable[Body]
) -> Body:
    return {
        "resourceType": "StructureDefinition",
        "id": url.rpartition("/")[2],
        "url": url,
        "name": name,
        "title": title,
        "status": "active",
        "fhirVersion": "4.0.1",
        "kind": "complex-type",
        "abstract": False,
        "context": [{"type": "element", "expression": place} for place in of],
        "type": "Extension",
        "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Extension",
        "derivation": "constraint",
        "differential": {
            "element": [{"id": "Extension", "path": "Extension", "max": "1"}, *elements]
        },
    }


def _part(name: str, of: str, *, least: int) -> Iterable[Body]:
    here, path = f"Extension.extension:{name}", "Extension.extension"
    return (
        {"id": here, "path": path, "sliceName": name, "min": least, "max": "1"},
        {"id": f"{here}.extension", "path": f"{path}.extension", "max": "0"},
        {"id": f"{here}.url", "path": f"{path}.url", "fixedUri": name},
        {"id": f"{here}.value[x]", "path": f"{path}.value[x]", "min": 1, "type": [{"code": of}]},
    )


def _operation() -> Body:
    """OperationDefinition of `$may-prescribe`."""
    inputs = (
        ("prescriber", "Identifier", "1..1", "Of the directory: who prescribes."),
        ("day", "date", "0..1", "Today, when it is not said."),
        ("product", "Coding", "0..1", "ATC, of a product or a group; none: anything at all."),
    )
    outputs = (
        ("status", "Coding", "1..1", "May, or may not."),
        ("reason", "Coding", "1..1", "Why: stable codes."),
        ("day", "date", "1..1", "That was asked about."),
        ("answered", "instant", "1..1", "When it was answered first."),
        ("asOf", "instant", "0..1", "Until when the directory was known."),
        ("lastKnown", "boolean", "1..1", "Whether this is what a silent source said last."),
        ("only", "Coding", "0..*", "Of what was asked no more than these may be; none: all."),
        ("limit", "Coding", "0..*", "And these may not be."),
        ("suspendedUntil", "date", "0..1", "Of a suspension: the first day on which it is over."),
    )
    return {
        "resourceType": "OperationDefinition",
        "id": "may-prescribe",
        "url": MAY_PRESCRIBE,
        "name": "MayPrescribe",
        "title": "May this professional prescribe",
        "status": "active",
        "kind": "operation",
        # It leaves an event, and counts towards the caller's quota; nothing of the directory is changed.
        "affectsState": False,
        "code": "may-prescribe",
        "system": True,
        "type": False,
        "instance": False,
        "parameter": [
            {
                "name": name,
                "use": use,
                "min": int(times[0]),
                "max": times[-1],
                "documentation": words,
                "type": kind,
            }
            for use, parameters in (("in", inputs), ("out", outputs))
            for name, kind, times, words in parameters
        ],
    }
