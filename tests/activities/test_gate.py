"""The gate: what a cycle is let through for, and in which words it is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from activities.gate import Gate, GateRules
from activities.opening import OpeningActivities
from adapters.exchange_calendar import ExchangeCalendar
from adapters.paper_broker import PaperBroker
from adapters.postgres.ledger import PostgresLedger
from tests.fakes.market import FakeMarket
from tests.making import DESK, TRACE, cycle
from tests.rig import CALENDAR
from trading.approvals import ApprovalMode, ApprovalTerms
from trading.desk import DeskOpening
from trading.errors import UnknownSymbol
from trading.footing import Footing
from trading.steps import Cycle
from trading.strategy import first_strategy

CLOSE = datetime(2026, 11, 20, 21, tzinfo=UTC)


class LateMarket(FakeMarket):
    """A live market whose newest price is as old as a test says."""

    def __init__(self, age: timedelta) -> None:
        super().__init__(unquoted=["AAPL"])
        self.age = age

    async def latest(self, now: datetime) -> datetime:
        return now - self.age


def asked(as_of: datetime | None = None, *, anytime: bool = False) -> Cycle:
    one = cycle("AAPL")
    return one.model_copy(update={"request": one.request.model_copy(update={"as_of": as_of, "anytime": anytime})})


async def gate_of(
    engine: AsyncEngine, market: FakeMarket, calendar: ExchangeCalendar = CALENDAR
) -> tuple[Gate, PostgresLedger]:
    ledger = PostgresLedger(engine)
    opening = DeskOpening(desk_id=DESK, trace_id=TRACE, at=CLOSE)
    await OpeningActivities(PaperBroker(engine, market), ledger).open_desk(opening)
    return Gate(market, calendar, ledger, GateRules()), ledger


async def test_the_closing_bell_belongs_to_the_session_and_the_minute_after_it_does_not(engine: AsyncEngine) -> None:
    gate, _ = await gate_of(engine, FakeMarket(unquoted=["AAPL"]))
    at_the_bell = await gate.open_cycle(asked(CLOSE))
    assert (at_the_bell.in_session, at_the_bell.skip) == (True, None)
    later = await gate.open_cycle(asked(CLOSE + timedelta(minutes=1)))
    assert later.skip is not None
    assert (later.in_session, later.skip.code) == (False, "market_closed")
    assert (await gate.open_cycle(asked(CLOSE + timedelta(minutes=1), anytime=True))).skip is None


async def test_a_day_after_an_early_close_is_over_at_one(engine: AsyncEngine) -> None:
    gate, _ = await gate_of(engine, FakeMarket(unquoted=["AAPL"]))
    thanksgiving_friday = datetime(2025, 11, 28, 18, tzinfo=UTC)
    assert (await gate.open_cycle(asked(thanksgiving_friday))).skip is None
    assert (await gate.open_cycle(asked(thanksgiving_friday + timedelta(minutes=90)))).skip is not None


async def test_where_nobody_rings_a_bell_every_hour_of_the_week_is_in_session(engine: AsyncEngine) -> None:
    never_closed = ExchangeCalendar("24/7", until=CLOSE.date())
    gate, _ = await gate_of(engine, FakeMarket(unquoted=["AAPL"]), never_closed)
    a_sunday = datetime(2025, 11, 30, tzinfo=UTC)
    openings = [await gate.open_cycle(asked(a_sunday + timedelta(hours=hour))) for hour in range(0, 30, 3)]
    assert {(one.in_session, one.skip) for one in openings} == {(True, None)}


async def test_books_are_not_led_backwards(engine: AsyncEngine) -> None:
    gate, ledger = await gate_of(engine, FakeMarket(unquoted=["AAPL"]))
    await ledger.mark(DESK, {}, CLOSE)
    assert (await gate.open_cycle(asked(CLOSE))).skip is None
    earlier = (await gate.open_cycle(asked(CLOSE - timedelta(days=1)))).skip
    assert earlier is not None
    assert earlier.code == "before_the_books"


@pytest.mark.parametrize(("age", "code"), [(59, None), (120, "stale_data")])
async def test_a_live_market_must_be_fresh(engine: AsyncEngine, age: int, code: str | None) -> None:
    gate, _ = await gate_of(engine, LateMarket(timedelta(seconds=age)))
    skip = (await gate.open_cycle(asked(anytime=True))).skip
    assert (skip.code if skip else None) == code


@pytest.mark.parametrize(
    ("own", "mode", "minutes"),
    [(None, "above_notional", 10), ({"mode": "always"}, "always", 10), ({"valid_minutes": 5}, "above_notional", 5)],
)
async def test_a_strategy_may_ask_a_person_more_often_than_its_desk_and_never_less(
    engine: AsyncEngine, own: dict[str, object] | None, mode: str, minutes: int
) -> None:
    await gate_of(engine, FakeMarket(unquoted=["AAPL"]))
    desks = ApprovalTerms(mode=ApprovalMode.ABOVE_NOTIONAL, valid_minutes=10)

    class Own(PostgresLedger):
        async def footing(self, desk_id: str, strategy_id: str) -> Footing:
            known = await super().footing(desk_id, strategy_id)
            terms = ApprovalTerms.model_validate(own) if own is not None else None
            strategy = first_strategy().model_copy(update={"approval": terms})
            return known.model_copy(update={"strategy": strategy})

    gate = Gate(FakeMarket(unquoted=["AAPL"]), CALENDAR, Own(engine), GateRules(approval=desks))
    found = (await gate.open_cycle(asked(CLOSE))).approval
    assert (found.mode, found.valid_minutes, found.above_usd) == (mode, minutes, desks.above_usd)


async def test_a_moment_to_come_is_refused(engine: AsyncEngine) -> None:
    gate, _ = await gate_of(engine, FakeMarket(unquoted=["AAPL"]))
    skip = (await gate.open_cycle(asked(datetime.now(UTC) + timedelta(days=1), anytime=True))).skip
    assert skip is not None
    assert skip.code == "future"


async def test_a_symbol_that_the_market_does_not_have_is_named(engine: AsyncEngine) -> None:
    gate, _ = await gate_of(engine, FakeMarket(unquoted=["MSFT"]))
    with pytest.raises(UnknownSymbol, match="AAPL"):
        await gate.open_cycle(asked(CLOSE))
