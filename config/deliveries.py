"""How the worker delivers domain events (salus.kernel.events): until the subscriber has done its part."""

from typing import Any

from procrastinate import BaseRetryStrategy, Blueprint, RetryDecision
from procrastinate.jobs import Job

from salus.kernel.events import deliver, wait_after

deliveries = Blueprint()


class _UntilDone(BaseRetryStrategy):
    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision:
        wait = wait_after(job.attempts)
        return RetryDecision(retry_in={"seconds": int(wait.total_seconds())})


@deliveries.task(name="deliver", retry=_UntilDone())
def _deliver(event: str, subscriber: str, said: dict[str, Any]) -> None:
    deliver(event=event, subscriber=subscriber, said=said)
