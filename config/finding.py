"""What `salus doctor` says of one thing that it looked at."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One check's outcome; `problem` is None when all is well, else says what to do."""

    what: str
    problem: str | None = None
    is_warning: bool = False

    def __str__(self) -> str:
        if self.problem is None:
            return f"ok    {self.what}"
        return f"{'warn' if self.is_warning else 'FAIL'}  {self.what}: {self.problem}"
