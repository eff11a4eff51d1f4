"""Writes salus/fhir/r4.json, what the FHIR edge knows of R4's types, from HL7's own definitions.

    npm (package-lock.json)   hl7.fhir.r4.examples   StructureDefinition-*, ValueSet-*, CodeSystem-*

Run by `make assets`. Nothing of it is committed; the built wheel contains it. `salus/fhir/definitions.py` reads it.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "node_modules/hl7.fhir.r4.examples"
TABLE = ROOT / "salus/fhir/r4.json"

_TYPES = "http://hl7.org/fhir/StructureDefinition/"
_FHIR_TYPE = f"{_TYPES}structuredefinition-fhir-type"
_REGEX = f"{_TYPES}regex"

Json = dict[str, Any]


def main() -> None:
    definitions = [
        known
        for known in _read("StructureDefinition")
        if known["kind"] != "logical" and known.get("derivation") != "constraint"
    ]
    codes = _Codes()
    types: Json = {}
    for known in sorted(definitions, key=lambda known: known["id"]):
        if known["kind"] != "primitive-type":
            for path, members in _members(known, codes):
                types[path] = members
    table = {
        "version": json.loads((PACKAGE / "package.json").read_text())["fhirVersions"][0],
        "resources": sorted(
            known["id"]
            for known in definitions
            if known["kind"] == "resource" and not known["abstract"]
        ),
        "primitives": {
            known["id"]: _regex(known) for known in definitions if known["kind"] == "primitive-type"
        },
        "types": types,
        "codes": codes.of,
    }
    TABLE.write_text(json.dumps(table, separators=(",", ":"), ensure_ascii=False) + "\n", "utf-8")


class _Codes:
    """The codes of the value sets that must be used; {} of those that nobody lists (media types, currencies)."""

    def __init__(self) -> None:
        self.of: dict[str, dict[str, list[str]]] = {}
        self._sets = {known["url"]: known for known in _read("ValueSet")}
        self._systems = {known["url"]: known for known in _read("CodeSystem")}

    def name(self, element: Json) -> str:
        """Key in `of` of the value set of a required binding; '' without one."""
        binding = element.get("binding", {})
        if binding.get("strength") != "required":
            return ""
        url = binding["valueSet"].split("|")[0]
        if url not in self.of:
            self.of[url] = self._expand(url)
        return str(url)

    def _expand(self, url: str) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for part in self._sets.get(url, {}).get("compose", {}).get("include", []):
            assert not part.keys() & {"filter", "valueSet"}, url
            system = self._systems.get(part["system"], {})
            if "concept" in part:
                concepts = part["concept"]
            elif system.get("content") == "complete":
                concepts = _flat(system["concept"])
            else:
                return {}
            found[part["system"]] = sorted(concept["code"] for concept in concepts)
        return found


def _flat(concepts: list[Json]) -> Iterator[Json]:
    for concept in concepts:
        yield concept
        yield from _flat(concept.get("concept", []))


def _members(definition: Json, codes: _Codes) -> Iterator[tuple[str, list[list[Any]]]]:
    """Each path of a type that has members, with these in the order of XML.

    A member is [name, least, most (0: many), types, value set, flags]: flags are ``a`` (an attribute in XML)
    and ``s`` (part of a summary).
    """
    elements = definition["snapshot"]["element"]
    for owner in elements:
        path = owner["path"]
        own = [e for e in elements if e["path"].rpartition(".")[0] == path]
        if own:
            yield path, [_member(element, elements, codes) for element in own]


def _member(element: Json, elements: list[Json], codes: _Codes) -> list[Any]:
    path = element["path"]
    attribute = "a" if "xmlAttr" in element.get("representation", ()) else ""
    summary = "s" if element.get("isSummary") else ""
    most = element.get("base", element)["max"]
    return [
        path.rpartition(".")[2],
        element["min"],
        int(most) if most == "1" else 0,
        list(_types(element, elements)),
        codes.name(element),
        attribute + summary,
    ]


def _types(element: Json, elements: list[Json]) -> Iterator[str]:
    """HumanName, Reference(Patient|Group), or the path of members that stand in line."""
    path = element["path"]
    if "contentReference" in element:
        yield element["contentReference"].removeprefix("#")
    elif any(other["path"].startswith(f"{path}.") for other in elements):
        yield path
    else:
        for kind in element["type"]:
            said = {e["url"]: e.get("valueUrl") for e in kind.get("extension", ())}
            code = said.get(_FHIR_TYPE) or kind["code"].removeprefix(_TYPES)
            if path.count(".") == 1 and path.endswith(".id") and "representation" not in element:
                code = "id"  # of a resource: R4 calls it a string, and restricts it in words
            targets = [target.removeprefix(_TYPES) for target in kind.get("targetProfile", ())]
            known = "|".join(target for target in targets if target[0].isupper())
            yield f"{code}({known})" if known and known != "Resource" else code


def _regex(definition: Json) -> str:
    for element in definition["snapshot"]["element"]:
        if element["path"].endswith(".value"):
            for said in element["type"][0].get("extension", ()):
                if said["url"] == _REGEX:
                    return str(said["valueString"])
    return ""


def _read(type: str) -> list[Json]:
    files = sorted(PACKAGE.glob(f"{type}-*.json"))
    return [json.loads(file.read_text(encoding="utf-8")) for file in files]


if __name__ == "__main__":
    main()
