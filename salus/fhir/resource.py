"""What a domain offers of a resource type to the REST edge; config lists whose are served (config/urls.py)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from salus.fhir.search import Criterion, ParameterType

Body = dict[str, Any]  # a resource as JSON


@dataclass(frozen=True, kw_only=True)
class Resource:
    type: str  # Measure, MeasureReport, ...
    parameters: Mapping[str, ParameterType]  # that `search` understands
    # Ids of what meets all, in a fixed order.
    search: Callable[[Sequence[Criterion]], Sequence[str]]
    read: Callable[[str], Body]  # raises NotFound
