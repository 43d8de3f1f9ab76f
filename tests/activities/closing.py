"""A desk on a real database with a few trades, and a market whose closes are set by hand."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.testing import ActivityEnvironment

from activities.closing import ClosingActivities, Exchange
from activities.reporting import ReportingActivities
from adapters.exchange_calendar import ExchangeCalendar
from adapters.postgres.closes import PostgresCloses
from adapters.postgres.engine import transaction
from adapters.postgres.ledger import PostgresLedger
from adapters.postgres.weeks import PostgresWeeks
from tests.adapters.postgres import desk as making
from tests.adapters.postgres.desk import booked, buy, fill_of, intent, opening, sell, step
from tests.fakes.closing_market import ClosingMarket
from trading.capital import capital_changed
from trading.closing import CloseAsked, Closed, ClosePlan, DayAsked
from trading.orders import OrderRequest, OrderState
from trading.portfolio import CapitalEvent, CapitalKind

DESK = making.DESK
ASKED = DayAsked(desk_id=DESK, trace_id="trace-1")
CALENDAR = ExchangeCalendar("XNYS", until=date(2024, 12, 31))
# The desk of these tests opens on Friday, 1 March 2024, at noon in New York; the exchange closes at 21:00 by UTC.
FRIDAY, MONDAY, TUESDAY, WEDNESDAY = (date(2024, 3, day) for day in (1, 4, 5, 6))
CLOSES = {
    "AAPL": {FRIDAY: 101.0, MONDAY: 103.0, TUESDAY: 102.0, WEDNESDAY: 104.0},
    "SPY": {date(2024, 2, 29): 500.0, FRIDAY: 505.0, MONDAY: 505.0, TUESDAY: 500.0, WEDNESDAY: 510.0},
}


def evening(day: date) -> datetime:
    """Twenty minutes after the bell of a day."""
    return datetime(day.year, day.month, day.day, 21, 20, tzinfo=UTC)


def market(day: date, closes: Mapping[str, Mapping[date, float]] = CLOSES, **more: int) -> ClosingMarket:
    """The market on the evening of a day."""
    return ClosingMarket(evening(day), closes, **more)


def closing(engine: AsyncEngine, seen: ClosingMarket, benchmark: str = "SPY") -> ClosingActivities:
    return ClosingActivities(Exchange(seen, CALENDAR, benchmark), PostgresCloses(engine))


def reporting(engine: AsyncEngine, seen: ClosingMarket) -> ReportingActivities:
    return ReportingActivities(seen, CALENDAR, PostgresCloses(engine), PostgresWeeks(engine))


async def a_desk(engine: AsyncEngine, *, sells: bool = True) -> PostgresLedger:
    """100,000 dollars: 100 shares at 100 were bought on the Friday and, if so, 40 sold on the Tuesday, at 103."""
    ledger = PostgresLedger(engine)
    opened, cash = opening()
    await ledger.open_desk(opened, cash=cash)
    await trade(ledger, buy(), "100", "100", FRIDAY)
    if sells:
        await trade(ledger, sell(quantity="40"), "40", "103", TUESDAY)
    return ledger


async def close_all(activities: ClosingActivities) -> list[Closed]:
    """What the workflow does, without a workflow."""
    environment = ActivityEnvironment()
    planned: ClosePlan = await environment.run(activities.plan_closes, ASKED)
    closed: list[Closed] = []
    for due in planned.due:
        newest = due is planned.due[-1]
        made_up = tuple(one.session.session_on for one in planned.due[:-1]) if newest else None
        asked = CloseAsked(desk_id=DESK, trace_id="trace-1", due=due, made_up=made_up)
        closed.append(await environment.run(activities.close_session, asked))
    return closed


async def trade(ledger: PostgresLedger, request: OrderRequest, quantity: str, price: str, day: date) -> None:
    """Intend an order, have it accepted and fill it an hour before the bell of a day."""
    await ledger.intend(intent(request))
    await ledger.advance(*step(request, OrderState.SUBMITTED))
    await ledger.advance(*step(request, OrderState.ACCEPTED))
    filled_at = evening(day) - timedelta(hours=1, minutes=20)
    await ledger.apply_fill(*booked(request, fill_of(request, quantity, price, filled_at=filled_at)))


async def pay(ledger: PostgresLedger, amount: str, day: date) -> None:
    """Pay in, or out, two hours before the bell of a day."""
    kind = CapitalKind.DEPOSIT if Decimal(amount) > 0 else CapitalKind.WITHDRAWAL
    event = CapitalEvent(
        capital_event_id=f"{DESK}/paid-{day}",
        desk_id=DESK,
        kind=kind,
        amount=Decimal(amount),
        occurred_at=evening(day) - timedelta(hours=2, minutes=20),
    )
    await ledger.change_capital(capital_changed(event, "trace-1"))


async def rows(engine: AsyncEngine, query: str) -> list[tuple[object, ...]]:
    async with transaction(engine) as connection:
        return [tuple(row) for row in await connection.execute(text(query))]
