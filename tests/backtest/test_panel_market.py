"""A panel asked as a market says what a folder of the same bars says."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from activities.market import SESSIONS
from adapters.file_market import FileMarket
from backtest.cycles.clock import BarClock
from backtest.cycles.market import PanelMarket
from tests.backtest import panels
from trading.bars import Bars
from trading.errors import UnknownSymbol
from trading.market import Dropped, Quote
from trading.rules.view import Seen
from trading.snapshots import assemble, last_completed

MARKET = PanelMarket(panels.sample(), panels.CALENDAR)
FILES = FileMarket(panels.SAMPLE, panels.CALENDAR)
BEGAN, ENDED = datetime(2016, 8, 6, tzinfo=UTC), datetime(2017, 11, 12, tzinfo=UTC)


@settings(max_examples=20, deadline=None)
@given(at=st.datetimes(BEGAN.replace(tzinfo=None), ENDED.replace(tzinfo=None), timezones=st.just(UTC)))
async def test_it_says_what_the_folder_says_at_any_moment(at: datetime) -> None:
    symbols = ["AAPL", "XOM"]
    assert await MARKET.quotes(symbols, at) == await FILES.quotes(symbols, at)
    ours, theirs = await MARKET.bars(symbols, at, 30), await FILES.bars(symbols, at, 30)
    assert ours.keys() == theirs.keys()
    for symbol in ours:
        assert np.array_equal(ours[symbol].session_on, theirs[symbol].session_on)
        assert np.array_equal(ours[symbol].close, theirs[symbol].close)
    assert await MARKET.latest(at) == await FILES.latest(at)


async def test_a_snapshot_of_it_is_that_of_the_folder_to_the_last_bit() -> None:
    at = panels.CALENDAR.last_session(ENDED).closes_at
    symbols = panels.sample().symbols
    ours, theirs = [
        assemble(
            await market.look(symbols, at, SESSIONS),
            symbols,
            completed_on=last_completed(panels.CALENDAR, at).session_on,
            max_quote_age=timedelta(0),
            history=True,
        )
        for market in (MARKET, FILES)
    ]
    assert [one.indicators for one in ours.symbols] == [one.indicators for one in theirs.symbols]
    assert [one.history for one in ours.symbols] == [one.history for one in theirs.symbols]
    # What a rule is given in a replay, without the way through a snapshot.
    bars = (await MARKET.bars(["GE"], at, 260))["GE"]
    seen = Seen.of(theirs.facts("GE")).bars
    for name in ("session_on", "open", "high", "low", "close", "volume"):
        assert np.array_equal(getattr(seen, name), getattr(bars, name))


async def test_a_symbol_without_a_bar_that_day_has_its_last_and_nobody_can_write_to_it() -> None:
    panel = panels.sample()
    close = panel.close.copy()
    close[-2:, 0] = np.nan
    market = PanelMarket(replace(panel, close=close), panels.CALENDAR)
    quote = (await market.quotes(["AAPL"], ENDED))["AAPL"]
    bars = (await market.bars(["AAPL"], ENDED, 5))["AAPL"]
    assert isinstance(quote, Quote)
    assert quote.quoted_at.date() == bars.last_session_on == panels.day(panel, -3)
    assert isinstance(bars, Bars)
    with pytest.raises(ValueError, match="read-only"):
        bars.close[0] = 1.0


async def test_it_does_not_know_what_is_not_in_the_panel() -> None:
    with pytest.raises(UnknownSymbol, match="ZZZ"):
        await MARKET.instruments(["AAPL", "ZZZ"])
    assert isinstance((await MARKET.quotes(["ZZZ"], ENDED))["ZZZ"], Dropped)
    assert await MARKET.bars(["ZZZ"], ENDED, 5) == {}


def test_a_replay_never_goes_back() -> None:
    bell = BarClock(BEGAN)
    bell.set(ENDED)
    assert bell() == ENDED
    with pytest.raises(ValueError, match="never goes back"):
        bell.set(BEGAN)
