"""What a cycle recalls says how good its agents' words were, as far as it was known then."""

from __future__ import annotations

from typing import Any, cast

import pytest

from activities.closing import Exchange
from activities.memory import MemoryActivities, Shelf
from adapters.memory.exact import ExactMemory
from adapters.memory.grounds import MemoryGrounds
from backtest.cycles.shelf import Wordless
from tests.fakes.memory import MemorySnapshots
from tests.making import after, cycle
from tests.trading.agents import cases
from tests.trading.opinions import remembered, voice
from trading.agents.questions import Agent
from trading.costs import Costs
from trading.features import FEATURES, features_of
from trading.instruments import Side
from trading.memory_ports import EMBEDDING_SIZE
from trading.steps import RecallAsked, Stage

DAY = 24 * 60


class Nothing:
    """Snapshots that nobody looks into: no entry is proposed."""

    async def load(self, snapshot_id: str) -> None:
        """None is asked for."""


@pytest.mark.parametrize(("day", "opinions"), [(2, []), (3, [1]), (4, [2])])
async def test_scores_are_recalled_as_they_were_at_the_moment(day: int, opinions: list[int]) -> None:
    """Decided on days 1 and 2, each resolved two days later."""
    memory = ExactMemory()
    said = [remembered("60", voice(Agent.VALIDATOR, 0.6), number=number) for number in (1, 2)]
    kept = [one.model_copy(update={"features": (0.0,) * len(FEATURES)}) for one in said]
    await memory.remember(kept, [(0.0,) * EMBEDDING_SIZE] * 2, "none")
    nothing: Any = Nothing()
    shelf = Shelf(memory, MemoryGrounds(), Wordless())
    activities = MemoryActivities(shelf, nothing, nothing, Exchange(nothing, nothing, "none"), Costs())
    stage = Stage(cycle=cycle("AAPL"), as_of=after(DAY * day), in_session=True)
    told = await activities.recall_precedents(RecallAsked(stage=stage, snapshot_id="s", proposals=()))
    assert [one.opinions for one in told.scores] == opinions
    assert told.precedents == ()


@pytest.mark.parametrize(("day", "known"), [(1, []), (2.9, []), (3, [1]), (4, [1, 2])])
async def test_a_cycle_of_the_past_is_told_of_no_precedent_that_was_learned_later(day: float, known: list[int]) -> None:
    """By the moment that the cycle reasons about, whenever it is run: the clock of this test is years later."""
    snapshot = cases.snapshot(cases.facts())
    features = features_of(snapshot.facts("AAPL"), Side.BUY, "manual", "Technology")
    memory = ExactMemory()
    kept = [remembered("60", number=number, symbol=f"A{number}") for number in (1, 2)]
    kept = [one.model_copy(update={"features": features}) for one in kept]
    await memory.remember(kept, [(0.0,) * EMBEDDING_SIZE] * 2, "none")
    nothing, shelf = cast("Any", Nothing()), Shelf(memory, MemoryGrounds(), Wordless())
    seen = MemorySnapshots(snapshot)
    activities = MemoryActivities(shelf, nothing, seen, Exchange(nothing, nothing, "none"), Costs())
    stage = Stage(cycle=cycle("AAPL"), as_of=after(DAY * day), in_session=True)
    asked = RecallAsked(stage=stage, snapshot_id=snapshot.snapshot_id, proposals=(cases.proposal("AAPL"),))
    [precedents] = (await activities.recall_precedents(asked)).precedents
    assert sorted(one.symbol for one in precedents.wins) == [f"A{number}" for number in known]
    assert precedents.losses == ()
