"""`$as-of`: a resource as it was true on a day, as far as that was known at an instant (ADR 0032)."""

from collections.abc import Mapping
from datetime import date

from salus.directory.fhir.replayed import as_of
from salus.directory.models import Kind
from salus.fhir.datatypes import row_number
from salus.fhir.dates import span
from salus.fhir.resource import Arguments, Body, Call, Input, Operation
from salus.kernel.errors import NotFound
from salus.kernel.scopes import Interaction


def _operation(kind: Kind) -> Operation:
    def perform(call: Call, asked: Arguments) -> Body:
        known = asked.one("known")
        found = as_of(
            kind,
            row_number(asked.id),
            day=date.fromisoformat(asked.one("day")),
            known=span(known).start if known else call.at,
        )
        if found is None:
            raise NotFound("it was not in the directory on that day, as far as was known then")
        return found.body

    return Operation(
        code="as-of",
        definition="https://salus.example/OperationDefinition/directory-as-of",
        documentation="The resource as of a day (today), as known at an instant (now).",
        inputs=(
            Input(name="day", types=("date",), least=1),
            Input(name="known", types=("instant",)),
        ),
        perform=perform,
        needs=(Interaction.READ,),
        on_resource=True,
    )


AS_OF: Mapping[Kind, Operation] = {
    kind: _operation(kind) for kind in Kind if kind is not Kind.LICENCE
}
