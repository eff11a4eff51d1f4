"""The child `sequencer` of `salus serve`, and the same work at the end of `salus simulate`."""

import logging
import os
import signal
import sys
from contextlib import closing

import django
import psycopg
from django.conf import settings
from tqdm import tqdm

from salus.audit import log
from salus.audit.heads import Copies
from salus.audit.sequencer import INTERVAL, sequence
from salus.kernel.data_folder import secret
from salus.kernel.errors import SalusError
from salus.kernel.postgres import login
from salus.kernel.signing import Signer

_STOP = (signal.SIGTERM, signal.SIGINT)


def sequence_everything() -> None:
    """Take all events into the log, with a bar on a terminal."""
    with (
        closing(log.connect(login(settings.DATA, "sequencer"))) as connection,
        tqdm(
            total=max(log.estimated_events(connection) - log.end(connection)[0], 0),
            desc="event log",
            unit=" rows",
            unit_scale=True,
            disable=None,  # no bar unless on a terminal
        ) as bar,
    ):
        sequence(connection, signer(), copies(), progress=bar.update)


def copies() -> Copies:
    made = Copies(settings.HEADS)
    made.make()
    return made


def signer() -> Signer:
    return Signer(secret(settings.DATA, "log_signing_key"), copies().keys_file)


def main() -> int:
    """Go round until SIGTERM, which waits for the end of a round; a last one leaves nothing outside."""
    signal.pthread_sigmask(signal.SIG_BLOCK, _STOP)
    stopped = None
    while True:
        try:
            with closing(log.connect(login(settings.DATA, "sequencer"))) as connection:
                sequence(connection, signer(), copies())
        except psycopg.OperationalError:
            # The embedded database ends with its parent; a server of one's own comes back.
            logging.getLogger(__name__).warning("the database does not answer")
        except SalusError as error:
            print(f"salus: {error}", file=sys.stderr)
            return 1
        if stopped:
            return 0
        stopped = signal.sigtimedwait(_STOP, INTERVAL)


if __name__ == "__main__":
    os.environ["SALUS_ROLE"] = "sequencer"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    sys.exit(main())
