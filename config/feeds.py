"""How the worker tells software that subscribed to changes, and when it gives up (salus.accounts.notifying).

Who does not answer is asked again, later each time; then its subscription is in error until it asks anew.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from procrastinate import BaseRetryStrategy, Blueprint, JobContext, RetryDecision
from procrastinate.jobs import Job

patient_feed = Blueprint()
directory_feed = Blueprint()
# By queue: those of the domains' announcing.py, which cannot be imported before Django is set up.
FEEDS = {"patient_feed": patient_feed, "directory_feed": directory_feed}


class _Later(BaseRetryStrategy):
    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        from salus.accounts.notifying import ATTEMPTS, wait_after

        if job.attempts + 1 >= ATTEMPTS:
            return None
        return RetryDecision(retry_in={"seconds": int(wait_after(job.attempts).total_seconds())})


@contextmanager
def _given_up(job: Job, subscription: int) -> Iterator[None]:
    """After the last attempt nothing more is told until it asks anew."""
    from salus.accounts.notifying import ATTEMPTS, NotHeard
    from salus.accounts.subscriptions import fail
    from salus.kernel.clock import now

    try:
        yield
    except NotHeard as error:
        if job.attempts + 1 >= ATTEMPTS:
            fail(subscription=subscription, at=now(), error=str(error))
        raise


@patient_feed.task(name="tell", retry=5)
def _tell_of_persons(
    persons: list[int], new: bool = False, link: int | None = None, ended: bool = False
) -> None:
    from django.db import transaction

    from salus.kernel.clock import now
    from salus.mpi.fhir.telling import News, tell

    with transaction.atomic():
        tell(News(persons=tuple(persons), new=new, link=link, ended=ended), at=now())


@patient_feed.task(name="notify", retry=_Later(), pass_context=True)
def _notify_of_persons(
    context: JobContext,
    subscription: int,
    persons: list[int],
    new: bool = False,
    link: int | None = None,
    ended: bool = False,
) -> None:
    from salus.kernel.clock import now
    from salus.mpi.fhir.telling import News, notify

    news = News(persons=tuple(persons), new=new, link=link, ended=ended)
    with _given_up(context.job, subscription):
        notify(subscription, news, at=now())


@directory_feed.task(name="tell", retry=5)
def _tell_of_directory() -> None:
    from django.db import transaction

    from salus.directory.announcing import tell
    from salus.kernel.clock import now

    with transaction.atomic():
        tell(at=now())


@directory_feed.task(name="notify", retry=_Later(), pass_context=True)
def _notify_of_directory(context: JobContext, subscription: int) -> None:
    from salus.directory.fhir.telling import follow
    from salus.kernel.clock import now

    with _given_up(context.job, subscription):
        follow(subscription, at=now())
