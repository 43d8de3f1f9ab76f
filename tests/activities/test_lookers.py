"""Which strategies a price watch names, with real books."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.holders import PostgresHolders
from tests.activities.ex_date import DESK, on_paper
from tests.activities.test_price_looks import PLAN, Room
from tests.strategies import given, holding
from trading.errors import MarketUnavailable
from trading.strategy import Strategy
from trading.universes import UniverseAsked, UniverseFound

SCREENED = holding("screened", universe={"screen": {}}, source="agents", parameters={})


class Screens:
    """Screens that show MSFT, until they do not answer."""

    def __init__(self) -> None:
        self.is_away = False

    async def __call__(self, asked: UniverseAsked) -> UniverseFound:
        if asked.strategy.universe.screen is None:
            return UniverseFound(symbols=asked.strategy.universe.symbols or asked.watchlist)
        if self.is_away:
            raise MarketUnavailable("away")
        return UniverseFound(symbols=("MSFT",))


async def room_of(engine: AsyncEngine, screens: Screens, *strategies: Strategy) -> Room:
    desk = await on_paper(engine)
    await given(desk.ledger, *strategies, desk_id=DESK)
    return Room(desk, PLAN, resolve=screens)


async def test_a_move_names_every_strategy_that_watches_or_holds_the_symbol(engine: AsyncEngine) -> None:
    screens = Screens()
    other, idle = holding("other", "AAPL", "IBM"), holding("idle", "AAPL", enabled=False)
    room = await room_of(engine, screens, SCREENED, other, idle)
    await room.price("106", "106")
    assert [(moved.symbol, moved.strategies) for moved in room.door.told] == [("AAPL", ("agents", "other"))]
    (_, data), *_ = await room.events()
    assert isinstance(data, dict)
    assert data["strategies"] == ["agents", "other"]
    assert set(room.looking.symbols) == {"AAPL", "IBM", "MSFT"}
    screens.is_away = True
    await room.price("200", "212", "212", symbol="MSFT")
    assert [(moved.symbol, moved.strategies) for moved in room.door.told[1:]] == [("MSFT", ("screened",))]
    second = Room(room.desk, PLAN, resolve=screens)
    second.now = room.now
    await second.looking.catch_up()
    assert second.door.told == room.door.told


async def test_who_holds_what_is_read_from_the_open_round_trips(engine: AsyncEngine) -> None:
    desk = await on_paper(engine)
    holders = PostgresHolders(engine)
    assert await holders.held(DESK) == {}
    await desk.buy("10")
    (held,) = (await holders.held(DESK)).values()
    assert held == {"AAPL"}
