"""The close of a desk with two strategies: what each has at the bell is kept as its mark and as its performance."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from sqlalchemy.ext.asyncio import AsyncEngine

from activities.reviewing import ReviewingActivities
from adapters.postgres.closes import PostgresCloses
from adapters.postgres.ledger import PostgresLedger
from tests.activities.closing import DESK, FRIDAY, MONDAY, TUESDAY, closing, evening, market, rows, trade
from tests.adapters.postgres.desk import NOON, buy, opening, sell
from trading.breaker import TradingState
from trading.closing import CloseAsked, DailyClose, DayAsked, ReviewAsked
from trading.digest import day_digest
from trading.limits import Limits
from trading.strategy import Rung, Strategy, StrategyChange
from trading.strategy_rules import StrategyRules

OTHER = "breakout"


async def two(engine: AsyncEngine) -> PostgresLedger:
    """The agents with 60 %, another with 30 %; each buys on the Friday, the other sells at a loss on the Monday."""
    ledger = PostgresLedger(engine)
    opened, cash = opening()
    await ledger.open_desk(opened, cash=cash)
    for name, allocation in (("agents", "0.6"), (OTHER, "0.3")):
        strategy = Strategy(strategy_id=name, allocation=Decimal(allocation), rung=Rung.PAPER)
        change = StrategyChange(desk_id=DESK, change_id=name, strategy=strategy, by="ann", at=datetime.now(UTC))
        assert await ledger.change_strategy(change, Limits()) == strategy
        await ledger.fund(DESK, name, NOON)
    await trade(ledger, buy(), "100", "100", FRIDAY)
    await trade(ledger, buy(client_order_id="in", strategy_id=OTHER, quantity="50"), "50", "100", FRIDAY)
    await trade(ledger, sell(client_order_id="out", strategy_id=OTHER, quantity="50"), "50", "90", MONDAY)
    return ledger


async def closed(engine: AsyncEngine) -> list[DailyClose]:
    activities = closing(engine, market(TUESDAY))
    for due in (await activities.plan_closes(DayAsked(desk_id=DESK, trace_id="t"))).due:
        await activities.close_session(CloseAsked(desk_id=DESK, trace_id="t", due=due))
    found = [await PostgresCloses(engine).find(DESK, day) for day in (FRIDAY, MONDAY, TUESDAY)]
    return [one for one in found if one is not None]


async def test_each_strategy_has_its_equity_its_gains_and_its_risk(engine: AsyncEngine) -> None:
    await two(engine)
    friday, monday, tuesday = await closed(engine)
    # AAPL closed at 101, 103 and 102; a dollar of commission for each fill.
    sums = [[(one.strategy_id, one.equity) for one in close.divided] for close in (friday, monday, tuesday)]
    assert sums == [
        [("agents", Decimal("60099.00")), (OTHER, Decimal("30049.00"))],
        [("agents", Decimal("60299.00")), (OTHER, Decimal("29498.00"))],
        [("agents", Decimal("60199.00")), (OTHER, Decimal("29498.00"))],
    ]
    assert {close.reserve for close in (friday, monday, tuesday)} == {Decimal("10000.00")}
    for close in (friday, monday, tuesday):
        assert sum((one.equity or 0 for one in close.divided), Decimal(10_000)) == close.equity
    other = monday.divided[1]
    assert other.pnl is not None
    assert (other.pnl.day, other.pnl.week, other.pnl.month, other.pnl.opening) == (
        Decimal("-551.00"),
        Decimal("-551.00"),
        Decimal("-502.00"),
        Decimal("-502.00"),
    )
    assert (other.lost, other.lost_in_a_row, other.cash, other.held) == (1, 1, Decimal("29498.00"), Decimal(0))
    assert (other.allocation, other.paid_in, other.sessions) == (Decimal("0.3"), Decimal("30000.00"), 2)
    assert round(other.total_return or 0, 9) == round(29498 / 30000 - 1, 9)
    assert round(other.drawdown or 0, 9) == round(1 - 29498 / 30049, 9)
    assert round(other.exposure or 0, 9) == round((5050 / 30049 + 0) / 2, 9)
    assert other.turnover == (5000 + 4500) / ((30049 + 29498) / 2)


async def test_the_close_is_kept_as_mark_peak_and_performance(engine: AsyncEngine) -> None:
    await two(engine)
    *_, tuesday = await closed(engine)
    marks = await rows(engine, "SELECT strategy_id, marked_at, equity FROM strategy_marks ORDER BY marked_at, equity")
    assert (OTHER, evening(FRIDAY).replace(minute=0), Decimal("30049.00")) in marks
    assert marks[-1] == ("agents", evening(TUESDAY).replace(minute=0), Decimal("60199.00"))
    peaks = await rows(engine, "SELECT strategy_id, peak_equity FROM strategy_accounts ORDER BY strategy_id")
    assert peaks == [("agents", Decimal("60299.00")), (OTHER, Decimal("30049.00"))]
    kept = await rows(engine, "SELECT performance FROM strategies ORDER BY strategy_id")
    assert kept == [({"session_on": str(TUESDAY), **line.model_dump(mode="json")},) for line in tuesday.strategies]


async def test_the_digest_shows_strategies_and_reserve(engine: AsyncEngine) -> None:
    await two(engine)
    _, monday, _ = await closed(engine)
    words = day_digest(monday).splitlines()
    first = words.index(next(line for line in words if line.startswith("Strategy")))
    assert [line.split() for line in words[first : first + 4]] == [
        ["Strategy", "Equity", "Day", "Since", "opening", "Return", "Drawdown", "Sharpe"],
        ["agents", "60,299.00", "+200.00", "+299.00", "+0.50%", "0.00%", *words[first + 1].split()[-1:]],
        ["breakout", "29,498.00", "-551.00", "-502.00", "-1.67%", "1.83%", *words[first + 2].split()[-1:]],
        ["reserve", "10,000.00"],
    ]


async def test_who_fails_its_rule_reduces_and_the_other_trades_on(engine: AsyncEngine) -> None:
    ledger = await two(engine)
    await closed(engine)
    rules = StrategyRules(min_trades=1, min_profit_factor=Decimal(0), max_drawdown=Decimal("0.018"))
    asked = ReviewAsked(desk_id=DESK, session_on=TUESDAY)
    (reason,) = await ReviewingActivities(PostgresCloses(engine), ledger, rules).review_strategies(asked)
    assert reason == "strategy breakout, after 1 trades: 1.83% below its peak, less than 1.80%"
    states = {one.strategy_id: one.breaker.state for one in await ledger.strategy_breakers(DESK)}
    assert states == {"agents": TradingState.ACTIVE, OTHER: TradingState.REDUCING}
    assert (await ledger.breaker(DESK)).state is TradingState.ACTIVE
