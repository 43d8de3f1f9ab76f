"""Several providers as one market: whole from one, checked against another, and never mixed."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from activities.market import look
from adapters.exchange_calendar import ExchangeCalendar
from adapters.market_chain import MarketChain
from tests.adapters.test_alpaca_market import market_at
from tests.adapters.wire import alpaca_data as wire
from tests.adapters.wire.alpaca_data import Exchange, Planned
from tests.fakes.faulty import Fault, faulty
from tests.fakes.market import FakeMarket
from trading.corporate_actions import CorporateAction
from trading.errors import BadConfiguration, MarketRefused, MarketUnavailable, UnknownSymbol
from trading.market import Adjustment, Snapshot
from trading.ports import Market

THEN = datetime(2026, 11, 20, 17, tzinfo=UTC)
THURSDAY = date(2026, 11, 19)
SYMBOLS = [f"S{letter}" for letter in "ABCDEFGHIJ"]
BARS = wire.year_of_bars(THURSDAY, 190.0)


class Named(FakeMarket):
    """A market under a name, its symbols at one price, but for `prices`; `failing` is what it answers instead."""

    def __init__(
        self,
        name: str,
        price: str = "100",
        failing: Exception | None = None,
        prices: Mapping[str, Decimal] | None = None,
    ) -> None:
        super().__init__()
        self.name = name
        self.failing = failing
        for symbol in SYMBOLS:
            self.quote(symbol, str((prices or {}).get(symbol, price)), "1000", THEN)

    async def look(self, symbols: Any, as_of: datetime, sessions: int) -> Any:
        if self.failing is not None:
            raise self.failing
        return await super().look(symbols, as_of, sessions)

    async def instruments(self, symbols: Any) -> Any:
        if self.failing is not None:
            raise self.failing
        return await super().instruments(symbols)


@pytest.fixture(scope="module")
def calendar() -> ExchangeCalendar:
    return ExchangeCalendar("XNYS", until=date(2026, 11, 20))


def ten_shares() -> Exchange:
    """Ten shares at 190 dollars."""
    shop = Exchange(assets={symbol: wire.asset(symbol) for symbol in SYMBOLS})
    shop.bars = dict.fromkeys(SYMBOLS, BARS)
    shop.quotes = {symbol: [wire.quote(THEN - timedelta(seconds=1), 189.99, 190.01)] for symbol in SYMBOLS}
    shop.trades = {symbol: [wire.trade(THEN - timedelta(seconds=1), 190.0)] for symbol in SYMBOLS}
    return shop


class Second(Named):
    """The other provider of a chain with Alpaca, at another price, so that a mixture would show."""

    adjustment = Adjustment.SPLIT
    synthetic = False


async def snapshot(market: Market, calendar: ExchangeCalendar, symbols: list[str] | None = None) -> Snapshot:
    return await look(market, calendar, symbols or SYMBOLS, THEN, max_age=timedelta(minutes=1))


async def test_the_first_that_answers_is_taken_and_says_nothing(calendar: ExchangeCalendar) -> None:
    seen = await snapshot(MarketChain([Named("one"), Named("two")]), calendar)
    assert (seen.provider, seen.fallback, len(seen.symbols)) == ("one", "", len(SYMBOLS))


async def test_a_fallback_says_who_failed_and_how(calendar: ExchangeCalendar) -> None:
    chain = MarketChain([Named("one", failing=MarketUnavailable("no answer")), Named("two")])
    seen = await snapshot(chain, calendar)
    assert (seen.provider, seen.fallback) == ("two", "one: no answer")
    assert seen.snapshot_id == (await snapshot(Named("two"), calendar)).snapshot_id


@pytest.mark.parametrize("failure", [MarketRefused("the key"), UnknownSymbol("ZZZ")])
async def test_what_a_person_must_mend_leads_to_nobody_else(calendar: ExchangeCalendar, failure: Exception) -> None:
    with pytest.raises(type(failure)):
        await snapshot(MarketChain([Named("one", failing=failure), Named("two")]), calendar)


@pytest.mark.parametrize(("waits", "after"), [((5, 9), 5), ((5, None), None), ((None, None), None)])
async def test_when_none_answers_it_is_tried_again_after_the_shortest_wait(
    calendar: ExchangeCalendar, waits: tuple[float | None, float | None], after: float | None
) -> None:
    failing = [
        Named(f"m{index}", failing=MarketUnavailable("out", retry_after_seconds=wait))
        for index, wait in enumerate(waits)
    ]
    for check in (False, True):
        with pytest.raises(MarketUnavailable, match="m0: out; m1: out") as failure:
            await snapshot(MarketChain(failing, cross_check=check), calendar)
        assert failure.value.retry_after_seconds == after


async def test_corporate_actions_are_those_of_the_first_that_answers() -> None:
    told = {"symbol": "SA", "kind": "split", "ex_on": THURSDAY, "ratio": "4"}
    first, second = faulty(Named("one"), _out("actions")), Named("two")
    second.listed = [CorporateAction.model_validate(told)]
    asked = (["SA", "SB"], THEN - timedelta(days=1), THEN)
    assert await MarketChain([first, second]).actions(*asked) == {"SA": tuple(second.listed)}
    assert await MarketChain([Named("one"), second]).actions(*asked) == {}
    with pytest.raises(MarketUnavailable, match="no provider of prices answers"):
        await MarketChain([faulty(Named("one"), _out("actions"))]).actions(*asked)


async def test_single_questions_fall_back_too() -> None:
    out = faulty(Named("one"), *(_out(name) for name in ("instruments", "bars", "quotes", "latest")))
    chain = MarketChain([out, Named("two", "200")])
    assert (await chain.instruments(["SA"]))["SA"].symbol == "SA"
    assert (await chain.quotes(["SA"], THEN))["SA"] == (await Named("two", "200").quotes(["SA"], THEN))["SA"]
    assert len(await chain.bars(["SA"], THEN, 10)) == 1
    assert await chain.latest(THEN) == THEN


def _out(method: str) -> Fault:
    return Fault(method, 1, "before", "error", raises=MarketUnavailable)


def test_unlike_markets_make_no_chain_and_one_alone_cannot_be_checked() -> None:
    with pytest.raises(BadConfiguration, match="do not mix"):
        MarketChain([Named("one"), Second("two")])
    with pytest.raises(BadConfiguration, match="needs two"):
        MarketChain([Named("one")], cross_check=True)


async def fails_half_way(seed: int, calendar: ExchangeCalendar) -> None:
    """One case of N3: one request of the look, whichever, fails in one of the ways that requests fail."""
    draw = random.Random(seed)
    symbols = draw.sample(SYMBOLS, draw.randint(2, len(SYMBOLS)))
    good = draw.randint(0, 3 * len(symbols) + 1)  # facts, bars, a quote and a trade each, actions
    bad = draw.choice([Planned(429), Planned(500), Planned(503, b"<html>"), Planned(200, b"{"), Planned(cut=True)])
    with wire.serving(ten_shares()) as exchange:
        exchange.script = [*[None] * good, bad]
        seen = await snapshot(MarketChain([market_at(exchange, calendar), Second("second")]), calendar, symbols)
        assert not exchange.script
    assert seen.provider == "second"
    assert seen.fallback.startswith("alpaca: ")
    assert {facts.quote.last for facts in seen.symbols} == {Decimal(100)}
    assert sorted(facts.instrument.symbol for facts in seen.symbols) == sorted(symbols)


async def test_a_provider_that_fails_half_way_is_left_whole(calendar: ExchangeCalendar) -> None:
    for seed in range(8):
        await fails_half_way(seed, calendar)


@pytest.mark.soak
async def test_a_hundred_failures_half_way_never_mix_providers(calendar: ExchangeCalendar) -> None:
    for seed in range(100):
        await fails_half_way(seed, calendar)


async def disagrees(seed: int, calendar: ExchangeCalendar) -> None:
    """One case of N4: one symbol's price differs by more than two per cent, another's by less."""
    draw = random.Random(seed)
    far, near = draw.sample(SYMBOLS, 2)
    by = draw.choice([-1, 1]) * Decimal(draw.randint(21, 400)) / 1000
    other = {far: 100 * (1 + by), near: Decimal(100) + draw.choice([-1, 1]) * Decimal("1.9")}
    chain = MarketChain([Named("one"), Named("two", prices=other)], cross_check=True)
    seen = await snapshot(chain, calendar)
    assert [(dropped.symbol, dropped.code) for dropped in seen.dropped] == [(far, "disagreement")]
    assert near in {facts.instrument.symbol for facts in seen.symbols}
    assert {facts.quote.last for facts in seen.symbols} == {Decimal(100)}


async def test_a_symbol_that_two_providers_disagree_on_is_dropped(calendar: ExchangeCalendar) -> None:
    for seed in range(50):
        await disagrees(seed, calendar)


async def test_a_split_that_only_one_provider_applied_is_a_disagreement(calendar: ExchangeCalendar) -> None:
    one, two = Named("one"), Unsplit("two")
    seen = await snapshot(MarketChain([one, two], cross_check=True), calendar, ["SA", "SB"])
    assert [(dropped.symbol, dropped.code) for dropped in seen.dropped] == [("SA", "disagreement")]


class Unsplit(Named):
    """Its bars of SA are four times as high before the last ones."""

    async def bars(self, symbols: Any, as_of: datetime, sessions: int) -> Any:
        found = dict(await super().bars(symbols, as_of, sessions))
        sound = found["SA"]
        rows = {name: getattr(sound, name).copy() for name in ("open", "high", "low", "close")}
        for column in rows.values():
            column[:-5] *= 4
        return {**found, "SA": replace(sound, **rows)}


async def test_what_could_not_be_checked_says_so(calendar: ExchangeCalendar) -> None:
    chain = MarketChain([Named("one"), Named("two", failing=MarketUnavailable("no answer"))], cross_check=True)
    seen = await snapshot(chain, calendar)
    assert (seen.provider, seen.fallback) == ("one", "not checked: no answer")
