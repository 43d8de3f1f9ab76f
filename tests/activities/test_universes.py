"""From what a strategy looks at to symbols, at the time of a scan and when it is added."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from temporalio.testing import ActivityEnvironment

from activities.universes import UniverseActivities
from adapters.rule_loader import RuleLoader
from tests.fakes.market import FakeMarket
from tests.making import DESK
from tests.rig import CALENDAR
from trading.errors import BadRule, MarketRefused, MarketUnavailable, UnknownSymbol
from trading.instruments import Instrument
from trading.strategy import Screen, Strategy, Universe
from trading.universes import Listed, UniverseAsked, UniverseFound, screened
from trading.vetting import Vetters, vet_strategy
from wiring.markets import assets_of

FRIDAY_NOON = datetime(2026, 11, 20, 17, tzinfo=UTC)


def one(symbol: str, price: str, volume: str, sector: str = "Energy") -> Listed:
    return Listed(
        instrument=Instrument(symbol=symbol, sector=sector), price=Decimal(price), dollar_volume=Decimal(volume)
    )


LIST = (
    one("BIG", "100", "9000000"),
    one("CHEAP", "4.99", "9000000"),
    one("DEAR", "1000", "5000000"),
    one("EVEN", "5", "5000000"),
    one("IDLE", "50", "999999.99"),
    one("OTHER", "50", "2000000", "Utilities"),
)


class FakeAssets:
    """A list that a test sets; `asked` is what was asked for, each time."""

    def __init__(self, found: Sequence[Listed] = LIST) -> None:
        self.found = found
        self.asked: list[tuple[datetime, tuple[str, ...]]] = []
        self.failing = False

    async def assets(self, as_of: datetime, sectors: Sequence[str]) -> Sequence[Listed]:
        self.asked.append((as_of, tuple(sectors)))
        if self.failing:
            raise MarketUnavailable("planned")
        return self.found


def strategy(source: str = "agents", **universe: Any) -> Strategy:
    return Strategy(strategy_id="mine", source=source, universe=Universe.model_validate(universe))


async def found(
    assets: FakeAssets, asked: UniverseAsked, activities: UniverseActivities | None = None
) -> UniverseFound:
    activities = activities or UniverseActivities(FakeMarket(), assets, CALENDAR)
    answer: UniverseFound = await ActivityEnvironment().run(activities.resolve_universe, asked)
    return answer


def asked(as_of: datetime = FRIDAY_NOON, watchlist: Sequence[str] = (), **universe: Any) -> UniverseAsked:
    return UniverseAsked(desk_id=DESK, strategy=strategy(**universe), watchlist=tuple(watchlist), as_of=as_of)


@pytest.mark.parametrize(
    ("screen", "symbols"),
    [
        ({}, ["BIG", "DEAR", "EVEN", "OTHER"]),
        ({"most": 2}, ["BIG", "DEAR"]),
        ({"min_price": "0"}, ["BIG", "CHEAP", "DEAR", "EVEN", "OTHER"]),
        ({"min_price": "5.01", "max_price": "1000"}, ["BIG", "DEAR", "OTHER"]),
        ({"min_price": "5.01", "max_price": "999.99"}, ["BIG", "OTHER"]),
        ({"min_dollar_volume": "5000000.01"}, ["BIG"]),
        ({"min_dollar_volume": "0", "sectors": ["Utilities"]}, ["OTHER"]),
        ({"sectors": ["Real Estate"]}, []),
    ],
)
def test_a_screen_lets_the_most_traded_of_what_fits_pass(screen: dict[str, Any], symbols: list[str]) -> None:
    passed = screened(reversed(LIST), Screen.model_validate(screen))
    assert list(passed) == symbols


async def test_symbols_by_name_are_what_they_are_and_nobody_is_asked() -> None:
    assets = FakeAssets()
    assert (await found(assets, asked(symbols=["KO", "AAPL"], watchlist=["IBM"]))).symbols == ("KO", "AAPL")
    assert (await found(assets, asked(watchlist=["IBM"]))).symbols == ("IBM",)
    nothing = await found(assets, asked())
    assert (nothing.symbols, nothing.reason) == ((), "it names no symbols, nor does the desk")
    assert assets.asked == []


async def test_what_is_named_goes_before_what_is_screened_and_a_hundred_is_the_most() -> None:
    many = [one(f"A{chr(65 + i // 26)}{chr(65 + i % 26)}", "10", f"{9000000 + i}") for i in range(120)]
    answer = await found(FakeAssets(many), asked(symbols=["KO", "AAA"], screen={"most": 100}))
    assert answer.symbols[:3] == ("KO", "AAA", "AEP")
    assert len(set(answer.symbols)) == len(answer.symbols) == 100
    nothing = await found(FakeAssets(), asked(screen={"min_price": "5000"}))
    assert (nothing.symbols, nothing.reason) == ((), "nothing of 6 listed symbols passes its screen")


async def test_a_screen_asks_for_its_list_once_a_session_and_again_after_the_bell() -> None:
    assets = FakeAssets()
    activities = UniverseActivities(FakeMarket(), assets, CALENDAR)
    morning, evening = FRIDAY_NOON - timedelta(hours=2), FRIDAY_NOON + timedelta(hours=5)
    for at in (morning, FRIDAY_NOON, evening, evening + timedelta(days=2)):
        assert (await found(assets, asked(at, screen={}), activities)).symbols[0] == "BIG"
    assert [at for at, _ in assets.asked] == [morning, evening]
    await found(assets, asked(screen={"sectors": ["Energy"]}), activities)
    assert assets.asked[-1] == (FRIDAY_NOON, ("Energy",))


async def test_a_list_that_could_not_be_had_is_asked_for_again() -> None:
    assets = FakeAssets()
    activities = UniverseActivities(FakeMarket(), assets, CALENDAR)
    assets.failing = True
    with pytest.raises(MarketUnavailable):
        await found(assets, asked(screen={}), activities)
    assets.failing = False
    assert (await found(assets, asked(screen={}), activities)).symbols


def vetters() -> Vetters:
    market = FakeMarket()
    for symbol in ("AAPL", "KO"):
        market.quote(symbol, "100", "101", FRIDAY_NOON)
    return Vetters(RuleLoader(), market, FakeAssets())


async def test_a_strategy_that_can_run_is_told_what_it_looks_at() -> None:
    assert await vet_strategy(strategy(symbols=["KO"]), vetters(), FRIDAY_NOON) == ("KO",)
    assert await vet_strategy(strategy(), vetters(), FRIDAY_NOON) == ()
    screening = strategy("momentum-ranking", symbols=["KO"], screen={"most": 2})
    assert await vet_strategy(screening, vetters(), FRIDAY_NOON) == ("KO", "BIG", "DEAR")


async def test_one_that_cannot_is_refused_in_one_line() -> None:
    with pytest.raises(BadRule, match="there is no rule no-such"):
        await vet_strategy(strategy("no-such"), vetters(), FRIDAY_NOON)
    with pytest.raises(UnknownSymbol, match="NONE, NOR"):
        await vet_strategy(strategy(symbols=["KO", "NONE", "NOR"]), vetters(), FRIDAY_NOON)
    plain = FakeMarket()
    with pytest.raises(MarketRefused, match="a screen cannot be made over fake, which publishes no list"):
        await vet_strategy(strategy(screen={}), Vetters(RuleLoader(), plain, assets_of(plain)), FRIDAY_NOON)
