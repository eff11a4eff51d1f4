"""When a file is so unlikely that somebody has to look at it first. Pure."""

_SOME = 5  # lines, periods: of so few a share says nothing
_SHARE_REFUSED = 0.01
_SHARE_WITHDRAWN = 0.02


def reason_to_hold(*, lines: int, refused: int, withdrawn: int, in_state: int) -> str:
    """Why a file is held; '' when it is likely. ``in_state``: periods that are not withdrawn now."""
    if refused > _SOME and refused > _SHARE_REFUSED * lines:
        return f"{refused} of {lines} lines are refused"
    if withdrawn > _SOME and withdrawn > _SHARE_WITHDRAWN * in_state:
        return f"{withdrawn} of {in_state} periods would be withdrawn"
    return ""
