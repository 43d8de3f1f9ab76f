"""Shadow trades in the books: each written once with its event, apart from everything that is real, and counted."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.engine import transaction
from adapters.postgres.ledger import PostgresLedger
from tests import making
from tests.adapters.postgres.desk import DESK, NOON, accepted, at, booked, buy, fill_of, sell
from tests.adapters.postgres.parted import changed, holds, shared
from trading.audit import audit
from trading.breaker import CircuitBreaker, Rule, StateChange, TradingState
from trading.breaker_rules import BreakerLook, BreakerRules
from trading.costs import Costs
from trading.errors import BadConfiguration
from trading.events import EventType
from trading.instruments import Side
from trading.money import ZERO
from trading.orders import Leg
from trading.sessions import Session
from trading.shadow import Ending, ShadowDecision, ShadowTrade, drafted
from trading.shadow_scoring import Seen, ShadowLook
from trading.strategy import Rung

COSTS = Costs(slippage_bps=ZERO)
SESSION = Session(session_on=NOON.date(), opens_at=at(-150), closes_at=at(240))


def draft(symbol: str = "AAPL", side: Side = Side.BUY, quantity: str = "10", number: int = 1) -> ShadowTrade:
    """What one cycle decided at 100 dollars; an entry has a target at 120."""
    decided = ShadowDecision(
        cycle_id=f"paper/cycle-{number}",
        desk_id=DESK,
        strategy_id="agents",
        trace_id="trace-1",
        symbol=symbol,
        side=side,
        leg=Leg.ENTRY if side is Side.BUY else Leg.EXIT,
        quantity=Decimal(quantity),
        target=Decimal(120) if side is Side.BUY else None,
        quote=making.quote(symbol, "100", quoted_at=NOON),
        as_of=NOON,
    )
    return drafted(decided, SESSION, COSTS)


def look(minutes: int, **prices: str) -> ShadowLook:
    seen = (Seen(symbol=s, quote=making.quote(s, price, quoted_at=at(minutes))) for s, price in prices.items())
    return ShadowLook(desk_id=DESK, as_of=at(minutes), seen=tuple(seen))


async def halt(ledger: PostgresLedger) -> None:
    words = {"changed_by": "ann", "reason": "lunch", "at": NOON}
    await ledger.change_state(
        StateChange.model_validate({"desk_id": DESK, "change_id": "h", "state": "HALTED", **words})
    )


async def decide(ledger: PostgresLedger, *drafts: ShadowTrade) -> list[tuple[ShadowTrade, ...]]:
    return [await ledger.decide_in_shadow(one, COSTS, "trace-1") for one in drafts]


async def kinds(ledger: PostgresLedger) -> list[EventType]:
    return [stored.event.type for stored in (await ledger.books(DESK)).events]


async def test_a_decision_is_kept_once_with_its_event_and_moves_nothing_real(ledger: PostgresLedger) -> None:
    before = await ledger.portfolio(DESK)
    kept = await asyncio.gather(*(ledger.decide_in_shadow(draft(), COSTS, "trace-1") for _ in range(3)))
    assert kept == [(draft(),)] * 3
    assert await ledger.shadow_trades(DESK) == (draft(),)
    assert (await kinds(ledger)).count(EventType.SHADOW_OPENED) == 1
    assert await ledger.portfolio(DESK) == before


async def test_an_exit_ends_the_entry_once_however_often_it_is_repeated(ledger: PostgresLedger) -> None:
    exit_ = draft(side=Side.SELL, number=2)
    _, first, again = await decide(ledger, draft(), exit_, exit_)
    assert first == again
    (ended,) = first
    assert (ended.ending, ended.pnl, ended.closing_cycle_id) == (Ending.EXIT, Decimal("0.00"), "paper/cycle-2")
    assert await ledger.shadow_trades(DESK) == ()
    assert (await kinds(ledger)).count(EventType.SHADOW_CLOSED) == 1
    (reopened,) = await decide(ledger, draft(number=3))
    assert [one.shadow_id for one in reopened] == ["paper/cycle-3-AAPL-shadow"]


async def test_a_symbol_is_entered_once_at_a_time(ledger: PostgresLedger) -> None:
    _, second = await decide(ledger, draft(), draft(number=2))
    assert second == ()
    assert len(await ledger.shadow_trades(DESK)) == 1


async def test_an_exit_of_what_is_held_is_a_trade_of_its_own_and_once(ledger: PostgresLedger) -> None:
    await ledger.adopt(*accepted(buy(quantity="20")))
    await ledger.apply_fill(*booked(buy(quantity="20"), fill_of(buy(quantity="20"), "20")))
    sales = [draft(side=Side.SELL, quantity="15", number=number) for number in (1, 1, 2, 3)]
    found = await decide(ledger, *sales)
    assert [[int(one.quantity) for one in changed] for changed in found] == [[15], [15], [5], []]
    assert (await ledger.portfolio(DESK)).held("AAPL") == 20


async def test_scoring_at_once_ends_a_trade_once(ledger: PostgresLedger) -> None:
    await halt(ledger)
    await decide(ledger, draft(), draft("XOM"))
    prices = look(5, AAPL="121", XOM="110")
    left = await asyncio.gather(*(ledger.score_shadow(prices, COSTS) for _ in range(4)))
    assert {tuple(one.symbol for one in trades) for trades in left} == {("XOM",)}
    assert [one.mark for one in await ledger.shadow_trades(DESK)] == [Decimal(110)]
    books = await ledger.books(DESK)
    closed = [s.event for s in books.events if s.event.type is EventType.SHADOW_CLOSED]
    assert [(event.data["pnl"], event.data["ending"]) for event in closed] == [("210.00", "target")]
    assert [(one.symbol, one.pnl) for one in books.shadows] == [("AAPL", Decimal(210)), ("XOM", None)]
    assert [finding for finding in audit(books) if finding.invariant == "I6"] == []


async def test_a_desk_that_is_not_halted_keeps_none_open(ledger: PostgresLedger) -> None:
    await decide(ledger, draft())
    assert await ledger.score_shadow(look(5, AAPL="103"), COSTS) == ()
    (trade,) = (await ledger.books(DESK)).shadows
    assert (trade.ending, trade.pnl) == (Ending.RESUMED, Decimal(30))


async def test_the_application_removes_no_shadow_trade(ledger: PostgresLedger, engine: AsyncEngine) -> None:
    await decide(ledger, draft())
    with pytest.raises(BadConfiguration, match="permission denied"):
        async with transaction(engine) as connection:
            await connection.execute(text("DELETE FROM shadow_trades"))


async def judged(ledger: PostgresLedger, minutes: int) -> CircuitBreaker:
    return await ledger.judge(BreakerLook(desk_id=DESK, rules=BreakerRules(), at=at(minutes)))


async def lose(ledger: PostgresLedger) -> None:
    """Five round trips, each a loss."""
    for symbol in ("A", "B", "C", "D", "E"):
        for request, price in ((buy(symbol, "10"), "100"), (sell(symbol, "10"), "99")):
            await ledger.adopt(*accepted(request))
            later = NOON + timedelta(minutes=1 if request.side is Side.SELL else 0)
            await ledger.apply_fill(*booked(request, fill_of(request, "10", price, filled_at=later)))


WINS = {
    "three wins": (["121", "121", "121"], TradingState.ACTIVE),
    "two wins": (["121", "121"], TradingState.HALTED),
    "a loss between": (["121", "121", "99", "121"], TradingState.HALTED),
    "a loss before": (["99", "121", "121", "121"], TradingState.ACTIVE),
    "nothing made is no win": (["121", "121", "100"], TradingState.HALTED),
}


@pytest.mark.faults
@pytest.mark.parametrize(("prices", "state"), WINS.values(), ids=WINS)
async def test_three_wins_in_a_row_end_a_halt_for_losing_trades(
    ledger: PostgresLedger, prices: list[str], state: TradingState
) -> None:
    (before,) = await decide(ledger, draft("KO"))
    await ledger.score_shadow(look(1, KO="121"), COSTS)
    assert before[0].shadow_id == "paper/cycle-1-KO-shadow"
    await lose(ledger)
    breaker = await judged(ledger, 2)
    assert (breaker.state, [trip.rule for trip in breaker.trips]) == (TradingState.HALTED, [Rule.LOSING_TRADES])
    for number, price in enumerate(prices, 2):
        await decide(ledger, draft("AAPL", number=number))
        if price == "121":
            await ledger.score_shadow(look(number * 5, AAPL=price), COSTS)
        else:
            exit_ = draft(side=Side.SELL, number=100 + number)
            await decide(ledger, exit_.model_copy(update={"entry_price": Decimal(price)}))
    after = await judged(ledger, 60)
    assert after.state is state
    if state is TradingState.ACTIVE:
        assert (after.probation_left, after.size, len(after.resumes)) == (5, Decimal("0.5"), 1)


async def test_what_only_thinks_ends_no_halt_of_the_desk(ledger: PostgresLedger) -> None:
    await lose(ledger)
    assert (await judged(ledger, 2)).state is TradingState.HALTED
    for number in (2, 3, 4):
        theirs = draft(number=number).model_copy(update={"strategy_id": "momentum"})
        await ledger.decide_in_shadow(theirs, COSTS, "trace-1", only_thinks=True)
        await ledger.score_shadow(look(number * 5, AAPL="121"), COSTS)
    assert (await kinds(ledger)).count(EventType.SHADOW_CLOSED) == 3
    assert (await judged(ledger, 60)).state is TradingState.HALTED


async def test_what_only_thinks_or_is_halted_alone_halts_no_desk_that_trades(ledger: PostgresLedger) -> None:
    await shared(ledger, "momentum")
    await changed(ledger, "momentum", rung=Rung.SHADOW)
    rules = BreakerRules(sharpe_sessions=5)
    for day in range(8):
        noon = NOON + timedelta(days=day)
        await ledger.mark(DESK, {}, noon)
        bought = draft(number=day, quantity="1000").model_copy(update={"strategy_id": "momentum", "opened_at": noon})
        sold = draft(side=Side.SELL, number=100 + day).model_copy(
            update={"strategy_id": "momentum", "opened_at": noon, "entry_price": Decimal(99 - day % 3)}
        )
        for one in (bought, sold):
            await ledger.decide_in_shadow(one, COSTS, "trace-1", only_thinks=day % 2 == 0)
    breaker = await ledger.judge(BreakerLook(desk_id=DESK, rules=rules, at=NOON + timedelta(days=8)))
    assert (await kinds(ledger)).count(EventType.SHADOW_CLOSED) == 8
    assert breaker.state is TradingState.ACTIVE
    assert next(one.value for one in breaker.gauges if one.rule is Rule.SHARPE) is None


async def test_each_strategys_thoughts_are_its_own_and_end_when_it_trades_for_real(ledger: PostgresLedger) -> None:
    await shared(ledger, "momentum")
    await changed(ledger, "momentum", rung=Rung.SHADOW)
    theirs = draft(number=2).model_copy(update={"strategy_id": "momentum"})
    await decide(ledger, draft(), theirs)
    assert [one.strategy_id for one in await ledger.shadow_trades(DESK)] == ["agents", "momentum"]
    (ended,) = (await decide(ledger, draft(side=Side.SELL, number=3)))[0]
    assert ended.strategy_id == "agents"
    await decide(ledger, draft(number=4))
    # The desk is not halted: what the agents thought is over, what only thinks goes on.
    left = await ledger.score_shadow(look(5, AAPL="103"), COSTS)
    assert [one.strategy_id for one in left] == ["momentum"]
    await changed(ledger, "momentum", rung=Rung.PAPER)
    on_money = look(6, AAPL="104").model_copy(update={"real_money": True})
    assert len(await ledger.score_shadow(on_money, COSTS)) == 1
    assert await ledger.score_shadow(look(7, AAPL="104"), COSTS) == ()


async def test_an_exit_in_shadow_is_of_what_its_strategy_holds(ledger: PostgresLedger) -> None:
    await shared(ledger, "momentum")
    await holds(ledger, "agents", "20")
    sale = draft(side=Side.SELL, quantity="15").model_copy(update={"strategy_id": "momentum"})
    assert await decide(ledger, sale) == [()]
    await holds(ledger, "momentum", "5")
    (kept,) = await decide(ledger, sale)
    assert [int(one.quantity) for one in kept] == [5]
