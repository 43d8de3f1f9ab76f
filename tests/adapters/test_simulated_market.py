"""The simulated market: the same numbers for ever, bars that agree with quotes, nothing known too early."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest

from activities.market import look
from adapters.exchange_calendar import ExchangeCalendar
from adapters.simulated_market import SimulatedMarket
from trading.bars import Bars
from trading.errors import BadConfiguration, UnknownSymbol
from trading.market import Dropped, Quote
from trading.readings import Reading
from trading.snapshots import assemble, last_completed

SYMBOLS = ["AAPL", "GLD", "JPM", "KO", "SPY", "XOM"]
CLOSED_AT = datetime(2026, 11, 20, 21, tzinfo=UTC)
OPENED_AT = datetime(2026, 11, 20, 14, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def calendar() -> ExchangeCalendar:
    return ExchangeCalendar("XNYS", until=date(2026, 11, 22))


@pytest.fixture(scope="module")
def market(calendar: ExchangeCalendar) -> SimulatedMarket:
    return SimulatedMarket(7, calendar)


def assert_same_bars(one: Mapping[str, Bars], other: Mapping[str, Bars]) -> None:
    assert one.keys() == other.keys()
    for symbol in one:
        for name in ("session_on", "open", "high", "low", "close", "volume"):
            np.testing.assert_array_equal(getattr(one[symbol], name), getattr(other[symbol], name), err_msg=symbol)


async def quote(market: SimulatedMarket, symbol: str, at: datetime) -> Quote:
    found = (await market.quotes([symbol], at))[symbol]
    assert isinstance(found, Quote)
    return found


async def test_a_seed_always_makes_the_same_market(market: SimulatedMarket, calendar: ExchangeCalendar) -> None:
    again = SimulatedMarket(7, calendar)
    assert_same_bars(await market.bars(SYMBOLS, CLOSED_AT, 300), await again.bars(SYMBOLS[::-1], CLOSED_AT, 300))
    at = OPENED_AT + timedelta(minutes=77)
    assert await market.quotes(SYMBOLS, at) == await again.quotes(SYMBOLS, at)


async def test_these_numbers_are_the_ones_this_seed_has_always_made(market: SimulatedMarket) -> None:
    bars = (await market.bars(["AAPL"], datetime(2015, 1, 6, 21, tzinfo=UTC), 10))["AAPL"]
    assert bars.session_on.astype(str).tolist() == ["2015-01-02", "2015-01-05", "2015-01-06"]
    assert bars.open.tolist() == [146.69, 146.55, 146.13]
    assert bars.high.tolist() == [148.22, 146.8, 146.47]
    assert bars.low.tolist() == [146.63, 144.16, 145.36]
    assert bars.close.tolist() == [147.6, 145.77, 145.59]
    assert bars.volume.tolist() == [10133049, 14257684, 11515963]


async def test_another_seed_makes_another_market(market: SimulatedMarket, calendar: ExchangeCalendar) -> None:
    other = await SimulatedMarket(8, calendar).bars(["AAPL"], CLOSED_AT, 300)
    assert not np.array_equal(other["AAPL"].close, (await market.bars(["AAPL"], CLOSED_AT, 300))["AAPL"].close)


async def test_time_that_passes_never_changes_the_past(market: SimulatedMarket) -> None:
    shorter = SimulatedMarket(7, ExchangeCalendar("XNYS", until=date(2019, 3, 1)))
    then = datetime(2019, 2, 28, 21, tzinfo=UTC)
    assert_same_bars(await shorter.bars(SYMBOLS, then, 5000), await market.bars(SYMBOLS, then, 5000))
    whole, before = await market.bars(SYMBOLS, CLOSED_AT, 5000), await market.bars(SYMBOLS, then, 5000)
    assert_same_bars({s: bars.until(then.date()) for s, bars in whole.items()}, before)


async def test_bars_are_sound_and_one_for_every_session(market: SimulatedMarket, calendar: ExchangeCalendar) -> None:
    bars = await market.bars(SYMBOLS, CLOSED_AT, 5000)
    days = [session.session_on for session in calendar.sessions(date(2015, 1, 2), CLOSED_AT.date())]
    for symbol in SYMBOLS:
        assert bars[symbol].defect() is None
        assert bars[symbol].session_on.tolist() == days


async def test_a_bar_is_seen_from_its_closing_bell_on(market: SimulatedMarket) -> None:
    just_before = await market.bars(["KO"], CLOSED_AT - timedelta(microseconds=1), 3)
    assert just_before["KO"].last_session_on == date(2026, 11, 19)
    assert (await market.bars(["KO"], CLOSED_AT, 3))["KO"].last_session_on == date(2026, 11, 20)
    assert len(just_before["KO"]) == 3


@pytest.mark.parametrize("day", [date(2026, 11, 20), date(2025, 11, 28)], ids=["full day", "half day"])
async def test_a_session_goes_from_its_open_to_its_close_within_low_and_high(
    market: SimulatedMarket, calendar: ExchangeCalendar, day: date
) -> None:
    session = calendar.session(day)
    assert session is not None
    minutes = (session.closes_at - session.opens_at) // timedelta(minutes=1)
    bars = await market.bars(SYMBOLS, session.closes_at, 1)
    asked = [await market.quotes(SYMBOLS, session.opens_at + timedelta(minutes=m)) for m in range(minutes + 1)]
    for symbol, bar in bars.items():
        quotes = [found for minute in asked if isinstance(found := minute[symbol], Quote)]
        assert len(quotes) == minutes + 1
        low, high = Decimal(repr(float(bar.low[0]))), Decimal(repr(float(bar.high[0])))
        assert all(low <= q.bid <= q.last <= q.ask <= high for q in quotes)
        assert (quotes[0].last, quotes[-1].last) == tuple(Decimal(repr(float(c[0]))) for c in (bar.open, bar.close))
        # It turns between two minutes, so the extremes are nearly met.
        assert max(q.last for q in quotes) - min(q.last for q in quotes) >= (high - low) * Decimal("0.9")
        assert any(q.bid < q.ask for q in quotes)


async def test_a_price_stands_for_its_minute_and_is_quoted_now(market: SimulatedMarket) -> None:
    at = OPENED_AT + timedelta(minutes=5, seconds=59)
    found = await quote(market, "AAPL", at)
    assert found.quoted_at == at
    assert found.last == (await quote(market, "AAPL", OPENED_AT + timedelta(minutes=5))).last


@pytest.mark.parametrize("hours", [0, 1, 24, 65])
async def test_outside_a_session_the_quote_is_the_last_close(market: SimulatedMarket, hours: int) -> None:
    found = await quote(market, "AAPL", CLOSED_AT + timedelta(hours=hours))
    assert found.quoted_at == CLOSED_AT
    assert float(found.last) == (await market.bars(["AAPL"], CLOSED_AT, 1))["AAPL"].close[0]


async def test_symbols_move_together_but_not_alike(market: SimulatedMarket) -> None:
    bars = await market.bars(SYMBOLS, CLOSED_AT, 2500)
    table = np.corrcoef([np.diff(np.log(bars[symbol].close)) for symbol in SYMBOLS])
    others = table[~np.eye(len(SYMBOLS), dtype=bool)]
    assert 0.1 < others.min() < others.max() < 0.8


async def test_every_symbol_makes_a_snapshot(market: SimulatedMarket, calendar: ExchangeCalendar) -> None:
    at = OPENED_AT + timedelta(hours=2)
    instruments, bars, quotes = await asyncio.gather(
        market.instruments(SYMBOLS), market.bars(SYMBOLS, at, 300), market.quotes(SYMBOLS, at)
    )
    reading = Reading(market.name, market.adjustment, market.synthetic, at, at, instruments, bars, quotes)
    completed_on = last_completed(calendar, at).session_on
    snapshot = assemble(reading, SYMBOLS, completed_on=completed_on, max_quote_age=timedelta(seconds=60))
    assert [facts.instrument.symbol for facts in snapshot.symbols] == SYMBOLS
    assert snapshot.synthetic


async def test_before_its_first_session_there_is_nothing(market: SimulatedMarket) -> None:
    at = datetime(2015, 1, 2, 14, tzinfo=UTC)
    assert await market.bars(["AAPL"], at, 10) == {}
    dropped = (await market.quotes(["AAPL"], at))["AAPL"]
    assert isinstance(dropped, Dropped)
    assert dropped.code == "missing"


async def test_symbols_it_does_not_have_are_all_named(market: SimulatedMarket) -> None:
    with pytest.raises(UnknownSymbol, match="has no NOPE, ZZZ;"):
        await market.instruments(["ZZZ", "AAPL", "NOPE"])
    assert await market.bars(["ZZZ"], CLOSED_AT, 10) == {}
    assert isinstance((await market.quotes(["ZZZ"], CLOSED_AT))["ZZZ"], Dropped)


async def test_its_companies_are_sixty_with_their_sectors(market: SimulatedMarket) -> None:
    facts = await market.instruments(["AAPL", "SPY"])
    assert (facts["AAPL"].name, facts["AAPL"].sector) == ("Apple Inc.", "Information Technology")
    assert facts["SPY"].sector == "ETF"


async def test_it_speaks_of_now_and_says_that_it_is_made_up(market: SimulatedMarket) -> None:
    assert await market.latest(CLOSED_AT) == CLOSED_AT
    assert market.synthetic


async def test_what_it_hands_out_cannot_be_written_on(market: SimulatedMarket) -> None:
    bars = (await market.bars(["AAPL"], CLOSED_AT, 10))["AAPL"]
    for column in (bars.session_on, bars.open, bars.high, bars.low, bars.close, bars.volume):
        with pytest.raises(ValueError, match="read-only"):
            column[0] = column[1]


def test_a_negative_seed_is_refused(calendar: ExchangeCalendar) -> None:
    with pytest.raises(BadConfiguration, match="seed"):
        SimulatedMarket(-1, calendar)


async def test_on_a_calendar_that_never_closes_a_cycle_finds_sound_prices_at_any_hour() -> None:
    never_closed = ExchangeCalendar("24/7", until=date(2026, 11, 22))
    market = SimulatedMarket(7, never_closed)
    a_sunday = datetime(2026, 11, 22, tzinfo=UTC)
    for hours in (0, 3, 11, 24):
        at = a_sunday + timedelta(hours=hours)
        found = await look(market, never_closed, ["AAPL"], at, max_age=timedelta(seconds=60))
        assert found.dropped == ()
