"""Kill -9 in the middle of a debate: it goes on with the next word, and nobody is asked again what he has answered."""

from __future__ import annotations

import asyncio

import pytest

from tests.fakes.faulty import KILLED
from tests.faults.conftest import LANES
from tests.faults.doom import Death
from tests.faults.lanes import Ground
from tests.faults.proving import BOUGHT, asked, at_rest, ended, wrongs
from tests.rig import Ports, request
from tests.strategies import LONG_AGO
from tests.workflows.breaking import opened
from trading.docket import CycleOutcome
from trading.events import EventType
from trading.limits import Limits
from trading.strategy import Strategy, StrategyChange, first_strategy

DEATHS = (Death("argue", "after", 3), Death("argue", "returned", 2))
ROUNDS = 2

pytestmark = pytest.mark.faults


async def let_debate(ports: Ports) -> None:
    """The desk's first strategy, with debates."""
    wanted = first_strategy().model_copy(update={"debate_rounds": ROUNDS})
    change = StrategyChange(desk_id="main", change_id="debates", strategy=wanted, by="test", at=LONG_AGO)
    assert isinstance(await ports.ledger.change_strategy(change, Limits()), Strategy)


async def test_a_debate_goes_on_where_it_was(ground: Ground) -> None:
    for number, death in enumerate(DEATHS):
        async with ground.lane(f"lane-{1 + number % LANES}") as lane:
            await lane.lives.begin()
            await opened(lane.client, lane.ports, "main")
            await let_debate(lane.ports)
            lane.lives.arm(death)
            asking = asyncio.create_task(asked(lane.client, request(*BOUGHT), "main"))
            assert await lane.lives.end() == KILLED
            await lane.lives.begin()
            report = await ended(lane.client, await asking)
            await at_rest(lane.client, "main")
            assert report.outcome is CycleOutcome.TRADED, f"{death}: {report.reason}"
            assert await wrongs(lane.ports, "main") == []
            assert lane.lives.trace.of("asked-again") == []
            questions = [words for _, words in lane.lives.trace.of("asked") if words.startswith(("Bull", "Bear"))]
            assert len(questions) == len(set(questions)) >= 2 * ROUNDS
            books = await lane.ports.ledger.books("main")
            said = [one.event.data for one in books.events if one.event.type is EventType.ARGUMENT_MADE]
            symbols = {one["symbol"] for one in said}
            assert len(said) == 2 * ROUNDS * len(symbols) == len(questions)
