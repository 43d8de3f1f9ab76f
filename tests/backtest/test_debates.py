"""A debate in a replay: asked like any agent, and paid once."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from backtest.cycles.run import run_cycles
from tests.backtest import panels
from tests.backtest.deciding import Silent, deciders, file_in, paid
from tests.backtest.replaying import WARM, books_of, lived, plan
from tests.fakes.model import ScriptedModel
from tests.fakes.seats import Dear
from trading.agents.questions import Agent
from trading.events import EventType
from trading.strategy import AGENTS

PANEL = panels.made_up(("ABC", "DEF", "XYZ"), WARM + 9)
DEBATING = plan(PANEL, AGENTS, debate_rounds=2)


async def test_each_candidate_is_argued_about_and_a_second_run_is_free(tmp_path: Path) -> None:
    kept = [file_in(tmp_path)]
    dear = Dear(ScriptedModel(), "0.01")
    desk = await lived(PANEL, DEBATING, deciders=deciders(paid(dear), kept))
    events = [stored.event for stored in (await books_of(desk)).events]
    said = [one for one in events if one.type is EventType.ARGUMENT_MADE]
    debates = {(one.aggregate_id, one.data["symbol"]) for one in said}
    assert len(debates) >= 2
    assert len(said) == 4 * len(debates)
    asked = len(dear.asked)
    assert dear.of(Agent.BULL) == dear.of(Agent.BEAR) == len(said) / 2
    await lived(PANEL, DEBATING, deciders=deciders(paid(dear), kept))
    assert len(dear.asked) == asked
    kept[0].close()


async def test_a_debater_who_is_never_understood_is_told_of_and_changes_nothing() -> None:
    plainly = await run_cycles(PANEL, plan(PANEL, AGENTS), deciders(paid(Dear(ScriptedModel(), "0.01"))))
    silent = await run_cycles(PANEL, DEBATING, deciders(paid(Silent(ScriptedModel(), Agent.BEAR))))
    assert np.array_equal(plainly.equity, silent.equity)
    [caution] = [one for one in silent.cautions if one.code == "abstained"]
    assert caution.reason.startswith("Bear gave no usable answer to ")
