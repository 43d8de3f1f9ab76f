"""Nothing that was asked, said or decided up to a day depends on what came after it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backtest.cycles.deciders import Deciders
from backtest.cycles.market import PanelMarket
from backtest.data.panel import Panel
from tests.backtest import panels
from tests.backtest.replaying import WARM, Asked, books_of, lived, plan
from trading.backtest_plan import FillAt
from trading.events import EventType
from trading.precedents import Heed
from trading.rules import RULES
from trading.strategy import AGENTS

SYMBOLS = ("ABC", "DEF", "XYZ")
DAYS = 9
CUT = WARM + 6
PANEL = panels.made_up(SYMBOLS, WARM + DAYS)
HASTY = Heed(failed_times=1, similar_distance=5)
# Short enough that all of them trade within two weeks.
QUICK = {"sma-crossover": {"fast": 2, "slow": 5}, "sma-cross": {"fast": 2, "slow": 3}}


class Said(NamedTuple):
    """All that a desk said up to a moment: the seal of its log there, which is of every word before; and its asks."""

    seal: str
    events: int
    calls: frozenset[str]
    decided: int


async def said(panel: Panel, strategy: str, sees: Panel | None = None, **more: Any) -> Said:
    """What a desk said up to the cut, that day's close included."""
    journal = Asked()
    market = None if sees is None else PanelMarket(sees, panels.CALENDAR)
    wanted = plan(panel, strategy, parameters=QUICK.get(strategy, {}), **more)
    one = await lived(panel, wanted, deciders=Deciders(journal=journal), market=market)
    bell = next(day.session.closes_at for day in one.days if day.row == CUT)
    events = [stored for stored in (await books_of(one)).events if stored.event.occurred_at <= bell]
    last = f"{bell:%Y%m%d}"
    calls = (ids for cycle, ids in journal.calls.items() if cycle.rsplit("-", 1)[-1] <= last)
    kinds = [stored.event.type for stored in events]
    decided = kinds.count(EventType.RULE_DECISION) + kinds.count(EventType.META_AGENT_DECISION)
    return Said(events[-1].hash, len(events), frozenset().union(*calls), decided)


@pytest.mark.faults
async def test_a_panel_that_ends_at_a_day_says_the_same_up_to_it() -> None:
    whole = {strategy: await said(PANEL, strategy) for strategy in (AGENTS, *RULES)}
    assert whole == {strategy: await said(panels.until(PANEL, CUT), strategy) for strategy in whole}
    # There is something to compare.
    assert whole[AGENTS].calls
    assert whole[AGENTS].decided
    assert sum(bool(one.decided) for one in whole.values()) > len(whole) / 2, whole


async def test_a_desk_that_remembers_says_the_same_up_to_it() -> None:
    whole = await said(PANEL, AGENTS, heed=HASTY)
    assert whole == await said(panels.until(PANEL, CUT), AGENTS, heed=HASTY)
    # It was told of what had come to an end by then, and nothing else.
    assert whole.calls != (await said(PANEL, AGENTS)).calls


@settings(max_examples=5, deadline=None)
@given(
    strategy=st.sampled_from(("momentum-ranking", "sma-cross", "sma-crossover", "volatility-target")),
    fill=st.sampled_from(FillAt),
    seed=st.integers(0, 2**32 - 1),
)
async def test_whatever_the_future_becomes_the_past_stays(strategy: str, fill: FillAt, seed: int) -> None:
    assert await said(changed(PANEL, seed), strategy, fill=fill) == await said(PANEL, strategy, fill=fill)


@pytest.mark.parametrize("strategy", [AGENTS, "sma-crossover"])
async def test_a_market_that_tells_tomorrows_close_as_todays_is_caught(strategy: str) -> None:
    cut = panels.until(PANEL, CUT)
    assert await said(PANEL, strategy, foreseeing(PANEL)) != await said(cut, strategy, foreseeing(cut))


async def test_a_bar_of_tomorrow_under_its_own_date_is_trusted_by_nobody() -> None:
    class Prophet(PanelMarket):
        def _completed_on(self, as_of: object) -> object:  # type: ignore[override]
            del as_of
            return PANEL.days[-1].item()

    one = await lived(PANEL, plan(PANEL), market=Prophet(PANEL, panels.CALENDAR))
    books = await books_of(one)
    dropped = {str(s.event.data["code"]) for s in books.events if s.event.type is EventType.SYMBOL_DROPPED}
    assert dropped == {"future"}
    assert not books.fills


def changed(panel: Panel, seed: int) -> Panel:
    """Other prices and volumes after the cut; what is dearest is still the bar's high."""
    chance = np.random.default_rng(seed)
    after = np.arange(len(panel.days))[:, None] > CUT
    factor = np.where(after, np.exp(chance.normal(0, 0.3, panel.close.shape)), 1.0)
    prices = {name: np.round(getattr(panel, name) * factor, 2) for name in ("open", "high", "low", "close")}
    high, low = np.maximum.reduce(list(prices.values())), np.minimum.reduce(list(prices.values()))
    volume = np.where(after, np.round(chance.uniform(0, 1e6, panel.volume.shape)), panel.volume)
    return replace(panel, **{**prices, "high": high, "low": low, "volume": volume})


def foreseeing(panel: Panel) -> Panel:
    """A panel in which each day has the close of the next; the last has its own."""
    close = np.vstack([panel.close[1:], panel.close[-1:]])
    return replace(panel, close=close, high=np.maximum(panel.high, close), low=np.minimum(panel.low, close))
