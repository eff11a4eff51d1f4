"""When a file is so unlikely that somebody has to look at it first, or of what is to come. Pure."""

from datetime import timedelta

AHEAD = timedelta(minutes=5)  # the register's clock, at most
_SOME = 5  # lines, periods: of so few a share says nothing
_IN_HOW_MANY_REFUSED = 100  # one
_IN_HOW_MANY_WITHDRAWN = 50


def reason_to_hold(*, lines: int, refused: int, withdrawn: int, in_state: int) -> str:
    """Why a file is held; '' when it is likely. ``in_state``: periods that are not withdrawn now."""
    if refused > _SOME and _IN_HOW_MANY_REFUSED * refused > lines:
        return f"{refused} of {lines} lines are refused"
    if withdrawn > _SOME and _IN_HOW_MANY_WITHDRAWN * withdrawn > in_state:
        return f"{withdrawn} of {in_state} periods would be withdrawn"
    return ""
