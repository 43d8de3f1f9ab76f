"""Yahoo's market: the real `yfinance` over a session whose adapter answers as Yahoo does."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import requests

# Before the package is imported: with curl_cffi it does not know the errors of a plain session.
os.environ["YF_DISABLE_CURL_CFFI"] = "1"

from yfinance import cache

from adapters.company_facts import CompaniesInMemory
from adapters.exchange_calendar import ExchangeCalendar
from adapters.yfinance_market import YahooAccess, YFinanceMarket
from tests.adapters.wire.yahoo import Listing, Yahoo
from trading.bars import Bars
from trading.companies import Company
from trading.corporate_actions import ActionKind
from trading.errors import MarketUnavailable, TradingError, UnknownSymbol
from trading.fundamentals import FIGURES, Fundamentals
from trading.market import Dropped, Quote
from trading.readings import Reading
from trading.snapshots import assemble
from wiring.markets import Uncounted

# The package uses pandas in ways that pandas 4 will change; it, not we, must mend that.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:yfinance")

NOW = datetime.now(UTC).replace(microsecond=0)
CALENDAR = ExchangeCalendar("XNYS", until=NOW.date())
SESSION = CALENDAR.last_session(NOW - timedelta(days=1))
"""A session that has opened a day ago: Yahoo tells minutes of the last weeks only, so the tests live near today."""
NOON = SESSION.opens_at + timedelta(hours=2)
BEFORE = CALENDAR.last_session(SESSION.opens_at - timedelta(days=1) + timedelta(hours=1))
"""The session before it, the last complete one at its noon."""
DAYS = [
    session.session_on for session in CALENDAR.sessions(SESSION.session_on - timedelta(days=460), SESSION.session_on)
]


def listing(price: float = 100.0) -> Listing:
    """A share at a price that moves a little, by day and by minute."""
    info = {"quoteType": "EQUITY", "longName": "A Share", "sector": "Technology", "industry": "Software"}
    return Listing(
        days={day: round(price * (1 + 0.002 * (index % 7 - 3)), 2) for index, day in enumerate(DAYS)},
        minutes={NOON + timedelta(minutes=minute): price + minute / 100 for minute in range(-30, 30)},
        info={"quoteType": {"quoteType": info["quoteType"], "longName": info["longName"]}, "assetProfile": info},
    )


@pytest.fixture
def yahoo() -> Yahoo:
    return Yahoo(listings={"QQAA": listing(), "QQ-B": listing(40)})


@pytest.fixture(scope="module")
def cache_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package opens its cache once in a process, so all tests have the same."""
    return tmp_path_factory.mktemp("yahoo") / "cache"


@pytest.fixture
def market(yahoo: Yahoo, cache_dir: Path) -> YFinanceMarket:
    access = YahooAccess(cache_dir=cache_dir, timeout_seconds=3)
    return YFinanceMarket(access, CALENDAR, CompaniesInMemory(), Uncounted(), session=yahoo.session())


def snapshot_codes(reading: Reading) -> dict[str, str]:
    """What a snapshot of a reading drops, and why."""
    seen = assemble(reading, reading.instruments, completed_on=BEFORE.session_on, max_quote_age=timedelta(seconds=60))
    return {dropped.symbol: dropped.code for dropped in seen.dropped}


async def test_bars_end_with_the_last_complete_session_and_are_as_many_as_asked(market: YFinanceMarket) -> None:
    found = await market.bars(["QQAA", "QQ.B"], NOON, 260)
    bars = found["QQAA"]
    assert isinstance(bars, Bars)
    assert (len(bars), bars.last_session_on, bars.defect()) == (260, BEFORE.session_on, None)
    assert isinstance(found["QQ.B"], Bars)


async def test_the_price_is_the_last_whole_minutes_for_bid_ask_and_last(market: YFinanceMarket) -> None:
    quote = (await market.quotes(["QQAA"], NOON + timedelta(seconds=30)))["QQAA"]
    assert isinstance(quote, Quote)
    assert (quote.bid, quote.ask, quote.last) == (Decimal("99.99"),) * 3
    assert quote.quoted_at == NOON


async def test_a_minute_without_a_trade_is_passed_over(market: YFinanceMarket, yahoo: Yahoo) -> None:
    yahoo.listings["QQAA"].minutes[NOON - timedelta(minutes=1)] = None
    quote = (await market.quotes(["QQAA"], NOON))["QQAA"]
    assert isinstance(quote, Quote)
    assert quote.quoted_at == NOON - timedelta(minutes=1)


async def test_a_moment_long_ago_is_priced_at_its_last_close(market: YFinanceMarket) -> None:
    session = CALENDAR.last_session(NOON - timedelta(days=60))
    quote = (await market.quotes(["QQAA"], session.closes_at + timedelta(minutes=5)))["QQAA"]
    assert isinstance(quote, Quote)
    assert quote.quoted_at == session.closes_at


async def test_a_look_makes_a_snapshot_and_asks_for_the_bars_once(market: YFinanceMarket, yahoo: Yahoo) -> None:
    reading = await market.look(["QQAA", "QQ.B"], NOON, 260)
    assert snapshot_codes(reading) == {}
    assert sum("/chart/QQAA" in path for path in yahoo.asked) <= 3
    assert set(yahoo.timeouts) == {3}


async def test_facts_bear_the_names_that_limits_count_in(market: YFinanceMarket, yahoo: Yahoo) -> None:
    found = await market.instruments(["QQAA"])
    assert (found["QQAA"].name, found["QQAA"].sector) == ("A Share", "Information Technology")
    asked = len(yahoo.asked)
    await market.instruments(["QQAA"])
    assert len(yahoo.asked) == asked


async def test_a_symbol_that_yahoo_does_not_have_is_named(market: YFinanceMarket) -> None:
    with pytest.raises(UnknownSymbol, match="NOPE"):
        await market.instruments(["QQAA", "NOPE"])


def test_what_the_package_remembers_lies_where_it_was_told(market: YFinanceMarket, cache_dir: Path) -> None:
    assert market.name == "yfinance"
    places = {cache._TzDBManager.get_location(), cache._CookieDBManager.get_location()}  # noqa: SLF001  nothing tells it
    assert places == {str(cache_dir)}


async def test_one_symbol_without_data_is_dropped_and_the_others_stay(market: YFinanceMarket) -> None:
    found = await market.bars(["QQAA", "NOPE"], NOON, 260)
    assert isinstance(found["QQAA"], Bars)
    assert isinstance(found["NOPE"], Dropped)
    assert found["NOPE"].code == "no_data"


async def test_no_data_of_any_symbol_is_a_provider_that_refuses_us(market: YFinanceMarket, yahoo: Yahoo) -> None:
    yahoo.blocked = True
    with pytest.raises(MarketUnavailable, match="may refuse this address"):
        await market.bars(["QQAA", "QQ.B"], NOON, 260)
    yahoo.blocked = False
    assert isinstance((await market.bars(["QQAA"], NOON, 260))["QQAA"], Bars)


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (429, b"Too Many Requests", None),
        (500, b"<html>", None),
        (503, b"", None),
        (200, b"<html>hello</html>", None),
        (200, b"[]", None),
        (200, b"null", None),
        (200, b"Will be right back", None),
        (200, None, requests.ConnectionError),
        (200, None, requests.ReadTimeout),
        (200, None, ConnectionResetError),
    ],
)
async def test_every_failure_is_unavailable_and_is_not_remembered(
    market: YFinanceMarket, yahoo: Yahoo, status: int, body: bytes | None, error: type[Exception] | None
) -> None:
    yahoo.status, yahoo.body, yahoo.error = status, body, error
    with pytest.raises(TradingError) as failure:
        await market.bars(["QQAA"], NOON, 260)
    assert type(failure.value) is MarketUnavailable
    assert failure.value.retry_after_seconds == (60 if status == 429 else None)
    yahoo.status, yahoo.body, yahoo.error = 200, None, None
    assert isinstance((await market.bars(["QQAA"], NOON, 260))["QQAA"], Bars)


@pytest.mark.parametrize("ratio", [(4, 1), (2, 1), (3, 2), (10, 1), (20, 1), (1, 2), (1, 5), (1, 8), (1, 10), (1, 50)])
async def test_a_split_that_yahoo_lists_and_has_not_applied_drops_the_symbol(
    market: YFinanceMarket, yahoo: Yahoo, ratio: tuple[int, int]
) -> None:
    share, on = yahoo.listings["QQAA"], DAYS[-40]
    share.splits[on] = ratio
    assert snapshot_codes(await market.look(["QQAA", "QQ.B"], NOON, 260)) == {}
    share.days = {d: c * (ratio[0] / ratio[1] if d < on else 1) for d, c in share.days.items() if c is not None}
    reading = await market.look(["QQAA", "QQ.B"], NOON, 260)
    assert [(a.kind, a.ex_on) for a in reading.actions["QQAA"]] == [(ActionKind.SPLIT, on)]
    assert snapshot_codes(reading) == {"QQAA": "unadjusted"}


async def test_a_split_of_today_that_is_not_applied_drops_the_symbol(market: YFinanceMarket, yahoo: Yahoo) -> None:
    yahoo.listings["QQAA"].splits[SESSION.session_on] = (2, 1)
    assert snapshot_codes(await market.look(["QQAA", "QQ.B"], NOON, 260)) == {}
    yahoo.listings["QQAA"].minutes = dict.fromkeys(yahoo.listings["QQAA"].minutes, 50.0)
    assert snapshot_codes(await market.look(["QQAA", "QQ.B"], NOON, 260)) == {"QQAA": "unadjusted"}


async def test_dividends_are_listed_and_left_in_the_prices(market: YFinanceMarket, yahoo: Yahoo) -> None:
    yahoo.listings["QQAA"].dividends[DAYS[-30]] = 0.25
    (action,) = (await market.actions(["QQAA"], NOON - timedelta(days=90), NOON))["QQAA"]
    assert (action.kind, action.ex_on, action.amount_usd) == (ActionKind.DIVIDEND, DAYS[-30], Decimal("0.25"))


async def test_a_split_by_thirds_is_told_as_one_and_a_day_before_or_after_is_not(
    market: YFinanceMarket, yahoo: Yahoo
) -> None:
    yahoo.listings["QQAA"].splits = {DAYS[-30]: (1, 3), DAYS[-20]: (7, 3), DAYS[-10]: (2, 1)}
    since, until = (datetime.combine(DAYS[day], datetime.min.time(), tzinfo=UTC) for day in (-30, -11))
    told = await market.actions(["QQAA", "QQ.B"], since, until)
    assert {symbol: [action.ratio for action in actions] for symbol, actions in told.items()} == {
        "QQAA": [Decimal(1) / 3, Decimal(7) / 3]
    }


async def test_a_day_without_prices_drops_the_symbol(market: YFinanceMarket, yahoo: Yahoo) -> None:
    yahoo.listings["QQAA"].days[DAYS[-20]] = None
    assert snapshot_codes(await market.look(["QQAA", "QQ.B"], NOON, 260)) == {"QQAA": "not_finite"}


async def test_news_are_read_and_none_is_of_later(market: YFinanceMarket, yahoo: Yahoo) -> None:
    def article(title: str, at: datetime) -> object:
        link = {"url": "https://example.com/1"}
        content = {"title": title, "pubDate": at.isoformat(), "provider": {"displayName": "Wire"}, "canonicalUrl": link}
        return {"id": "1", "content": content}

    later = NOON + timedelta(hours=1)
    yahoo.listings["QQAA"].news = [article("Up", NOON), article("Down", later), {"id": "2"}, {"content": None}]
    (item,) = await market.news("QQAA", NOON)
    assert (item.headline, item.source, item.symbol) == ("Up", "Wire", "QQAA")


def test_the_tests_live_where_yahoo_tells_minutes() -> None:
    assert isinstance(SESSION.session_on, date)
    assert datetime.now(UTC) - NOON < timedelta(days=20)


def earning(told: dict[str, object]) -> Listing:
    """A share of which Yahoo tells these numbers too."""
    plain = listing()
    return replace(plain, info={**plain.info, "summaryDetail": told})


async def test_numbers_and_reports_of_today_come_with_the_facts_and_are_asked_once_a_day(
    market: YFinanceMarket, yahoo: Yahoo
) -> None:
    report = datetime.combine(NOW.date() + timedelta(days=9), time(21), UTC)
    told: dict[str, object] = {"marketCap": 3_500_000_000_000, "trailingPE": 35.2, "profitMargins": 0.24, "beta": None}
    told |= {"forwardPE": "Infinity", "priceToBook": 1e300, "earningsTimestamp": report.timestamp()}
    yahoo.listings["QQAA"] = earning(told)
    reading = await market.look(["QQAA"], datetime.now(UTC), 260)
    found = reading.companies["QQAA"]
    assert found.fundamentals is not None
    assert {name: getattr(found.fundamentals, name) for name in FIGURES if getattr(found.fundamentals, name)} == {
        "market_cap": 3.5e12,
        "trailing_pe": 35.2,
        "profit_margin": 0.24,
    }
    assert found.earnings is not None
    assert (found.earnings.source, found.earnings.days) == ("yfinance", (NOW.date() + timedelta(days=9),))
    asked = sum("/quoteSummary/" in path for path in yahoo.asked)
    again = await market.look(["QQAA"], datetime.now(UTC), 260)
    assert again.companies == reading.companies
    assert sum("/quoteSummary/" in path for path in yahoo.asked) == asked == 1


async def test_numbers_of_today_are_not_told_of_another_day(market: YFinanceMarket, yahoo: Yahoo) -> None:
    yahoo.listings["QQAA"] = earning({"marketCap": 1e12})
    assert (await market.look(["QQAA"], NOON, 260)).companies == {}


async def test_old_numbers_are_asked_for_anew_and_stay_where_nobody_answers(yahoo: Yahoo, cache_dir: Path) -> None:
    known_at = datetime.now(UTC) - timedelta(days=2)
    old = Fundamentals(market_cap=1e9, source="yfinance", known_at=known_at)
    companies = CompaniesInMemory()
    kept = {"name": "A Share", "source": "yfinance", "known_at": known_at, "fundamentals": old}
    await companies.keep([Company.model_validate({"symbol": symbol, **kept}) for symbol in ("GONE", "QQAA")])
    access = YahooAccess(cache_dir=cache_dir, timeout_seconds=3)
    market = YFinanceMarket(access, CALENDAR, companies, Uncounted(), session=yahoo.session())
    yahoo.listings["QQAA"] = earning({"marketCap": 2e9})
    reading = await market.look(["GONE", "QQAA"], datetime.now(UTC), 260)
    told = {symbol: one.fundamentals and one.fundamentals.market_cap for symbol, one in reading.companies.items()}
    assert told == {"GONE": 1e9, "QQAA": 2e9}
