"""Alpaca's market: the real SDK against a stand-in on loopback."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from pydantic import SecretStr

from adapters.alpaca_market import AlpacaAccount, AlpacaMarket
from adapters.alpaca_wire import credentials
from adapters.company_facts import CompaniesInMemory
from adapters.exchange_calendar import ExchangeCalendar
from tests.adapters.wire import alpaca_data as wire
from tests.adapters.wire.alpaca_data import KEY, SECRET, Exchange, Planned
from trading.bars import Bars
from trading.companies import Company
from trading.corporate_actions import ActionKind
from trading.errors import (
    BadConfiguration,
    BadMarketData,
    MarketRefused,
    MarketUnavailable,
    TradingError,
    UnknownSymbol,
)
from trading.market import Dropped, Quote
from wiring.markets import Uncounted

THEN = datetime(2026, 11, 20, 17, tzinfo=UTC)
"""A Friday at noon in New York; the last completed session is Thursday's."""
THURSDAY = date(2026, 11, 19)


@pytest.fixture
def exchange() -> Iterator[Exchange]:
    """AAPL and KO, quoted a second before noon; a stand-in of its own for each test."""
    shop = Exchange(assets={symbol: wire.asset(symbol) for symbol in ("AAPL", "KO")})
    for symbol, price in (("AAPL", 190.0), ("KO", 62.5)):
        shop.bars[symbol] = [*wire.year_of_bars(THURSDAY, price), wire.bar(THEN.date(), price)]
        shop.quotes[symbol] = [wire.quote(THEN - timedelta(seconds=1), price - 0.01, price + 0.01)]
        shop.trades[symbol] = [wire.trade(THEN - timedelta(seconds=2), price)]
    with wire.serving(shop) as served:
        yield served


@pytest.fixture(scope="module")
def calendar() -> ExchangeCalendar:
    return ExchangeCalendar("XNYS", until=date(2026, 11, 20))


@pytest.fixture
def market(exchange: Exchange, calendar: ExchangeCalendar) -> AlpacaMarket:
    return market_at(exchange, calendar)


def market_at(
    exchange: Exchange, calendar: ExchangeCalendar, companies: CompaniesInMemory | None = None, *, secret: str = SECRET
) -> AlpacaMarket:
    account = AlpacaAccount(
        api_key=SecretStr(KEY),
        api_secret=SecretStr(secret),
        data_base_url=exchange.url,
        trading_base_url=exchange.url,
        feed="iex",
        timeout_seconds=0.5,
    )
    return AlpacaMarket(account, calendar, companies or CompaniesInMemory(), Uncounted())


async def test_bars_are_split_adjusted_of_the_feed_and_end_with_the_last_complete_session(
    market: AlpacaMarket, exchange: Exchange
) -> None:
    bars = (await market.bars(["AAPL", "KO"], THEN, 250))["AAPL"]
    assert isinstance(bars, Bars)
    assert (len(bars), bars.last_session_on, bars.defect()) == (250, THURSDAY, None)
    ((_, asked),) = exchange.asked
    assert (asked["adjustment"], asked["feed"], asked["timeframe"]) == ("split", "iex", "1Day")


async def test_pages_are_turned_to_the_last_one_and_no_symbol_loses_bars(
    market: AlpacaMarket, exchange: Exchange
) -> None:
    whole = await market.bars(["AAPL", "KO"], THEN, 250)
    exchange.page = 77
    paged = await market.bars(["AAPL", "KO"], THEN, 250)
    assert len(exchange.asked) > 5
    for symbol in ("AAPL", "KO"):
        one, other = whole[symbol], paged[symbol]
        assert isinstance(one, Bars)
        assert isinstance(other, Bars)
        assert one.close.tolist() == other.close.tolist()


async def test_a_server_that_never_stops_turning_pages_is_not_followed(
    market: AlpacaMarket, exchange: Exchange
) -> None:
    exchange.page = 1
    with pytest.raises(MarketUnavailable, match="more than 20 pages"):
        await market.bars(["AAPL"], THEN, 250)
    assert len(exchange.asked) == 20


async def test_many_symbols_are_asked_in_batches(market: AlpacaMarket, exchange: Exchange) -> None:
    symbols = [f"A{chr(65 + i // 26)}{chr(65 + i % 26)}" for i in range(90)]
    found = await market.bars(symbols, THEN, 300)
    assert len(exchange.asked) == 3
    assert {type(one) for one in found.values()} == {Dropped}
    assert list(found) == symbols


async def test_a_quote_in_force_at_the_moment_is_as_old_as_its_trade(market: AlpacaMarket) -> None:
    quote = (await market.quotes(["AAPL"], THEN))["AAPL"]
    assert isinstance(quote, Quote)
    assert (quote.bid, quote.ask, quote.last) == (Decimal("189.99"), Decimal("190.01"), Decimal(190))
    assert quote.quoted_at == THEN - timedelta(seconds=2)


async def test_of_a_live_market_all_symbols_come_with_one_request(market: AlpacaMarket, exchange: Exchange) -> None:
    now = datetime.now(UTC)
    exchange.snapshots = {s: wire.snapshot(now - timedelta(seconds=1), 10.0, 10.02, 10.01) for s in ("AAPL", "KO")}
    found = await market.quotes(["AAPL", "KO"], now)
    assert [path for path, _ in exchange.asked] == ["/v2/stocks/snapshots"]
    assert all(isinstance(one, Quote) for one in found.values())


@pytest.mark.parametrize("newer", ["latestQuote", "latestTrade"])
async def test_what_was_quoted_after_the_moment_is_not_seen_and_what_was_before_it_is(
    market: AlpacaMarket, exchange: Exchange, newer: str
) -> None:
    now = datetime.now(UTC)
    exchange.snapshots["AAPL"] = wire.snapshot(now, 10.0, 10.02, 10.01)
    exchange.snapshots["AAPL"][newer]["t"] = wire.stamp(now + timedelta(milliseconds=300))
    exchange.quotes["AAPL"] = [wire.quote(now + timedelta(seconds=s), 9 + s, 9.5 + s) for s in (-3, -2, 2)]
    exchange.trades["AAPL"] = [wire.trade(now + timedelta(seconds=s), 9.1 + s) for s in (-3, -2, 2)]
    quote = (await market.quotes(["AAPL"], now))["AAPL"]
    assert isinstance(quote, Quote)
    assert quote.bid == Decimal(7)
    assert quote.quoted_at <= now


async def test_a_symbol_without_quotes_is_missing_and_costs_no_other(market: AlpacaMarket, exchange: Exchange) -> None:
    del exchange.trades["KO"]
    found = await market.quotes(["AAPL", "KO"], THEN)
    assert isinstance(found["AAPL"], Quote)
    assert isinstance(found["KO"], Dropped)
    assert found["KO"].code == "missing"


async def test_facts_are_the_name_and_the_sector_of_the_shipped_table(market: AlpacaMarket, exchange: Exchange) -> None:
    facts = await market.instruments(["AAPL"])
    assert (facts["AAPL"].name, facts["AAPL"].sector) == ("AAPL Inc. Common Stock", "Information Technology")
    await market.instruments(["AAPL"])
    assert len(exchange.asked) == 1


async def test_every_symbol_that_alpaca_does_not_have_is_named(market: AlpacaMarket) -> None:
    with pytest.raises(UnknownSymbol, match="NOPE, ZZZ"):
        await market.instruments(["NOPE", "AAPL", "ZZZ"])


async def test_a_share_that_may_not_be_traded_is_dropped(market: AlpacaMarket, exchange: Exchange) -> None:
    exchange.assets["KO"] = wire.asset("KO", tradable=False)
    await market.instruments(["AAPL", "KO"])
    found = await market.quotes(["AAPL", "KO"], THEN)
    assert isinstance(found["AAPL"], Quote)
    assert isinstance(found["KO"], Dropped)
    assert found["KO"].code == "untradable"


async def test_stale_facts_serve_when_the_provider_fails(exchange: Exchange, calendar: ExchangeCalendar) -> None:
    companies = CompaniesInMemory()
    market = market_at(exchange, calendar, companies)
    old = Company(
        symbol="XYZ", name="Old", sector="Energy", source="yfinance", known_at=datetime(2020, 1, 1, tzinfo=UTC)
    )
    await companies.keep([old])
    exchange.script = [Planned(503)]
    assert (await market.instruments(["XYZ"]))["XYZ"].name == "Old"
    exchange.assets["XYZ"] = wire.asset("XYZ", "New")
    fresh = (await market.instruments(["XYZ"]))["XYZ"]
    assert (fresh.name, fresh.sector) == ("New", "Energy")


async def test_without_any_facts_a_failure_is_one(market: AlpacaMarket, exchange: Exchange) -> None:
    exchange.script = [Planned(503), Planned(503)]
    with pytest.raises(MarketUnavailable):
        await market.instruments(["XYZ"])
    assert (await market.instruments(["AAPL"]))["AAPL"].name == "Apple Inc."


FAILURES: list[tuple[Planned, type[TradingError]]] = [
    (Planned(400, b'{"message": "bad"}'), BadMarketData),
    (Planned(401, b'{"message": "unauthorized."}'), MarketRefused),
    (Planned(403, b"<html>Forbidden</html>"), MarketRefused),
    (Planned(404), UnknownSymbol),
    (Planned(422), UnknownSymbol),
    (Planned(429), MarketUnavailable),
    (Planned(500, b"<html>oops</html>"), MarketUnavailable),
    (Planned(502), MarketUnavailable),
    (Planned(503), MarketUnavailable),
    (Planned(504), MarketUnavailable),
    (Planned(302, headers={"Location": "http://127.0.0.1:1/"}), MarketUnavailable),
    (Planned(200, b"<html>hello</html>"), MarketUnavailable),
    (Planned(200, b""), MarketUnavailable),
    (Planned(200, b"null"), MarketUnavailable),
    (Planned(200, b"[]"), MarketUnavailable),
    (Planned(200, b'"bars"'), MarketUnavailable),
    (Planned(200, b'{"message": "no bars here"}'), MarketUnavailable),
    (Planned(200, b'{"bars": null, "next_page_token": null}'), MarketUnavailable),
    (Planned(cut=True), MarketUnavailable),
    (Planned(200, b'{"bars": {}, "next_page_token": null}', silence=1.0), MarketUnavailable),
]


@pytest.mark.parametrize(("planned", "named"), FAILURES, ids=lambda value: str(getattr(value, "status", "")))
async def test_every_failure_has_our_name_is_asked_once_and_tells_no_secret(
    market: AlpacaMarket, exchange: Exchange, planned: Planned, named: type[TradingError]
) -> None:
    exchange.script = [planned]
    with pytest.raises(named) as failure:
        await market.bars(["AAPL"], THEN, 250)
    assert type(failure.value) is named
    assert len(exchange.asked) == 1
    assert SECRET not in f"{failure.value!r} {failure.value.__context__!r} {market!r}"


async def test_a_page_in_place_of_an_answer_names_the_address_to_mend(market: AlpacaMarket, exchange: Exchange) -> None:
    exchange.script = [Planned(200, b"<html>hello</html>")]
    with pytest.raises(MarketUnavailable, match=r"AAPL is not readable \(JSONDecodeError\): .*ALPACA_DATA_BASE_URL"):
        await market.bars(["AAPL"], THEN, 250)


async def test_a_refused_key_names_its_setting(exchange: Exchange, calendar: ExchangeCalendar) -> None:
    with pytest.raises(MarketRefused, match="ALPACA_API_KEY, ALPACA_API_SECRET"):
        await market_at(exchange, calendar, secret=KEY).bars(["AAPL"], THEN, 250)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7),
        ({"Retry-After": "0.5", "X-RateLimit-Reset": "1"}, 0.5),
        ({"Retry-After": "86400"}, 120),
        ({"Retry-After": "-3"}, 0),
        ({"X-RateLimit-Reset": "1"}, 0),
        ({"X-RateLimit-Reset": "99999999999"}, 120),
        ({"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "nan"}, None),
        ({}, None),
    ],
)
async def test_too_many_requests_say_when_to_come_back(
    market: AlpacaMarket, exchange: Exchange, headers: dict[str, str], seconds: float | None
) -> None:
    exchange.script = [Planned(429, headers=headers)]
    with pytest.raises(MarketUnavailable) as refused:
        await market.bars(["AAPL"], THEN, 250)
    assert refused.value.retry_after_seconds == seconds


async def test_actions_are_read_by_symbol_over_all_pages(market: AlpacaMarket, exchange: Exchange) -> None:
    base = {"id": "1", "cusip": "1", "process_date": "2026-06-01", "ex_date": "2026-06-01"}
    exchange.actions = {
        "forward_splits": [{**base, "symbol": "AAPL", "new_rate": 4, "old_rate": 1}],
        "reverse_splits": [{**base, "symbol": "KO", "new_rate": 1, "old_rate": 10, "new_cusip": "", "old_cusip": ""}],
        "cash_dividends": [
            {**base, "symbol": "AAPL", "rate": 0.25, "special": False, "foreign": False, "ex_date": f"2026-0{month}-01"}
            for month in (2, 5, 8)
        ],
        "spin_offs": [
            {**base, "source_symbol": "KO", "new_symbol": "KX", "source_rate": 4, "new_rate": 1, "source_cusip": ""}
        ],
        "name_changes": [{**base, "old_symbol": "KO", "new_symbol": "KOKE"}],
        "cash_mergers": [{**base, "symbol": "AAPL"}],
        "stock_dividends": [{**base, "symbol": "KO", "rate": 0.05}, {**base, "symbol": "KO", "rate": "5 %"}],
    }
    exchange.page = 4
    found = await market.actions(["AAPL", "KO"], THEN - timedelta(days=300), THEN)
    assert len(exchange.asked) == 3
    assert [(a.kind, a.ratio or a.amount_usd) for a in found["AAPL"]] == [
        (ActionKind.DIVIDEND, Decimal("0.25")),
        (ActionKind.DIVIDEND, Decimal("0.25")),
        (ActionKind.SPLIT, Decimal(4)),
        (ActionKind.DIVIDEND, Decimal("0.25")),
    ]
    assert {(a.kind, a.ratio) for a in found["KO"]} == {
        (ActionKind.SPLIT, Decimal("0.1")),
        (ActionKind.SPIN_OFF, Decimal("0.25")),
        (ActionKind.RENAME, None),
        (ActionKind.SPLIT, Decimal("1.05")),
    }


async def test_news_are_of_the_symbols_asked_and_never_from_the_future(
    market: AlpacaMarket, exchange: Exchange
) -> None:
    article = {"id": 1, "author": "", "content": "", "images": [], "updated_at": wire.stamp(THEN), "summary": ""}
    told = [("Up", -1, "https://example.com/1"), ("Down", 1, None), ("", -1, None), ("Odd", -2, "javascript:alert(1)")]
    exchange.news = [
        {**article, "headline": said, "source": "wire", "symbols": ["AAPL", "BTC/USD"], "url": url}
        | {"created_at": wire.stamp(THEN + timedelta(minutes=minutes))}
        for said, minutes, url in told
    ]
    (item,) = await market.news(["AAPL"], THEN)
    assert (item.headline, item.symbol, item.url) == ("Up", "AAPL", "https://example.com/1")


async def test_the_clock_and_the_calendar_can_be_held_against_ours(
    market: AlpacaMarket, exchange: Exchange, calendar: ExchangeCalendar
) -> None:
    assert await market.is_open()
    exchange.is_open = False
    assert not await market.is_open()
    ours = calendar.sessions(date(2026, 11, 23), date(2026, 11, 27))
    exchange.calendar = [
        {"date": f"2026-11-{day}", "open": "09:30", "close": "13:00" if day == 27 else "16:00"}
        for day in (23, 24, 25, 27)
    ]
    assert await market.differing_sessions(ours) == ()
    exchange.calendar[1]["close"] = "13:00"
    del exchange.calendar[2]
    assert await market.differing_sessions(ours) == (
        "2026-11-24: 09:30-16:00 here, 09:30-13:00 at alpaca",
        "2026-11-25: 09:30-16:00 here, closed at alpaca",
    )


@pytest.mark.parametrize(
    ("key", "secret", "missing"), [(None, "s", "ALPACA_API_KEY"), ("k", None, "ALPACA_API_SECRET"), ("", "s", "KEY")]
)
def test_a_missing_key_is_named(key: str | None, secret: str | None, missing: str) -> None:
    given: Sequence[SecretStr | None] = [None if text is None else SecretStr(text) for text in (key, secret)]
    with pytest.raises(BadConfiguration, match=missing):
        credentials("market", given[0], given[1])
