"""How the worker delivers domain events (salus.kernel.events): until the subscriber has done its part."""

import logging
from typing import Any

from procrastinate import BaseRetryStrategy, Blueprint, RetryDecision
from procrastinate.jobs import Job

from salus.kernel.events import deliver, wait_after

deliveries = Blueprint()


class _UntilDone(BaseRetryStrategy):
    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision:
        wait = wait_after(job.attempts)
        logging.getLogger(__name__).warning(
            "job %s: %s did not take an event, and is told again in %s",
            job.id,
            job.task_kwargs["subscriber"],
            wait,
            exc_info=exception,
        )
        return RetryDecision(retry_in={"seconds": int(wait.total_seconds())})


@deliveries.task(name="deliver", retry=_UntilDone())
def _deliver(event: str, subscriber: str, said: dict[str, Any]) -> None:
    deliver(event=event, subscriber=subscriber, said=said)
