"""How the worker tells systems of changed cross references (salus.mpi.hl7v2.updating), and when it gives up.

Whom: the file that SALUS_MLLP_RECEIVERS names. What was given up stays among the receipts that are waited for.
"""

import os
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from procrastinate import BaseRetryStrategy, Blueprint, RetryDecision
from procrastinate.jobs import Job

from config.mllp_options import MllpOptions

if TYPE_CHECKING:  # the worker lists its tasks before Django is there
    from salus.mpi.events import PersonsLinked, PersonsSeparated
    from salus.mpi.hl7v2.updating import Receiver

pix_updates = Blueprint()
_ATTEMPTS = 12
_LONGEST = 3600  # seconds between two attempts; in all about six hours


@lru_cache(maxsize=1)
def receivers_named() -> Mapping[str, "Receiver"]:
    """Read once: another file is for the next start. Raises InvalidInput."""
    from salus.mpi.hl7v2.updating import receivers

    named = os.environ.get("SALUS_MLLP_RECEIVERS", "")
    return receivers(Path(named) if named else None)


def announce_link(event: "PersonsLinked") -> None:
    from salus.mpi.hl7v2.updating import announce

    announce(event, receivers_named().values(), ended=False)


def announce_separation(event: "PersonsSeparated") -> None:
    from salus.mpi.hl7v2.updating import announce

    announce(event, receivers_named().values(), ended=True)


class _Later(BaseRetryStrategy):
    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        if job.attempts + 1 >= _ATTEMPTS:
            return None
        return RetryDecision(retry_in={"seconds": min(10 << job.attempts, _LONGEST)})


@pix_updates.task(name="notify", retry=_Later())
def _notify(receiver: str, persons: list[int], link: int, ended: bool) -> None:
    from salus.access.certificates import actor_of_client
    from salus.hl7v2.sender import tls_towards
    from salus.kernel.actor import PurposeOfUse
    from salus.kernel.clock import now
    from salus.mpi.hl7v2.updating import notify

    to = receivers_named().get(receiver)
    if to is None:
        return  # nobody tells it any more
    options = MllpOptions.of(os.environ, port=None)
    notify(
        to,
        actor=actor_of_client(to.client, purpose=PurposeOfUse.TREATMENT),
        persons=persons,
        link=link,
        ended=ended,
        at=now(),
        tls=tls_towards(*options.files) if options.has_tls else None,
    )
