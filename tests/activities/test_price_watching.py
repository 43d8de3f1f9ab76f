"""The watch of a session: by the clock and by a stream, until the bell, the worker's end or a setting says no."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, cast

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.testing import ActivityEnvironment

from activities.price_looks import Eyes, Hands, WatchPlan
from activities.price_watching import PriceWatchingActivities
from adapters.exchange_calendar import ExchangeCalendar
from adapters.file_market import FileMarket
from adapters.postgres.holders import PostgresHolders
from adapters.postgres.moves import PostgresMoves
from tests.activities.ex_date import DESK, on_paper
from tests.fakes.always_open import AlwaysOpen
from tests.fakes.door import ListeningDesk
from tests.fakes.market import FakeMarket
from tests.fakes.universes import by_name
from trading.errors import MarketRefused, MarketUnavailable
from trading.market import Quote
from trading.moves import Pace
from trading.price_watch import WatchRules
from trading.sessions import Session
from trading.watching import WatchEnd, next_opening, open_session

RULES = WatchRules(confirm_quotes=2, pace=Pace(cool_down_minutes=0, most_a_day=10))
PLAN = WatchPlan(symbols=("AAPL",), rules=RULES, poll_every=timedelta(milliseconds=50))
SECONDS = 20


class Wall:
    """A market that streams what a test says, and fails as a test says first."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.begun: list[tuple[str, ...]] = []
        self.closed = 0
        self.coming: asyncio.Queue[Quote | None] = asyncio.Queue()

    async def stream(self, symbols: Sequence[str]) -> AsyncGenerator[Quote]:
        self.begun.append(tuple(symbols))
        try:
            if self.failures:
                raise self.failures.pop(0)
            while (quote := await self.coming.get()) is not None:
                yield quote
        finally:
            self.closed += 1


async def until(is_so: Any) -> None:
    async with asyncio.timeout(SECONDS):
        while not is_so():  # noqa: ASYNC110  what is looked at tells nobody
            await asyncio.sleep(0.02)


@pytest.fixture
async def watching(engine: AsyncEngine) -> tuple[FakeMarket, ListeningDesk, Any]:
    """A market, a desk that listens, and what makes a watch over them with a plan and a stream."""
    desk, door = await on_paper(engine), ListeningDesk()

    def make(plan: WatchPlan = PLAN, stream: Wall | None = None, **eyes: Any) -> PriceWatchingActivities:
        hands = Hands(desk.broker, desk.ledger, PostgresHolders(engine), PostgresMoves(engine), door)
        return PriceWatchingActivities(Eyes(desk.market, AlwaysOpen(), by_name, stream)._replace(**eyes), hands, plan)

    return desk.market, door, make


async def run(activities: PriceWatchingActivities, desk_id: str = DESK) -> WatchEnd:
    """One that ends by itself."""
    return await asyncio.wait_for(ActivityEnvironment().run(activities.watch_prices, desk_id), SECONDS)


async def test_by_the_clock_a_move_is_seen_and_the_watch_ends_with_its_worker(
    watching: tuple[FakeMarket, ListeningDesk, Any],
) -> None:
    market, door, make = watching
    environment = ActivityEnvironment()
    task = asyncio.create_task(environment.run(make().watch_prices, DESK))

    def moved() -> bool:
        market.quote("AAPL", "107", "107", datetime.now(UTC))
        return bool(door.told)

    await until(moved)
    environment.worker_shutdown()
    end = await asyncio.wait_for(task, SECONDS)
    assert (end.reason, end.is_over, end.fired) == ("the worker ends", False, 1)
    assert (door.told[0].symbol, door.told[0].reference) == ("AAPL", Decimal(100))


@pytest.mark.faults
@pytest.mark.parametrize("failure", [MarketUnavailable("away"), OverflowError("date value out of range")])
async def test_a_stream_tells_sooner_than_the_clock_and_is_begun_again_when_it_is_cut(
    watching: tuple[FakeMarket, ListeningDesk, Any], failure: Exception
) -> None:
    market, door, make = watching
    wall, environment = Wall(failure), ActivityEnvironment()
    plan = PLAN.model_copy(update={"poll_every": timedelta(hours=1)})
    task = asyncio.create_task(environment.run(make(plan, wall).watch_prices, DESK))

    def moved() -> bool:
        at = datetime.now(UTC)
        wall.coming.put_nowait(market.quote("AAPL", "107", "107", at))
        return bool(door.told)

    await until(lambda: len(wall.begun) == 2)
    await until(moved)
    wall.coming.put_nowait(None)
    await until(lambda: len(wall.begun) == 3)
    environment.worker_shutdown()
    await asyncio.wait_for(task, SECONDS)
    assert wall.begun == [("AAPL",)] * 3
    assert wall.closed == 3


async def test_a_stream_that_is_refused_leaves_the_looks_by_the_clock(
    watching: tuple[FakeMarket, ListeningDesk, Any],
) -> None:
    market, door, make = watching
    wall, environment = Wall(MarketRefused("no plan for it")), ActivityEnvironment()
    task = asyncio.create_task(environment.run(make(PLAN, wall).watch_prices, DESK))

    def moved() -> bool:
        market.quote("AAPL", "107", "107", datetime.now(UTC))
        return bool(door.told)

    await until(moved)
    environment.worker_shutdown()
    await asyncio.wait_for(task, SECONDS)
    assert len(wall.begun) == 1


class Evening(AlwaysOpen):
    """An exchange that closes at a moment."""

    def __init__(self, closes_at: datetime) -> None:
        self._closes_at = closes_at

    def last_session(self, at: datetime) -> Session:
        return super().last_session(at).model_copy(update={"closes_at": self._closes_at})


async def test_nothing_is_watched_while_the_exchange_is_closed_nor_where_nothing_moves(
    watching: tuple[FakeMarket, ListeningDesk, Any], sample_data: Any
) -> None:
    _, door, make = watching
    now = datetime.now(UTC)
    closed = await run(make(calendar=Evening(now - timedelta(seconds=1))))
    assert closed.reason == "the exchange is closed"
    assert closed.again_at is not None
    assert now < closed.again_at <= now + timedelta(days=1)
    bell = await run(make(calendar=Evening(now + timedelta(seconds=2))))
    assert bell.reason == "the session is over"
    assert bell.looks > 1
    nobody = await run(make(), "nobody")
    assert "no books" in nobody.reason
    assert not nobody.is_over
    off = await run(make(PLAN.model_copy(update={"enabled": False})))
    past = await run(make(market=FileMarket(sample_data, cast("Any", AlwaysOpen()))))
    assert (off.is_over, past.is_over, door.told) == (True, True, [])


def test_the_next_opening_is_after_the_weekend_and_the_holiday() -> None:
    calendar = ExchangeCalendar("XNYS", until=datetime(2026, 11, 22, tzinfo=UTC).date())
    wednesday = datetime(2026, 11, 25, 22, tzinfo=UTC)
    assert open_session(calendar, wednesday) is None
    # Thanksgiving is on Thursday; Friday closes early.
    assert next_opening(calendar, wednesday) == datetime(2026, 11, 27, 14, 30, tzinfo=UTC)
    assert open_session(calendar, datetime(2026, 11, 27, 18, 1, tzinfo=UTC)) is None
    assert next_opening(calendar, datetime(2026, 11, 27, 18, 1, tzinfo=UTC)) == datetime(
        2026, 11, 30, 14, 30, tzinfo=UTC
    )
    session = open_session(calendar, datetime(2026, 11, 27, 18, tzinfo=UTC))
    assert session is not None
    assert next_opening(calendar, session.opens_at) == datetime(2026, 11, 30, 14, 30, tzinfo=UTC)
