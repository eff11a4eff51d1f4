"""`salus audit verify` and `salus audit prune`."""

from contextlib import closing

from django.conf import settings
from django.utils.timezone import get_default_timezone
from tqdm import tqdm

from config.sequencer import copies, signer
from salus.audit import log
from salus.audit.findings import Verdict
from salus.audit.pruning import prune
from salus.audit.verification import verify
from salus.country import country
from salus.kernel.clock import now
from salus.kernel.errors import SalusError
from salus.kernel.month import Month
from salus.kernel.postgres import login


def verify_log() -> int:
    """Print every finding; raises SalusError when there is one."""
    sequencer = login(settings.DATA, "sequencer")
    with closing(log.connect(sequencer)) as connection:
        events, _ = log.end(connection)
    with tqdm(total=events, unit=" events", unit_scale=True, disable=None) as bar:
        verdict = verify(lambda: log.connect(sequencer), copies(), progress=bar.update)
    for finding in verdict.findings:
        print(finding)
    for line in _state(verdict):
        print(line)
    if verdict.findings:
        raise SalusError(
            f"{len(verdict.findings)} findings in the event log;"
            " docs/how-to/verify-the-event-log.md says what each means"
        )
    return 0


def _state(verdict: Verdict) -> list[str]:
    lines = [f"pruned by rule {rule}: {count} events" for rule, count in verdict.pruned.items()]
    if verdict.unsequenced:
        lines.append(
            f"not in the log yet: {verdict.unsequenced} events; the newest head is"
            f" {verdict.window.total_seconds():.0f} seconds old"
        )
    if not verdict.findings:
        head = (
            f", as signed {verdict.head.at.isoformat(timespec='seconds')}" if verdict.head else ""
        )
        lines.append(
            f"{verdict.events} events are in the log, each unchanged and in its place{head}"
        )
    return lines


def prune_log(*, really: bool) -> int:
    """Print what is dropped, or would be; raises NotPrunable at a month that must stay."""
    with (
        closing(log.connect(login(settings.DATA, "sequencer"))) as events,
        closing(log.connect(login(settings.DATA, "owner"))) as owner,
    ):
        for pruned in prune(
            events,
            owner,
            signer(),
            retention=country().EVENT_RETENTION,
            now=now(),
            zone=get_default_timezone(),
            rolled_up_until=rolled_up_until(),
            really=really,
        ):
            print(f"{pruned.month}: {pruned.events} events {'dropped' if really else 'to drop'}")
    return 0


def rolled_up_until() -> Month | None:
    """The last month whose published figures no longer need its events; None: no month yet."""
    return None
