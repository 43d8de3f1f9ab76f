"""Company facts and request rates in a real Postgres."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.companies import PostgresCompanies
from adapters.postgres.engine import transaction
from adapters.postgres.rates import PostgresRate
from trading.companies import Company
from trading.errors import MarketUnavailable
from trading.fundamentals import Fundamentals, report_days

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def company(symbol: str, *, name: str = "Apple Inc.", days: int = 0) -> Company:
    return Company(symbol=symbol, name=name, sector="Energy", source="test", known_at=NOON + timedelta(days=days))


async def test_what_is_kept_is_found_and_nothing_else(engine: AsyncEngine) -> None:
    companies = PostgresCompanies(engine)
    await companies.keep([company("AAPL"), company("KO", name="nul \x00 inside")])
    assert await companies.find(["AAPL", "MSFT"]) == {"AAPL": company("AAPL")}
    assert (await companies.find(["KO"]))["KO"].name == "nul \ufffd inside"
    await companies.keep([])
    assert await companies.find([]) == {}


async def test_numbers_and_days_of_reports_come_back_as_they_were_kept(engine: AsyncEngine) -> None:
    told = Fundamentals(market_cap=3.5e12, profit_margin=-0.04, source="test", known_at=NOON)
    days = report_days([date(2026, 10, 29), date(2027, 1, 28)], "test", NOON)
    whole = company("AAPL").model_copy(update={"fundamentals": told, "earnings": days})
    companies = PostgresCompanies(engine)
    await companies.keep([whole, company("KO")])
    assert await companies.find(["AAPL", "KO"]) == {"AAPL": whole, "KO": company("KO")}


async def test_newer_facts_stay_whoever_comes_last(engine: AsyncEngine) -> None:
    companies = PostgresCompanies(engine)
    await companies.keep([company("AAPL", name="new", days=2)])
    await companies.keep([company("AAPL", name="old", days=1)])
    assert (await companies.find(["AAPL"]))["AAPL"].name == "new"


async def test_many_writers_of_the_same_companies_do_not_lock_each_other(engine: AsyncEngine) -> None:
    companies = PostgresCompanies(engine)
    ways = [[company(s, days=d) for s in order] for d, order in enumerate([("A", "B", "C"), ("C", "B", "A")] * 10)]
    await asyncio.gather(*(companies.keep(way) for way in ways))
    assert {one.known_at for one in (await companies.find(["A", "B", "C"])).values()} == {NOON + timedelta(days=19)}


class Waits:
    """A sleep that only notes how long it would have been."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


async def set_free(engine: AsyncEngine, seconds: int) -> datetime:
    """Put the next free turn so many seconds from now."""
    query = text("INSERT INTO request_rates VALUES ('alpaca', now() + :s * interval '1 second') RETURNING free_at")
    async with transaction(engine) as connection:
        at: datetime = (await connection.execute(query, {"s": seconds})).scalar_one()
    return at


async def free_at(engine: AsyncEngine) -> datetime:
    async with transaction(engine) as connection:
        at: datetime = (await connection.execute(text("SELECT free_at FROM request_rates"))).scalar_one()
    return at


async def test_requests_of_all_workers_stand_in_one_line(engine: AsyncEngine) -> None:
    before, waits = await set_free(engine, 15), Waits()
    workers = [PostgresRate(engine, "alpaca", 120, sleep=waits) for _ in range(3)]
    await asyncio.gather(*(worker.take() for worker in workers * 3))
    assert await free_at(engine) == before + 9 * timedelta(seconds=0.5)
    assert len(waits.seconds) == 9


async def test_a_pause_lets_a_twentieth_of_a_minute_go_at_once(engine: AsyncEngine) -> None:
    before, waits = await set_free(engine, -3600), Waits()
    await PostgresRate(engine, "alpaca", 60, sleep=waits).take()
    assert waits.seconds == []
    assert timedelta(hours=1) - timedelta(seconds=2) <= await free_at(engine) - before


async def test_a_wait_of_over_twenty_seconds_is_refused_and_takes_no_turn(engine: AsyncEngine) -> None:
    rate = PostgresRate(engine, "alpaca", 60, sleep=Waits())
    before = await set_free(engine, 3600)
    for _ in range(3):
        with pytest.raises(MarketUnavailable, match="all its requests") as refused:
            await rate.take()
        assert refused.value.retry_after_seconds == 20
    assert await free_at(engine) == before


async def test_each_provider_has_a_rate_of_its_own(engine: AsyncEngine) -> None:
    waits = Waits()
    for _ in range(3):
        await PostgresRate(engine, "alpaca", 60, sleep=waits).take()
    await PostgresRate(engine, "yfinance", 60, sleep=waits).take()
    assert waits.seconds == []
