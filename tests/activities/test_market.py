"""Looking at the market: what a fallback leaves behind, and what becomes of symbols that it does not know."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.testing import ActivityEnvironment

from activities.market import MarketActivities
from adapters.earnings_file import EarningsFile
from adapters.market_chain import MarketChain
from adapters.postgres.snapshots import PostgresSnapshots
from settings import MarketSettings, Settings
from tests.fakes.faulty import Fault, faulty
from tests.fakes.market import FakeMarket
from tests.fakes.memory import MemorySnapshots
from tests.making import cycle
from tests.rig import CALENDAR
from trading.breaker import TradingState
from trading.cycle_events import snapshot_taken
from trading.errors import MarketUnavailable, UnknownSymbol
from trading.events import Event
from trading.limits import Limits
from trading.market import SnapshotSummary
from trading.steps import Opening, SnapshotAsked, Stage
from wiring.rules import gate_rules

AT = datetime(2026, 11, 20, 17, tzinfo=UTC)
OUT = Fault("look", 1, "before", "error", raises=MarketUnavailable)


async def taken(engine: AsyncEngine, *faults: Fault) -> tuple[SnapshotSummary, Event]:
    """A snapshot of a chain whose first market has these faults, as it travels and as the log has it."""
    markets = [FakeMarket(), FakeMarket()]
    for market in markets:
        market.quote("AAPL", "100", "101", AT)
    chain = MarketChain([faulty(markets[0], *faults), markets[1]])
    snapshots = PostgresSnapshots(engine)
    looking = MarketActivities(chain, CALENDAR, snapshots, timedelta(minutes=1))
    asked = SnapshotAsked(stage=Stage(cycle=cycle("AAPL"), as_of=AT), symbols=("AAPL",))
    summary = await ActivityEnvironment().run(looking.take_snapshot, asked)
    assert (await snapshots.load(summary.snapshot_id)).fallback == summary.fallback
    opening = Opening(
        as_of=AT,
        market=chain.name,
        synthetic=True,
        in_session=True,
        limits=Limits(),
        trading_state=TradingState.ACTIVE,
    )
    return summary, snapshot_taken(cycle("AAPL"), opening, summary, AT)[0]


async def test_a_fallback_is_in_the_snapshot_and_in_the_log(engine: AsyncEngine) -> None:
    summary, event = await taken(engine, OUT)
    assert summary.fallback == "fake: planned: call 1 of look, before"
    assert event.data["fallback"] == summary.fallback
    assert event.data["provider"] == "fake"


async def test_without_one_the_log_says_nothing_of_it(engine: AsyncEngine) -> None:
    summary, event = await taken(engine)
    assert summary.fallback == ""
    assert "fallback" not in event.data


async def looked_at(engine: AsyncEngine, *symbols: str, requested: str = "AAPL") -> SnapshotSummary:
    """A snapshot of a market that knows AAPL and MSFT, for a cycle that was asked for one symbol."""
    market = FakeMarket()
    for symbol in ("AAPL", "MSFT"):
        market.quote(symbol, "100", "101", AT)
    looking = MarketActivities(market, CALENDAR, PostgresSnapshots(engine), timedelta(minutes=1))
    asked = SnapshotAsked(stage=Stage(cycle=cycle(requested), as_of=AT), symbols=symbols)
    return await ActivityEnvironment().run(looking.take_snapshot, asked)


async def test_a_held_symbol_that_the_market_has_ceased_to_know_costs_itself_only(engine: AsyncEngine) -> None:
    summary = await looked_at(engine, "AAPL", "GONE", "MSFT")
    # The made-up bars of this market are of the wrong days; what matters is who was asked about and why who is missing.
    dropped = {one.symbol: (one.code, one.reason) for one in summary.dropped}
    assert dropped["GONE"] == ("missing", "the market does not know it")
    assert {"AAPL", "MSFT"} == {one.instrument.symbol for one in summary.symbols} | dropped.keys() - {"GONE"}
    assert all(code != "missing" for symbol, (code, _) in dropped.items() if symbol != "GONE")


async def test_a_symbol_that_was_asked_for_and_is_unknown_is_an_error(engine: AsyncEngine) -> None:
    with pytest.raises(UnknownSymbol, match="unknown: GONE"):
        await looked_at(engine, "AAPL", "GONE", requested="GONE")


@pytest.mark.parametrize(("seconds", "dropped"), [(60, ["stale"]), (1200, [])])
async def test_how_old_a_price_may_be_is_as_the_settings_say(seconds: int, dropped: list[str]) -> None:
    """Yahoo tells some exchanges' prices a quarter of an hour late: whoever trades on that must be able to say so."""
    market, snapshots = FakeMarket(), MemorySnapshots()
    market.quote("AAPL", "100", "101", AT - timedelta(minutes=15))
    rules = gate_rules(Settings(market=MarketSettings(max_data_age_seconds=seconds)))
    looking = MarketActivities(market, CALENDAR, snapshots, rules.max_data_age)
    asked = SnapshotAsked(stage=Stage(cycle=cycle("AAPL"), as_of=AT, in_session=True), symbols=("AAPL",))
    summary = await ActivityEnvironment().run(looking.take_snapshot, asked)
    assert [each.code for each in summary.dropped] == dropped


async def test_an_owners_days_of_reports_go_before_the_markets_and_are_of_their_time(tmp_path: Path) -> None:
    (tmp_path / "earnings.csv").write_text("symbol,reports_on\nAAPL,2026-11-24\n")
    market, snapshots = FakeMarket(), MemorySnapshots()
    market.quote("AAPL", "100", "101", AT)
    for written_at, told in ((AT - timedelta(days=3), date(2026, 11, 24)), (AT + timedelta(days=1), None)):
        os.utime(tmp_path / "earnings.csv", (written_at.timestamp(), written_at.timestamp()))
        earnings = EarningsFile(tmp_path / "earnings.csv")
        looking = MarketActivities(market, CALENDAR, snapshots, timedelta(minutes=1), earnings)
        asked = SnapshotAsked(stage=Stage(cycle=cycle("AAPL"), as_of=AT, in_session=True), symbols=("AAPL",))
        summary = await ActivityEnvironment().run(looking.take_snapshot, asked)
        [seen] = (await snapshots.load(summary.snapshot_id)).symbols
        assert (seen.earnings_on.next_on if seen.earnings_on else None) == told
