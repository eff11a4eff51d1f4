"""Kill -9 at random moments under a load of writers: what was acknowledged is there once, nothing is half.

SALUS_KILLS says how many of each kind, without it two kinds are drawn; SALUS_KILL_SEED repeats a run;
SALUS_KILL_LOG takes the table.
"""

import os
import random
from collections import Counter
from pathlib import Path

from tests.durability.campaign import KINDS, Campaign
from tests.durability.ledger import Ledger
from tests.durability.site import Start

KILLS = int(os.environ.get("SALUS_KILLS", "0"))
SEED = int(os.environ.get("SALUS_KILL_SEED") or random.randrange(2**32))
LOG = os.environ.get("SALUS_KILL_LOG")


def test_kills_under_load(start: Start, nation: Path, ledger: Ledger) -> None:
    print(f"SALUS_KILL_SEED={SEED}")
    kinds = [*KINDS] * KILLS or random.Random(SEED).sample([*KINDS], 2)
    with Campaign(start=start, data=nation, ledger=ledger, seed=SEED) as campaign:
        try:
            campaign.fight(kinds)
        finally:
            print(report := campaign.report())
            if LOG:
                Path(LOG).write_text(report)
    assert campaign.site.stop()[0] == 0
    wanted = Counter(kind.name for kind in kinds)
    assert {name: score.kills for name, score in campaign.scores.items()} == wanted
    assert all(score.acknowledged for score in campaign.scores.values())
