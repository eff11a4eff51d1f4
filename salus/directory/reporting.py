"""What a change set changes, or changed, for people: how many lines did what, and each field as it was and will be."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.db.models import Count

from salus.directory.fields import FIELDS, in_order
from salus.directory.models import ChangeLine, ChangeSet, Kind, Outcome
from salus.directory.projecting import TABLES
from salus.kernel.errors import NotFound

COLUMNS = ("line", "kind", "identifier", "outcome", "field", "was", "will_be", "problem")
_SOME = 1_000  # lines at a time
_FORMULA = "=@\t\r"  # a spreadsheet would work out a cell that begins so

Row = tuple[str, ...]
_Names = Mapping[tuple[Kind, int], str]


def change_set_numbered(number: int) -> ChangeSet:
    found = ChangeSet.objects.select_related("source").filter(pk=number).first()
    if found is None:
        raise NotFound("there is no such change set")
    return found


def state_of(change_set: ChangeSet) -> str:
    if change_set.rolled_back_at:
        return "rolled back"
    if change_set.declined_at:
        return "declined"
    return "applied" if change_set.applied_at else "waiting"


def outcomes_of(change_set: int) -> dict[Kind, dict[Outcome, int]]:
    """By kind of entry, how many lines do what."""
    found: dict[Kind, dict[Outcome, int]] = {}
    lines = ChangeLine.objects.filter(change_set=change_set).order_by("kind")
    for kind, outcome, count in lines.values_list("kind", "outcome").annotate(Count("pk")):
        found.setdefault(Kind(kind), {})[Outcome(outcome)] = count
    return found


def rows_of_report(
    change_set: int, *, outcome: Outcome | None = None, most: int | None = None
) -> Iterator[Row]:
    """A row (COLUMNS) for each field that changes and each line that is refused; a line that says nothing new has none.

    ``most``: lines at most. Restricted fields are in it: it is for the authority.
    """
    lines = ChangeLine.objects.filter(change_set=change_set).exclude(outcome=Outcome.SAME)
    if outcome:
        lines = lines.filter(outcome=outcome)
    ordered = lines.order_by("number", "pk")[:most]
    for start in range(0, len(ordered), _SOME):
        some = ordered[start : start + _SOME]
        names = _names(some)
        for line in some:
            yield from map(_cells, _rows(line, names))


def _rows(line: ChangeLine, names: _Names) -> Iterator[tuple[Any, ...]]:
    identifier = f"{line.system}|{line.value}" if line.value else ""
    if not identifier and line.entry is not None:
        identifier = names.get((Kind(line.kind), line.entry), "")
    about = (line.number, line.kind, identifier, line.outcome)
    if line.outcome == Outcome.REFUSED:
        yield *about, "", "", "", line.problem
        return
    for field in in_order(Kind(line.kind), line.differences):
        was, will_be = line.differences[field]
        said = line.said.get(field)
        yield (
            *about,
            field,
            _shown(line, field, was, names),
            said if isinstance(said, str) else _shown(line, field, will_be, names),
            "",
        )


def _shown(line: ChangeLine, field: str, value: Any, names: _Names) -> Any:
    refers = FIELDS[Kind(line.kind)][field].refers
    if refers and isinstance(value, int):
        return names.get((refers, value), "")
    return value


def _names(lines: Iterator[ChangeLine] | Any) -> _Names:
    """The identifiers of entries that the lines' values lead to."""
    wanted: dict[Kind, set[int]] = {}
    for line in lines:
        if line.entry is not None:
            wanted.setdefault(Kind(line.kind), set()).add(line.entry)
        for field, values in line.differences.items():
            if refers := FIELDS[Kind(line.kind)][field].refers:
                wanted.setdefault(refers, set()).update(filter(None, values))
    return {
        (kind, pk): f"{system}|{value}"
        for kind, of in wanted.items()
        for pk, system, value in TABLES[kind]
        .objects.filter(pk__in=of)
        .values_list("pk", "system", "value")
    }


def _cells(row: tuple[Any, ...]) -> Row:
    return tuple(map(_cell, row))


def _cell(value: Any) -> str:
    match value:
        case None:
            return ""
        case list():
            text = ", ".join(map(_cell, value))
        case dict():
            text = " ".join(_cell(one) for one in value.values())
        case _:
            text = str(value)
    return f"'{text}" if text.startswith(tuple(_FORMULA)) else text
