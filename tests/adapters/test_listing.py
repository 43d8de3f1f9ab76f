"""Lists of what a market has: of a folder, the simulated market, Alpaca on loopback, and those that have none."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from pydantic import SecretStr

from adapters.alpaca_market import AlpacaAccount, AlpacaMarket
from adapters.company_facts import CompaniesInMemory
from adapters.file_market import FileMarket
from adapters.market_chain import MarketChain
from adapters.simulated_market import SimulatedMarket
from adapters.yfinance_market import YahooAccess, YFinanceMarket
from settings import MarketSettings, Settings
from tests.adapters.wire import alpaca_data as wire
from tests.adapters.wire.alpaca_data import KEY, SECRET, Exchange, Planned
from tests.fakes.market import FakeMarket
from tests.rig import CALENDAR
from trading.errors import MarketRefused, MarketUnavailable
from trading.strategy import Screen
from trading.strategy_ports import Assets
from trading.universes import screened
from wiring.markets import Uncounted, assets_of, market_of

THEN = datetime(2026, 11, 20, 17, tzinfo=UTC)
THURSDAY = date(2026, 11, 19)


@pytest.fixture
def exchange() -> Iterator[Exchange]:
    """An exchange with a share, a fund, a dear and an idle one, and what may not be traded or not on an exchange."""
    shop = Exchange()
    for symbol, price, volume in (
        ("AAPL", 190.0, 50_000_000),
        ("SPY", 600.0, 70_000_000),
        ("BRK.A", 700_000.0, 2_000),
        ("IDLE", 20.0, 1_000),
        ("PINK", 30.0, 9_000_000),
        ("HALTED", 30.0, 9_000_000),
        ("A.LONGER", 30.0, 9_000_000),
        ("NEW", 30.0, 9_000_000),
        ("GONE", 30.0, 9_000_000),
    ):
        shop.assets[symbol] = wire.asset(symbol, tradable=symbol != "HALTED")
        rows = wire.year_of_bars(THURSDAY, price, 60)
        for row in rows:
            row.update(v=volume, c=price)
        shop.bars[symbol] = [*rows, wire.bar(THEN.date(), price * 1.01, volume)]
    shop.assets["PINK"]["exchange"] = "OTC"
    shop.bars["NEW"] = shop.bars["NEW"][-10:]
    shop.bars["GONE"] = shop.bars["GONE"][:-3]
    with wire.serving(shop) as served:
        yield served


def alpaca(exchange: Exchange) -> AlpacaMarket:
    account = AlpacaAccount(
        api_key=SecretStr(KEY),
        api_secret=SecretStr(SECRET),
        data_base_url=exchange.url,
        trading_base_url=exchange.url,
        feed="iex",
        timeout_seconds=2,
    )
    return AlpacaMarket(account, CALENDAR, CompaniesInMemory(), Uncounted())


async def test_alpaca_lists_what_trades_on_an_exchange_with_price_and_volume_of_complete_sessions(
    exchange: Exchange,
) -> None:
    found = {one.instrument.symbol: one for one in await alpaca(exchange).assets(THEN, ())}
    assert sorted(found) == ["AAPL", "BRK.A", "IDLE", "SPY"]
    assert found["AAPL"].price == Decimal("190.000000"), "not the price of the session that is under way"
    assert found["AAPL"].dollar_volume == Decimal("9500000000.00")
    assert (found["AAPL"].instrument.sector, found["SPY"].instrument.sector) == ("Information Technology", "ETF")
    assert found["IDLE"].instrument.sector == "Unknown"
    (path, asked), (other, bars) = exchange.asked
    assert (path, asked) == ("/v2/assets", {"status": "active", "asset_class": "us_equity"})
    assert (other, bars["timeframe"], bars["adjustment"], bars["feed"]) == ("/v2/stocks/bars", "1Day", "split", "iex")
    assert screened(found.values(), Screen(max_price=Decimal(1000))) == ("SPY", "AAPL")


async def test_of_a_sector_only_its_symbols_are_asked_for(exchange: Exchange) -> None:
    found = await alpaca(exchange).assets(THEN, ("Information Technology",))
    assert [one.instrument.symbol for one in found] == ["AAPL"]
    assert exchange.asked[-1][1]["symbols"] == "AAPL"
    assert await alpaca(exchange).assets(THEN, ("No Such Sector",)) == []


async def test_thousands_are_asked_for_in_a_few_requests(exchange: Exchange) -> None:
    exchange.assets = {
        f"{a}{b}{c}": wire.asset(f"{a}{b}{c}")
        for a in "AB"
        for b in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
        for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    }
    assert await alpaca(exchange).assets(THEN, ()) == []
    assert len(exchange.assets) == 1352
    batches = [len(query["symbols"].split(",")) for path, query in exchange.asked if path == "/v2/stocks/bars"]
    assert sorted(batches) == [152, 400, 400, 400]


@pytest.mark.parametrize(
    ("planned", "error"),
    [
        (Planned(401, b"{}"), MarketRefused),
        (Planned(429, b"{}"), MarketUnavailable),
        (Planned(500, b"<html>"), MarketUnavailable),
        (Planned(cut=True), MarketUnavailable),
        (Planned(200, b"<html>"), MarketUnavailable),
    ],
)
async def test_a_list_that_does_not_come_is_named_as_every_failure_is(
    exchange: Exchange, planned: Planned, error: type[Exception]
) -> None:
    exchange.script = [planned]
    with pytest.raises(error, match=r"list of assets|too many requests"):
        await alpaca(exchange).assets(THEN, ())
    exchange.script = [None, planned]
    with pytest.raises(error):
        await alpaca(exchange).assets(THEN, ())


async def test_a_folder_lists_what_traded_in_its_last_session(sample_data: Path) -> None:
    market = FileMarket(sample_data, CALENDAR)
    at = datetime(2017, 11, 10, 21, tzinfo=UTC)
    found = {one.instrument.symbol: one for one in await market.assets(at, ())}
    assert len(found) == 20
    table = pq.read_table(sample_data / "sample_daily.parquet", filters=[("symbol", "=", "AAPL")])
    closes, volumes = (table[name].to_numpy()[-20:] for name in ("close", "volume"))
    assert float(found["AAPL"].dollar_volume) == pytest.approx((closes * volumes).mean(), abs=0.01)
    assert float(found["AAPL"].price) == pytest.approx(closes[-1], abs=1e-6)
    assert {one.instrument.symbol for one in await market.assets(at, ("Energy",))} == {"SLB", "XOM"}
    assert await market.assets(datetime(2016, 8, 20, tzinfo=UTC), ()) == [], "there are no twenty sessions yet"


async def test_the_simulated_market_lists_all_that_it_has() -> None:
    market = SimulatedMarket(1, CALENDAR)
    found = await market.assets(THEN, ())
    assert {one.instrument.symbol for one in found} == market.universe.keys()
    assert screened(found, Screen(most=5)) == screened(reversed(found), Screen(most=5))


async def test_a_chain_asks_the_first_that_has_a_list(sample_data: Path) -> None:
    at = datetime(2017, 11, 10, 21, tzinfo=UTC)
    folder = FileMarket(sample_data, CALENDAR)
    plain = FakeMarket()
    plain.synthetic, plain.historical = False, True
    assert len(await MarketChain([plain, folder]).assets(at, ("Energy",))) == 2
    with pytest.raises(MarketRefused, match=r"over fake\+fake: none of them publishes a list"):
        await MarketChain([plain, plain]).assets(at, ())


async def test_yahoo_refuses_in_one_line(tmp_path: Path) -> None:
    access = YahooAccess(cache_dir=tmp_path, timeout_seconds=1)
    market = YFinanceMarket(access, CALENDAR, CompaniesInMemory(), Uncounted())
    assert not isinstance(market, Assets)
    with pytest.raises(MarketRefused) as refused:
        await assets_of(market).assets(THEN, ())
    assert str(refused.value) == (
        "a screen cannot be made over yfinance, which publishes no list of what it has: "
        "name the symbols, or screen the market alpaca"
    )


def test_every_other_market_of_the_settings_has_a_list() -> None:
    for provider in (FileMarket, SimulatedMarket):
        names: dict[str, Any] = {"providers": ("file" if provider is FileMarket else "simulated",)}
        assert isinstance(assets_of(market_of(Settings(market=MarketSettings(**names)), CALENDAR)), provider)
