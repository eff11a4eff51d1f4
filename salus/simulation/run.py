"""`salus simulate`: fill an empty installation with the synthetic nation, or go on where it stopped."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from zoneinfo import ZoneInfo

from django.apps import apps
from django.conf import settings
from django.db import connection, transaction
from tqdm import tqdm

from salus.accounts.models import Account
from salus.directory.finding.listing import TABLES, list_everything
from salus.directory.models import Listing, Organization, Practitioner
from salus.kernel import clock
from salus.kernel.errors import AlreadyRunning, Conflict, InvalidInput
from salus.kernel.month import Month
from salus.mpi.models import Person
from salus.shared_record.store import ContentStore
from salus.simulation.blocks import blocks, first_free_ids
from salus.simulation.calibration import CALIBRATION, plan
from salus.simulation.lives import World, make_world
from salus.simulation.load import reserve_ids, vacuum
from salus.simulation.models import Block, Nation
from salus.simulation.sampling import ScaleTooSmall
from salus.simulation.timeline import FIRST, Timeline
from salus.simulation.writers import wait_for_writers, write_all

_SMALLEST = 1_000  # below it a month lacks the few professionals and closures that it needs
_LOCK = 7_226_287  # "salus" on a telephone's keys, without its vowels


def simulate(
    *,
    denominator: int,
    until: Month,
    seed: int,
    as_owner: Callable[[str], None],
    progress: bool = True,
) -> None:
    """Make the nation at scale 1/denominator live up to the end of ``until``.

    ``as_owner`` does what only the owner of the tables may: "set-aside" and "put-back".
    Raises AlreadyRunning beside another simulation, Conflict in an installation with other rows,
    ScaleTooSmall below 1/1000, InvalidInput for a month that is not over or before FIRST.
    """
    if denominator > _SMALLEST:
        raise ScaleTooSmall(
            f"the smallest nation is 1/{_SMALLEST}: choose a larger scale, as 1/100"
        )
    if not FIRST <= until <= clock.last_complete_month():
        raise InvalidInput(
            f"the nation lives from {FIRST} to {clock.last_complete_month()}: choose --until there"
        )
    with alone():
        wait_for_writers()  # of a run that was killed
        nation = _nation(denominator, until, seed)
        if nation.finished_at:
            _say(f"this nation is here already: scale 1/{denominator}, until {until}, seed {seed}")
            return
        line = Timeline(max(until, CALIBRATION), ZoneInfo(settings.TIME_ZONE))
        world = make_world(plan(denominator=denominator, until=until), line, seed)
        reserve_ids(first_free_ids(world))
        _write_blocks(world, until, as_owner, progress)
        as_owner("put-back")
        vacuum(loaded_tables())
        _list_directory()
        Nation.objects.update(finished_at=clock.now())


def _list_directory() -> None:
    """What the public finds, from the tables that are loaded."""
    with transaction.atomic():
        if not Listing.objects.exists():  # else by a run that was killed after it
            list_everything(today=clock.now().date())
    vacuum(TABLES)


def loaded_tables() -> list[str]:
    """Those of the domains: the nation fills nearly all of them."""
    return sorted(
        model._meta.db_table
        for app in apps.get_app_configs()
        if app.name in settings.DOMAINS
        for model in app.get_models()
    )


def _write_blocks(
    world: World, until: Month, as_owner: Callable[[str], None], progress: bool
) -> None:
    works = blocks(world, until, store=ContentStore(settings.DATA))
    done = set(Block.objects.values_list("name", flat=True))
    missing = [work for work in works if work.name not in done]
    if missing and not _others_are_here():
        as_owner("set-aside")
    with tqdm(
        total=sum(work.rows for work in works),
        initial=sum(work.rows for work in works if work.name in done),
        unit=" rows",
        unit_scale=True,
        disable=None if progress else True,  # None: no bar unless on a terminal
    ) as bar:
        for work in write_all(missing):
            bar.set_description(work.name.split("/")[0], refresh=False)
            bar.update(work.rows)


@contextmanager
def alone() -> Iterator[None]:
    """Keep others from filling this installation. Raises AlreadyRunning when one does."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_try_advisory_lock(%s)", [_LOCK])
        if not cursor.fetchone()[0]:
            raise AlreadyRunning("another simulation is filling this installation: wait for it")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("select pg_advisory_unlock(%s)", [_LOCK])


def _others_are_here() -> bool:
    """Whether somebody may write beside the simulation: then every constraint must hold at every moment."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select exists (select from pg_stat_activity where datname = current_database()"
            " and pid <> pg_backend_pid()"
            " and usesysid in (select oid from pg_roles where not rolsuper))"
        )
        return bool(cursor.fetchone()[0])


def _nation(denominator: int, until: Month, seed: int) -> Nation:
    """The nation of this installation, begun now if there is none."""
    nation = Nation.objects.first()
    if nation is None:
        if any(model.objects.exists() for model in (Person, Practitioner, Organization, Account)):
            raise Conflict(
                "this installation holds other people's rows: simulate into another folder with --data"
            )
        return Nation.objects.create(
            scale_denominator=denominator, until=until.first_day, seed=seed
        )
    known = (nation.scale_denominator, Month.of(nation.until), nation.seed)
    if known != (denominator, until, seed):
        raise Conflict(
            f"this installation holds another nation (scale 1/{known[0]}, until {known[1]}, seed "
            f"{known[2]}): simulate into another folder with --data"
        )
    return nation


def _say(text: str) -> None:
    print(text)  # noqa: T201  # part of the command
