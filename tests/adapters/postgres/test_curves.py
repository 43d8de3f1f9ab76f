"""The equity curve of a desk that closed sessions: its marks, the money that came, and the benchmark of its closes."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.curves import read_course
from tests.activities.closing import DESK, MONDAY, TUESDAY, WEDNESDAY, a_desk, close_all, closing, evening, market, pay
from tests.adapters.postgres.desk import quote
from trading.equity_curve import EquityPoint, equity_curve


async def curve(engine: AsyncEngine, limit: int = 99, *, by_day: bool = False) -> tuple[EquityPoint, ...]:
    course = await read_course(engine, DESK, limit, by_day=by_day)
    return equity_curve(course.marks, course.closes, course.peak)


async def test_a_close_has_its_point_and_the_benchmark_goes_on_from_the_first(engine: AsyncEngine) -> None:
    ledger = await a_desk(engine, sells=False)
    assert await curve(engine) == ()
    await pay(ledger, "5000.00", TUESDAY)
    await close_all(closing(engine, market(WEDNESDAY)))
    points = await curve(engine)
    # Of SPY 505, 505, 500 and 510; the 5,000 came on the Tuesday.
    first = Decimal("100099.00")
    tuesday = first * 500 / 505 + 5000
    expected = [first, first, tuesday, tuesday * 510 / 500]
    for point, theirs in zip(points, expected, strict=True):
        assert point.benchmark is not None
        assert abs(point.benchmark - theirs) < Decimal("0.02")
    assert [round(one.drawdown, 6) for one in points] == [0, 0, round(100 / 105_299, 6), 0]
    assert points[0].exposure == float(Decimal(10100) / first)
    whole = await read_course(engine, DESK, 99, by_day=False)
    assert (whole.why, len(whole.closes)) == ("", 4)


async def test_of_a_day_the_last_mark_and_of_a_part_the_peak_before_it(engine: AsyncEngine) -> None:
    ledger = await a_desk(engine, sells=False)
    await close_all(closing(engine, market(MONDAY)))
    for price, day in (("150", TUESDAY), ("140", WEDNESDAY)):
        await ledger.mark(DESK, quote("AAPL", price), evening(day))
    await ledger.mark(DESK, quote("AAPL", "130"), evening(WEDNESDAY).replace(hour=22))
    every, days = await curve(engine), await curve(engine, by_day=True)
    assert (len(every), len(days)) == (5, 4)
    assert days[-1] == every[-1]
    (last,) = await curve(engine, limit=1, by_day=True)
    assert last.drawdown == pytest.approx(every[-1].drawdown)
    assert last.drawdown == pytest.approx(float(1 - last.equity / max(one.equity for one in every)))
    assert last.benchmark == last.equity


async def test_the_first_mark_is_as_far_below_what_the_desk_was_opened_with_as_its_books_say(
    engine: AsyncEngine,
) -> None:
    ledger = await a_desk(engine, sells=False)
    await ledger.mark(DESK, quote("AAPL", "50"), evening(MONDAY))
    held = await ledger.portfolio(DESK)
    for by_day in (False, True):
        (first,) = await curve(engine, by_day=by_day)
        assert first.drawdown == pytest.approx(float(1 - held.equity / held.peak_equity))
        assert first.drawdown > 0.01


async def test_a_benchmark_that_the_market_has_not_is_told_with_its_reason(engine: AsyncEngine) -> None:
    await a_desk(engine)
    await close_all(closing(engine, market(MONDAY), benchmark="ABSENT"))
    course = await read_course(engine, DESK, 99, by_day=False)
    assert "ABSENT" in str(course.why)
    assert {one.returned for one in course.closes} == {None}
