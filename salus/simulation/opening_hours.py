"""When places of each type are open, and when one who works there is there."""

from functools import cache
from typing import Any

from salus.directory.fields import DAYS

Hours = list[dict[str, Any]]  # as salus.directory.fields.hours gives them

_WEEK, _SATURDAY = DAYS[:5], DAYS[5:6]
_Times = tuple[tuple[tuple[str, ...], str, str], ...]  # days, opens, closes
_ALWAYS: _Times = ((DAYS, "", ""),)
_OFFICE: _Times = ((_WEEK, "08:00:00", "12:00:00"), (_WEEK, "13:30:00", "17:00:00"))
_OF_TYPE: dict[str, tuple[_Times, ...]] = {
    "hospital": (_ALWAYS,),
    "rescue": (_ALWAYS,),
    "nursing": (_ALWAYS, _OFFICE),
    "practice": (
        ((_WEEK, "08:00:00", "12:00:00"), (_WEEK, "14:00:00", "18:00:00")),
        ((_WEEK, "07:30:00", "11:30:00"), (("mon", "tue", "thu", "fri"), "14:00:00", "18:30:00")),
        (
            (_WEEK, "08:30:00", "12:00:00"),
            (_WEEK, "15:00:00", "19:00:00"),
            (_SATURDAY, "09:00:00", "12:00:00"),
        ),
        ((("mon", "tue", "thu", "fri"), "08:00:00", "17:00:00"),),
        ((_WEEK, "09:00:00", "13:00:00"), (("mon", "wed"), "16:00:00", "20:00:00")),
    ),
    "pharmacy": (
        ((_WEEK, "08:00:00", "18:30:00"), (_SATURDAY, "08:30:00", "12:30:00")),
        ((_WEEK, "08:30:00", "12:15:00"), (_WEEK, "13:30:00", "18:15:00")),
        ((_WEEK, "08:00:00", "19:00:00"), (_SATURDAY, "09:00:00", "17:00:00")),
    ),
    "laboratory": (
        ((_WEEK, "06:30:00", "11:30:00"), (_SATURDAY, "07:30:00", "10:30:00")),
        ((_WEEK, "07:00:00", "16:00:00"),),
    ),
    "imaging": (((_WEEK, "07:30:00", "18:00:00"),),),
    "other": (_OFFICE,),
}


def of_place(type: str, dice: int) -> Hours:
    """One of the type's usual hours; the same number gives the same ones."""
    forms = _OF_TYPE[type]
    return _hours(forms[dice % len(forms)], DAYS)


def at_work(type: str, dice: int, days_off: int) -> Hours:
    """Within the hours of a place with the same ``dice``, without one or two days of the week."""
    forms = _OF_TYPE[type]
    off = {_WEEK[days_off % 5], _WEEK[days_off // 5 % 5]}
    return _hours(forms[dice % len(forms)], tuple(day for day in DAYS if day not in off))


@cache
def _hours(times: _Times, among: tuple[str, ...]) -> Hours:
    found: Hours = []
    for days, opens, closes in times:
        if not (chosen := [day for day in days if day in among]):
            continue
        if opens:
            found.append(
                {
                    "daysOfWeek": chosen,
                    "availableStartTime": opens,
                    "availableEndTime": closes,
                }
            )
        else:
            found.append({"daysOfWeek": chosen, "allDay": True})
    return found
