"""Bad data on the wire, one symbol at a time: it is dropped with a reason, and the sound one beside it is not."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from activities.market import look
from adapters.exchange_calendar import ExchangeCalendar
from tests.adapters.test_alpaca_market import market_at
from tests.adapters.wire import alpaca_data as wire
from tests.adapters.wire.alpaca_data import Exchange, Row

THEN = datetime(2026, 11, 20, 17, tzinfo=UTC)
THURSDAY = date(2026, 11, 19)
NO_NUMBERS: tuple[Any, ...] = (
    "190.0",
    None,
    float("nan"),
    float("inf"),
    float("-inf"),
    True,
    [],
    {},
    "",
    0,
    -190.0,
    1e12,
)
NO_TIMES: tuple[Any, ...] = ("yesterday", "", None, 0, "2026-11-20T17:00:00", {})


@pytest.fixture(scope="module")
def calendar() -> ExchangeCalendar:
    return ExchangeCalendar("XNYS", until=date(2026, 11, 20))


@pytest.fixture
def exchange() -> Iterator[Exchange]:
    with wire.serving(Exchange()) as served:
        yield served


def made_sound(exchange: Exchange) -> None:
    """Two shares with nothing wrong."""
    shares = ("GOOD", "BAD")
    exchange.assets = {symbol: wire.asset(symbol) for symbol in shares}
    exchange.bars = {symbol: wire.year_of_bars(THURSDAY, 190.0) for symbol in shares}
    exchange.quotes = {symbol: [wire.quote(THEN - timedelta(seconds=1), 189.99, 190.01)] for symbol in shares}
    exchange.trades = {symbol: [wire.trade(THEN - timedelta(seconds=1), 190.0)] for symbol in shares}
    exchange.actions, exchange.asked = {}, []


def stale(exchange: Exchange, draw: random.Random) -> None:
    """As of a halted share: nothing new is quoted or traded."""
    row = draw.choice([exchange.quotes, exchange.trades])["BAD"][0]
    row["t"] = wire.stamp(THEN - timedelta(seconds=draw.randint(61, 400_000)))


def _prices(exchange: Exchange, draw: random.Random) -> tuple[Row, str]:
    """A row with prices, and one of the names that they have there."""
    rows = (exchange.quotes["BAD"][0], exchange.trades["BAD"][0], _bar(exchange, draw))
    row, names = draw.choice(list(zip(rows, (("bp", "ap"), ("p",), tuple("ohlc")), strict=True)))
    return row, draw.choice(names)


def bad_number(exchange: Exchange, draw: random.Random) -> None:
    row, name = _prices(exchange, draw)
    row[name] = draw.choice(NO_NUMBERS)


def bad_time(exchange: Exchange, draw: random.Random) -> None:
    rows = draw.choice([exchange.quotes["BAD"], exchange.trades["BAD"], exchange.bars["BAD"]])
    draw.choice(rows)["t"] = draw.choice(NO_TIMES)


def field_missing(exchange: Exchange, draw: random.Random) -> None:
    row, name = _prices(exchange, draw)
    del row[name]


def crossed(exchange: Exchange, draw: random.Random) -> None:
    exchange.quotes["BAD"][0]["bp"] = 190.01 + draw.randint(1, 1000) / 100


def void(exchange: Exchange, draw: random.Random) -> None:
    exchange.trades["BAD"][0]["u"] = draw.choice(["canceled", "incorrect"])


def wild_print(exchange: Exchange, draw: random.Random) -> None:
    exchange.trades["BAD"][0]["p"] = 190.0 * draw.choice([0.1, 0.25, 0.45, 1.6, 4, 10])


def nothing(exchange: Exchange, draw: random.Random) -> None:
    del draw.choice([exchange.quotes, exchange.trades, exchange.bars])["BAD"]


def no_rows(exchange: Exchange, draw: random.Random) -> None:
    draw.choice([exchange.quotes, exchange.trades, exchange.bars])["BAD"] = []


def few_bars(exchange: Exchange, draw: random.Random) -> None:
    exchange.bars["BAD"] = exchange.bars["BAD"][-draw.randint(1, 200) :]


def last_bar_missing(exchange: Exchange, draw: random.Random) -> None:
    exchange.bars["BAD"] = exchange.bars["BAD"][: -draw.randint(1, 5)]


def disordered(exchange: Exchange, draw: random.Random) -> None:
    at = draw.randint(60, 290)
    rows = exchange.bars["BAD"]
    rows[at]["t"], rows[at + 1]["t"] = rows[at + 1]["t"], rows[at]["t"]


def repeated(exchange: Exchange, draw: random.Random) -> None:
    at = draw.randint(60, 290)
    exchange.bars["BAD"].insert(at, dict(exchange.bars["BAD"][at]))


def out_of_its_range(exchange: Exchange, draw: random.Random) -> None:
    row = _bar(exchange, draw)
    row["c"] = row["h"] * draw.choice([1.01, 2])


def unadjusted(exchange: Exchange, draw: random.Random) -> None:
    """A split is listed, and the bars before it are as they were."""
    at, (new, old) = draw.randint(60, 290), draw.choice([(4, 1), (2, 1), (1, 10), (3, 2)])
    on = exchange.bars["BAD"][at]["t"][:10]
    listed = {"id": "1", "cusip": "1", "symbol": "BAD", "new_rate": new, "old_rate": old}
    exchange.actions = {"forward_splits": [{**listed, "ex_date": on, "process_date": on}]}
    for row in exchange.bars["BAD"][:at]:
        row.update({name: row[name] * new / old for name in "ohlc"})


def untradable(exchange: Exchange, _: random.Random) -> None:
    exchange.assets["BAD"] = wire.asset("BAD", tradable=False)


PLAGUES: list[Callable[[Exchange, random.Random], None]] = [
    stale,
    bad_number,
    bad_number,
    bad_time,
    field_missing,
    crossed,
    void,
    wild_print,
    nothing,
    no_rows,
    few_bars,
    last_bar_missing,
    disordered,
    repeated,
    out_of_its_range,
    unadjusted,
    untradable,
]


async def plagued(seed: int, exchange: Exchange, calendar: ExchangeCalendar) -> str:
    """One case: the code that the plagued share is dropped with."""
    draw = random.Random(seed)
    made_sound(exchange)
    PLAGUES[seed % len(PLAGUES)](exchange, draw)
    seen = await look(market_at(exchange, calendar), calendar, ["GOOD", "BAD"], THEN, max_age=timedelta(minutes=1))
    assert [facts.instrument.symbol for facts in seen.symbols] == ["GOOD"], PLAGUES[seed % len(PLAGUES)]
    (dropped,) = seen.dropped
    assert dropped.reason
    return dropped.code


async def test_bad_prices_are_dropped_with_a_reason(exchange: Exchange, calendar: ExchangeCalendar) -> None:
    codes = {await plagued(seed, exchange, calendar) for seed in range(len(PLAGUES))}
    assert len(codes) >= 8


async def test_two_sound_shares_are_both_seen(exchange: Exchange, calendar: ExchangeCalendar) -> None:
    made_sound(exchange)
    seen = await look(market_at(exchange, calendar), calendar, ["GOOD", "BAD"], THEN, max_age=timedelta(minutes=1))
    assert (len(seen.symbols), seen.dropped, seen.provider) == (2, (), "alpaca")


@pytest.mark.faults
@pytest.mark.parametrize("answers", [60, pytest.param(500, marks=pytest.mark.soak)])
async def test_of_many_bad_answers_none_is_believed(
    exchange: Exchange, calendar: ExchangeCalendar, answers: int
) -> None:
    codes = {await plagued(seed, exchange, calendar) for seed in range(answers)}
    assert {"stale", "crossed", "unadjusted", "inconsistent", "missing", "unreadable", "not_positive"} <= codes


def _bar(exchange: Exchange, draw: random.Random) -> Row:
    """A bar that the look will see."""
    return exchange.bars["BAD"][draw.randint(60, 299)]
