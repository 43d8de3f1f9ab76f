"""A look at the prices of a desk with real books: what is told, what is marked, which stop is triggered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from activities.price_looks import Eyes, Hands, Looking, WatchPlan
from adapters.postgres.curves import read_course
from adapters.postgres.holders import PostgresHolders
from adapters.postgres.moves import PostgresMoves
from tests.activities.ex_date import CASH, DESK, Desk, listed, on_paper
from tests.fakes.always_open import AlwaysOpen
from tests.fakes.door import ListeningDesk
from tests.fakes.universes import by_name
from trading.corporate_actions import CorporateAction
from trading.errors import MarketRefused, MarketUnavailable, UnknownSymbol
from trading.events import EventType
from trading.market import Dropped, Quote
from trading.moves import MoveCause, Pace
from trading.news import News
from trading.price_watch import WatchRules

RULES = WatchRules(confirm_quotes=2, pace=Pace(cool_down_minutes=60, most_a_day=10))
PLAN = WatchPlan(symbols=("AAPL",), rules=RULES)
CALENDAR = AlwaysOpen()
SECOND = timedelta(seconds=1)


class Room:
    """A desk on paper, whose prices are looked at by hand at moments of the present, a second apart."""

    def __init__(self, desk: Desk, plan: WatchPlan = PLAN, **eyes: Any) -> None:
        self.desk = desk
        self.door = ListeningDesk()
        self.now = datetime.now(UTC)
        hands = Hands(desk.broker, desk.ledger, PostgresHolders(desk.engine), PostgresMoves(desk.engine), self.door)
        seen = Eyes(desk.market, CALENDAR, by_name)._replace(**eyes)
        self.looking = Looking(seen, hands, plan, DESK, CALENDAR.last_session(self.now))

    async def price(self, *prices: str, symbol: str = "AAPL") -> None:
        """Quote a price and look, once for each."""
        for price in prices:
            self.now += SECOND
            self.desk.market.quote(symbol, price, price, self.now)
            await self.looking.look({}, self.now, polls=True)

    async def events(self) -> list[tuple[str, object]]:
        stored = (await self.desk.ledger.books(DESK)).events
        return [(s.event.event_id, s.event.data) for s in stored if s.event.type is EventType.PRICE_MOVED]


async def test_a_move_is_written_with_what_bears_it_out_and_then_told_once(engine: AsyncEngine) -> None:
    room = Room(await on_paper(engine))
    await room.price("105", "100", "106", "106", "106", "106")
    ((event_id, data),) = await room.events()
    (moved,) = room.door.told
    assert event_id == f"{DESK}/PriceMoved/AAPL/{moved.moved_at:%Y%m%dT%H%M%S%f}"
    assert data == {
        "symbol": "AAPL",
        "cause": "price",
        "percent": 6,
        "reference": "100.000000",
        "price": "106.000000",
        "evidence": {"bid": "106", "ask": "106", "last": "106", "threshold": "0.05", "quotes": "2"},
    }
    assert (moved.symbol, moved.percent, moved.pace) == ("AAPL", 6, RULES.pace)


async def test_whoever_begins_anew_tells_again_what_was_written_and_goes_on_from_there(engine: AsyncEngine) -> None:
    desk = await on_paper(engine)
    first = Room(desk)
    await first.price("106", "106")
    second = Room(desk)
    second.now = first.now
    await second.looking.catch_up()
    assert second.door.told == first.door.told
    assert second.looking.fired == 1
    await second.price("112.5", "112.5", "112.5")
    assert second.door.told == first.door.told
    assert await second.events() == await first.events()


@pytest.mark.faults
async def test_a_stop_on_paper_is_triggered_between_cycles_and_the_books_follow(engine: AsyncEngine) -> None:
    desk = await on_paper(engine)
    await desk.buy("10", stop="90", target="120")
    room = Room(desk, PLAN.model_copy(update={"rules": RULES.model_copy(update={"threshold": Decimal("0.5")})}))
    await room.price("95", "91")
    assert (await desk.stops(), (await desk.position()) is not None) == ([("10", "90.00")], True)
    before = room.door.looks
    await room.price("89")
    assert await desk.position() is None
    assert await desk.stops() == []
    assert room.door.looks == before + 1
    equity, broker = await desk.equity()
    assert equity == broker == CASH - Decimal(110)
    assert await desk.findings() == []


async def test_what_is_held_is_marked_at_the_moment_of_its_quotes_and_not_more_often_than_asked(
    engine: AsyncEngine,
) -> None:
    desk = await on_paper(engine)
    await desk.buy("10", stop="50")
    room = Room(desk)
    await room.price("98")
    portfolio = await desk.ledger.portfolio(DESK)
    assert (portfolio.marked_at, portfolio.equity, room.door.looks) == (room.now, CASH - 20, 1)
    await room.price("97", "96")
    assert (await desk.ledger.portfolio(DESK)).equity == CASH - 20
    assert len((await read_course(engine, DESK, 9, by_day=False)).marks) == 1
    room.now += timedelta(minutes=5)
    await room.price("96")
    assert (await desk.ledger.portfolio(DESK)).equity == CASH - 40


@pytest.mark.faults
async def test_on_the_morning_of_a_split_nothing_moves_until_the_books_have_the_new_shares(engine: AsyncEngine) -> None:
    desk = await on_paper(engine)
    await desk.buy("10", stop="90", target="120")
    desk.market.listed = [listed(ratio="4")]
    room = Room(desk)
    await room.price("25.01", "25.01", "25.01")
    assert (room.door.told, room.door.looks, await desk.stops()) == ([], 0, [("10", "90.00")])
    assert (await desk.equity())[0] == CASH
    await desk.look()
    await room.price("25", "25")
    assert (room.door.told, room.door.looks, await desk.stops()) == ([], 1, [("40", "22.50")])
    assert await desk.equity() == (CASH, CASH)
    await room.price("21")
    assert (await desk.position(), await desk.findings()) == (None, [])


class Poor:
    """A market without its list of actions, or of symbols, or without an answer."""

    def __init__(self, desk: Desk, failure: Exception, *, of: str) -> None:
        self._market, self._failure, self._of = desk.market, failure, of

    def __getattr__(self, name: str) -> object:
        return getattr(self._market, name)

    def _fail(self, name: str, symbols: Sequence[str]) -> None:
        if self._of == name or self._of in symbols:
            raise self._failure

    async def quotes(self, symbols: Sequence[str], as_of: datetime) -> Mapping[str, Quote | Dropped]:
        self._fail("quotes", symbols)
        return await self._market.quotes(symbols, as_of)

    async def actions(
        self, symbols: Sequence[str], since: datetime, until: datetime
    ) -> Mapping[str, Sequence[CorporateAction]]:
        self._fail("actions", symbols)
        return await self._market.actions(symbols, since, until)


@pytest.mark.parametrize(
    ("failure", "of", "told"),
    [
        (MarketUnavailable("away"), "quotes", []),
        # Without the list a split would be a move: nothing is watched until it answers.
        (MarketUnavailable("away"), "actions", []),
        # A list that is refused is none for good: the first price is the reference.
        (MarketRefused("no such plan"), "actions", [107]),
        (UnknownSymbol("gone"), "GONE", [100]),
    ],
)
async def test_a_market_that_does_not_answer_costs_what_it_did_not_say(
    engine: AsyncEngine, failure: Exception, of: str, told: list[int]
) -> None:
    desk = await on_paper(engine)
    poor = Poor(desk, failure, of=of)
    room = Room(desk, PLAN.model_copy(update={"symbols": ("GONE", "AAPL")}), market=poor)
    await room.price("107", "114", "114", "114")
    assert [moved.reference for moved in room.door.told] == told


class Gossip:
    """A market that tells volumes and headlines."""

    def __init__(self) -> None:
        self.volume = Decimal(0)
        self.news: tuple[News, ...] = ()

    async def volumes(self, symbols: Sequence[str], as_of: datetime) -> Mapping[str, Decimal]:
        assert as_of
        return dict.fromkeys(symbols, self.volume)

    async def headlines(self, symbols: Sequence[str], until: datetime) -> tuple[News, ...]:
        return tuple(one for one in self.news if one.symbol in symbols and one.published_at <= until)


async def test_a_busy_day_and_fresh_news_ask_for_a_look_where_the_settings_say_so(engine: AsyncEngine) -> None:
    gossip = Gossip()
    rules = RULES.model_copy(
        update={"volume_factor": Decimal(3), "news": True, "pace": Pace(cool_down_minutes=0, most_a_day=10)}
    )
    room = Room(await on_paper(engine), PLAN.model_copy(update={"rules": rules}), volumes=gossip, headlines=gossip)
    await room.price("100")
    gossip.volume = Decimal(3_000_000)
    await room.price("100", "100")
    gossip.news = (News(symbol="AAPL", headline="h", source="s", published_at=room.now),)
    await room.price("100", "100")
    assert [moved.cause for moved in room.door.told] == [MoveCause.VOLUME, MoveCause.NEWS]
    assert [data["evidence"] for _, data in await room.events() if isinstance(data, dict)] == [
        {"volume": "3000000", "average": "1000000", "factor": "3"},
        {"headlines": "1"},
    ]
    silent = Room(room.desk, volumes=gossip, headlines=gossip)
    await silent.price("100")
    assert silent.door.told == []


class Silent:
    """A market that tells prices, and of volumes and headlines nothing."""

    def __init__(self, failure: Exception) -> None:
        self._failure = failure

    async def volumes(self, symbols: Sequence[str], as_of: datetime) -> Mapping[str, Decimal]:
        assert symbols
        assert as_of
        raise self._failure

    async def headlines(self, symbols: Sequence[str], until: datetime) -> tuple[News, ...]:
        assert symbols
        assert until
        raise self._failure


@pytest.mark.parametrize("failure", [MarketUnavailable("away"), MarketRefused("no such plan")])
async def test_without_volumes_and_news_prices_are_watched_all_the_same(
    engine: AsyncEngine, failure: Exception
) -> None:
    rules = RULES.model_copy(update={"volume_factor": Decimal(3), "news": True})
    silent = Silent(failure)
    room = Room(await on_paper(engine), PLAN.model_copy(update={"rules": rules}), volumes=silent, headlines=silent)
    await room.price("106", "106")
    assert [moved.cause for moved in room.door.told] == [MoveCause.PRICE]
