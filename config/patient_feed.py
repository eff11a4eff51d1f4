"""How the worker tells software of changes to people (salus.mpi.fhir.telling), and when it gives up.

Who does not answer is asked again, later each time; then its subscription is in error until it asks anew.
"""

from procrastinate import BaseRetryStrategy, Blueprint, JobContext, RetryDecision
from procrastinate.jobs import Job

patient_feed = Blueprint()


class _Later(BaseRetryStrategy):
    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        from salus.mpi.announcing import ATTEMPTS, wait_after

        if job.attempts + 1 >= ATTEMPTS:
            return None
        return RetryDecision(retry_in={"seconds": int(wait_after(job.attempts).total_seconds())})


@patient_feed.task(name="tell", retry=5)
def _tell(
    persons: list[int], new: bool = False, link: int | None = None, ended: bool = False
) -> None:
    from django.db import transaction

    from salus.kernel.clock import now
    from salus.mpi.fhir.telling import News, tell

    with transaction.atomic():
        tell(News(persons=tuple(persons), new=new, link=link, ended=ended), at=now())


@patient_feed.task(name="notify", retry=_Later(), pass_context=True)
def _notify(
    context: JobContext,
    subscription: int,
    persons: list[int],
    new: bool = False,
    link: int | None = None,
    ended: bool = False,
) -> None:
    from salus.kernel.clock import now
    from salus.mpi.announcing import ATTEMPTS
    from salus.mpi.fhir.telling import News, NotHeard, notify
    from salus.mpi.subscriptions import fail

    news = News(persons=tuple(persons), new=new, link=link, ended=ended)
    try:
        notify(subscription, news, at=now())
    except NotHeard as error:
        if context.job.attempts + 1 >= ATTEMPTS:
            fail(subscription=subscription, at=now(), error=str(error))
        raise
