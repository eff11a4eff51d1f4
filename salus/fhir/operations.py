"""Operations: what is asked of a type or at the base beyond its interactions (https://hl7.org/fhir/R4/operations.html).

By GET where nothing changes and each input is a primitive, else by POST: a Parameters resource, or the one resource
that is asked about by itself. Nothing that is sent is ignored: what no input is named so, and what would change the
meaning of the rest in a way that nobody here knows, is refused.
"""

from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from salus.fhir import primitive
from salus.fhir.authorization import permit
from salus.fhir.definitions import primitives, resource_types
from salus.fhir.element import Element
from salus.fhir.exchange import Answer, Request, Target
from salus.fhir.resource import Arguments, Body, Call, Input, Operation, Resource, Served
from salus.fhir.search import WrongParameter
from salus.fhir.validation import check
from salus.kernel.errors import Forbidden, InvalidInput

_OTHERS = ("_format", "_pretty")  # of every request, and read elsewhere
_MEANING = ("modifierExtension", "implicitRules")


def offered(target: Target, resource: Resource) -> Operation | None:
    """The operation that an address names, on the type or on one resource of it; None where it names none."""
    for operation in resource.operations:
        there = operation.on_resource if target.id else operation.on_type
        if operation.code == target.operation and there:
            return operation
    return None


def methods_of(operation: Operation) -> list[str]:
    simple = all(known.types[0] in primitives() for known in operation.inputs)
    return [*(["GET", "HEAD"] if simple and not operation.changes else []), "POST"]


def operate(
    request: Request, call: Call, operation: Operation, resource: Resource, served: Served
) -> Answer:
    """Raises Forbidden also for narrowed scopes, which hold for single resources alone."""
    for interaction in operation.needs:
        if permit(call, resource, interaction, served).within:
            raise Forbidden("the scopes of the token are narrowed: an operation needs them whole")
    values = (
        _posted(request, operation) if request.method == "POST" else _written(request, operation)
    )
    for known in operation.inputs:
        if not known.least <= len(values.get(known.name, ())):
            raise _missing(known, request)
    body = operation.perform(call, Arguments(values=values, id=request.target.id))
    return Answer(status=HTTPStatus.OK, body=body)


def _missing(known: Input, request: Request) -> InvalidInput:
    if request.method == "POST":
        return InvalidInput(f"{known.name} is missing", at="Parameters.parameter")
    return WrongParameter(known.name, "missing: it is required")


def _written(request: Request, operation: Operation) -> Mapping[str, Sequence[Any]]:
    """In the address."""
    inputs = {known.name: known for known in operation.inputs}
    found: dict[str, list[Any]] = {}
    for name, text in request.query:
        if name in _OTHERS:
            continue
        if name not in inputs:
            raise WrongParameter(name[:64], "is not a parameter of this operation")
        value = _read(inputs[name].types[0], text)
        if wrong := primitive.fault(inputs[name].types[0], value):
            raise WrongParameter(name, wrong)
        if found.setdefault(name, []) and not inputs[name].many:
            raise WrongParameter(name, "may be given once only")
        found[name].append(value)
    return found


def _read(type: str, text: str) -> Any:
    if type == "boolean":
        return {"true": True, "false": False}.get(text, text)
    number = text.removeprefix("-")
    if (
        type in ("integer", "positiveInt", "unsignedInt")
        and number.isascii()
        and number.isdecimal()
    ):
        return int(text[:12])
    return text


def _posted(request: Request, operation: Operation) -> Mapping[str, Sequence[Any]]:
    if any(name not in _OTHERS for name, _ in request.query):
        raise InvalidInput("what is posted stands in the body alone")
    body = request.read_body()
    if body is None:
        raise InvalidInput("a Parameters resource is expected in the body")
    kind = body.get("resourceType") if isinstance(body, dict) else None
    about = [known for known in operation.inputs if kind in known.types]
    check(body, type=str(kind) if about else "Parameters")
    _check_meaning(body)
    if about:
        return {about[0].name: [Element(path=str(kind), value=body)]}
    return _parameters(body, operation)


def _parameters(body: Body, operation: Operation) -> Mapping[str, Sequence[Any]]:
    inputs = {known.name: known for known in operation.inputs}
    found: dict[str, list[Any]] = {}
    for index, parameter in enumerate(body.get("parameter", ())):
        place = f"Parameters.parameter[{index}]"
        known = inputs.get(parameter["name"])
        if known is None:
            raise InvalidInput("is not a parameter of this operation", at=f"{place}.name")
        if found.setdefault(known.name, []) and not known.many:
            raise InvalidInput("may be given once only", at=f"{place}.name")
        found[known.name].append(_value(parameter, known, place))
    return found


def _value(parameter: Body, known: Input, place: str) -> Any:
    for kind in known.types:
        if kind in resource_types():
            resource = parameter.get("resource", {})
            if resource.get("resourceType") == kind:
                return Element(path=f"{place}.resource", value=resource)
        elif (value := parameter.get(f"value{kind[0].upper()}{kind[1:]}")) is not None:
            is_element = isinstance(value, dict)
            return Element(path=f"{place}.value", value=value) if is_element else value
    raise InvalidInput(f"must be of type {' or '.join(known.types)}", at=place)


def _check_meaning(body: Any) -> None:
    """None is known here, so nothing that has one is (https://hl7.org/fhir/R4/extensibility.html#modifierExtension)."""
    if any(name in _MEANING for name in _names(body)):
        raise InvalidInput(
            "holds a modifierExtension or implicitRules, and none is understood here"
        )


def _names(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, held in value.items():
            yield name
            yield from _names(held)
    elif isinstance(value, list):
        for one in value:
            yield from _names(one)
