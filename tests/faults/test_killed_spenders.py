"""Kill -9 between the money that is reserved and the answer that settles it: it counts once, in full or as it was."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

import pytest
from sqlalchemy import text

from adapters.postgres.engine import transaction
from tests.faults.conftest import LANES
from tests.faults.doom import Death
from tests.faults.lanes import Ground, Lane
from tests.faults.proving import tell
from tests.faults.spenders import CAP, MOST, TAKEN, pay

# Where it dies, and whether that attempt is lost for certain.
DEATHS = (
    (Death("reserve", "after", 1), True),
    (Death("reserve", "after", 3), True),
    (Death("keep", "before", 1), True),
    (Death("keep", "before", 3), True),
    (Death("keep", "after", 1), False),
    (Death("keep", "after", 3), False),
)
ROWS = text("SELECT cycle_id, call_id, state, counted_usd FROM model_spend ORDER BY at")
FORGET = text("UPDATE model_spend SET state = 'released', settled_usd = NULL, settled_tokens = NULL")
KEPT = text("SELECT count(*) FROM model_calls WHERE model <> 'rules-1'")

pytestmark = pytest.mark.faults


async def ledger(lane: Lane) -> tuple[Counter[str], Decimal, int]:
    """How many attempts there are of each state, what they count for, and how many answers are kept."""
    async with transaction(lane.engine) as connection:
        rows = (await connection.execute(ROWS)).all()
        kept = (await connection.execute(KEPT)).scalar_one()
        await connection.execute(
            text("UPDATE model_spend SET state = 'released', settled_usd = NULL, settled_tokens = NULL")
        )
    newest = {row.cycle_id for row in rows if row.state != "released"}
    assert len(newest) == 1
    ours = [row for row in rows if row.state != "released"]
    return Counter(row.state for row in ours), sum((row.counted_usd for row in ours), Decimal(0)), kept


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("deaths", [DEATHS[::2], pytest.param(DEATHS, marks=pytest.mark.soak)], ids=["few", "all"])
async def test_a_worker_killed_between_the_reservation_and_the_settlement_pays_for_what_it_did(
    ground: Ground, deaths: tuple[tuple[Death, bool], ...]
) -> None:
    async with ground.lane(f"lane-{LANES}", body=pay) as lane:
        for death, loses in deaths:
            outcome = await lane.suffer(death)
            states, counted, kept = await ledger(lane)
            tell(f"{death}: {dict(states)}, {counted} dollars of {CAP}, {kept} answers")
            assert outcome.wrongs == []
            assert states["settled"] == kept
            # Where the answer was kept, others may still have been under way beside it.
            assert states["lost"] > 0 or not loses
            assert states["reserved"] == 0
            assert counted == states["settled"] * Decimal(TAKEN) + states["lost"] * Decimal(MOST)
            assert counted <= CAP
