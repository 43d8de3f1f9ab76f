"""Setups that have failed before, end to end: three lose in a replay, and the fourth is denied by their memories."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from activities.calls import Seat
from activities.casting import Cast
from adapters.prompts import read_prompts
from backtest.cycles.deciders import Deciders
from backtest.cycles.terms import DESK
from backtest.data.panel import Panel
from tests.backtest import panels
from tests.backtest.replaying import WARM, books_of, lived, plan
from tests.fakes.model import ScriptedModel, Words, price, signal
from trading.agents.questions import Agent, Asking, Question
from trading.backtest_plan import FillAt, Frictions
from trading.costs import Costs
from trading.events import Event, EventType
from trading.memory import Course, Remembered
from trading.precedents import Heed
from trading.rules import View
from trading.signals import Action, Signal
from trading.strategy import AGENTS

EPISODE = 30
"""Sessions from one such setup to the next: ten up, three down, and back to where it was."""
FREE = Frictions(costs=Costs(slippage_bps=Decimal(0)))


def failing(times: int) -> Panel:
    """A price that climbs ten sessions, breaks down the day after, and is itself again; traded so many times."""
    panel = panels.made_up(("AAA",), WARM + EPISODE * times)
    climb, fall = np.linspace(50.4, 54, 10), np.array([50.0, 47.0, 46.0])
    one = np.concatenate([climb, fall, np.linspace(46.2, 50.0, 10), 50 + 0.2 * np.sin(np.arange(EPISODE - 23))])
    close = np.round(np.tile(one, WARM // EPISODE + 1 + times)[-len(panel.days) :], 2)[:, None]
    opens = np.vstack([close[:1], close[:-1]])
    high, low = np.maximum(opens, close) + 0.05, np.minimum(opens, close) - 0.05
    return replace(panel, open=opens, high=high, low=low, close=close, volume=np.full(close.shape, 1e6))


class Climber:
    """Buys what has risen ten sessions in a row, with a stop four percent below."""

    def signals(self, view: View) -> list[Signal]:
        found: list[Signal] = []
        for symbol, seen in view.symbols.items():
            bars, price = seen.bars, seen.quote.last
            if len(bars) > 10 and np.all(np.diff(bars.close[-10:]) > 0) and bars.close[-1] >= 53.9:
                stop = (price * Decimal("0.96")).quantize(Decimal("0.01"))
                found.append(
                    Signal(
                        symbol=symbol,
                        action=Action.BUY,
                        confidence=0.8,
                        weight=Decimal("0.1"),
                        stop=stop,
                        reasoning="It has risen for ten sessions.",
                    )
                )
        return found


CLIMBER = "tests.backtest.test_memory:Climber"


async def told(panel: Panel, **changes: Any) -> tuple[list[Event], tuple[Remembered, ...]]:
    """The denials by precedent of a replay, and what it remembers in the end."""
    wanted = {"limits": None, "frictions": FREE, "fill": FillAt.CLOSE, "heed": Heed(), **changes}
    one = await lived(panel, plan(panel, CLIMBER, **wanted))
    books = await books_of(one)
    events = [s.event for s in books.events if s.event.type is EventType.CONSTRAINT_APPLIED]
    kept: tuple[Remembered, ...] = ()
    if one.desk.shelf is not None:
        kept = await one.desk.shelf.memory.resolved(DESK, one.days[-1].session.closes_at, 1000)
    return [event for event in events if event.data["limit"] == "precedent"], kept


async def test_the_fourth_setup_is_denied_by_the_memories_of_three_that_failed() -> None:
    denied, kept = await told(failing(4))
    traded = [one for one in kept if one.outcome and one.outcome.course is Course.TRADED]
    assert [one.outcome.exit_reason for one in traded if one.outcome] == ["stop"] * 3
    [event] = denied
    names = event.data["memory_ids"]
    assert isinstance(names, list)
    assert set(map(str, names)) == {one.setup.memory_id for one in traded}
    assert (event.data["symbol"], event.data["denied"], event.data["after"]) == ("AAA", True, "0")
    assert "3 setups within 0.75 of this one have failed" in str(event.data["reason"])


@pytest.mark.parametrize("changes", [{"heed": None}, {"heed": Heed(failed_times=4)}])
async def test_a_fourth_setup_is_tried_where_that_is_not_too_many(changes: dict[str, Any]) -> None:
    denied, _ = await told(failing(4), **changes)
    assert denied == []


def climbing(question: Question) -> Words:
    """The DataAgent's word: buy at the top of the climb."""
    figures = question.facts["figures"]
    assert isinstance(figures, dict)
    at = price(question)
    ends = at >= 53.9 and float(str(figures["return_5d"])) > 0
    return signal(question, "buy", weight=0.1, stop=round(at * 0.96, 2)) if ends else signal(question, "hold")


async def test_agents_are_told_of_what_failed_and_then_denied() -> None:
    model = ScriptedModel({Agent.DATA: climbing, Agent.REFLECTOR: lambda _: {"lesson": "It broke down the day after."}})
    free = Seat(model, Asking(model="scripted"), is_free=True)
    panel, who = failing(4), Deciders(cast=Cast(dict.fromkeys(Agent, free), read_prompts(), free))
    wanted = plan(panel, AGENTS, limits=None, frictions=FREE, fill=FillAt.CLOSE, heed=Heed())
    books = await books_of(await lived(panel, wanted, deciders=who))
    said = [s.event for s in books.events]
    [denied] = [one for one in said if one.data.get("limit") == "precedent"]
    assert isinstance(denied.data["memory_ids"], list)
    assert len(denied.data["memory_ids"]) == 3
    lessons = [one for one in said if one.type is EventType.LESSON_LEARNED]
    assert {str(one.data["memory_id"]) for one in lessons} >= set(map(str, denied.data["memory_ids"]))
    asked = [one.facts.get("precedents") for one in model.asked if one.agent is Agent.VALIDATOR]
    assert [len(one["losses"]) if isinstance(one, dict) else 0 for one in asked] == [0, 1, 2]  # type: ignore[arg-type]
    told = asked[2]
    assert isinstance(told, dict)
    assert "<untrusted>It broke down the day after.</untrusted>" in str(told["losses"])
