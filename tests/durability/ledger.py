"""What writers asked for and what was acknowledged, noted outside of the site, on disk before it counts."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Lock
from uuid import uuid4


@dataclass(frozen=True, kw_only=True)
class Act:
    """One write of one writer. A retry is the same act, with the same request id."""

    event: str  # salus.audit.models.EventKind
    does: str  # "begin" or "end" something that is in force or not, "add" what stays
    subject: tuple[str, ...]  # what it is about: the table's nickname and the row's key
    request_id: str


class Ledger:
    """A file of lines; many writers note at once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = path.open("a+", buffering=1)
        self._lock = Lock()
        self._read_to = 0
        self._acts: list[Act] = []
        self._acknowledged: set[str] = set()

    def asked(self, act: Act) -> None:
        self._note({"asked": asdict(act)})

    def acknowledged(self, act: Act) -> None:
        self._note({"acknowledged": act.request_id})

    def read(self) -> tuple[list[Act], set[str]]:
        """All acts in the order of asking, and the request ids of the acknowledged ones."""
        with self._lock:
            self._file.seek(self._read_to)
            for line in self._file.read().splitlines():
                note = json.loads(line)
                if "asked" in note:
                    asked = note["asked"]
                    subject = tuple(asked.pop("subject"))
                    self._acts.append(Act(subject=subject, **asked))
                else:
                    self._acknowledged.add(note["acknowledged"])
            self._read_to = self._file.tell()
        return list(self._acts), set(self._acknowledged)

    def close(self) -> None:
        self._file.close()

    def _note(self, note: dict[str, object]) -> None:
        with self._lock:
            self._file.write(json.dumps(note) + "\n")
            os.fsync(self._file.fileno())


def new_request_id() -> str:
    return str(uuid4())
