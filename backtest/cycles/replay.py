"""A desk's days, one after the other: what was ordered happens, then the cycle at the close decides anew."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from activities import clock
from backtest.cycles.bar_day import BarDay, Played
from backtest.cycles.days import Day, DayBars
from backtest.cycles.desk import Desk
from backtest.cycles.leaving import leave
from backtest.cycles.opinions import opinions_of
from backtest.cycles.terms import DESK, strategy_of
from backtest.data.panel import Caution, Panel
from backtest.results.result import Opinion
from trading.backtest_plan import FillAt, Plan
from trading.breaker import TradingState
from trading.cycle import run_cycle
from trading.desk import LookAsked
from trading.docket import CycleOutcome, CycleReport
from trading.market import Quote
from trading.orders import PROTECTIVE, Order
from trading.portfolio import Portfolio
from trading.steps import Cycle, CycleRequest, Trigger
from trading.strategy import AGENTS

_UNMARKED = frozenset({CycleOutcome.SKIPPED, CycleOutcome.FAILED})


class Close(NamedTuple):
    """What the desk was at a close, in dollars and signed shares; how its cycle ended; what was said and refused."""

    equity: float
    cash: float
    gross: float
    shares: dict[str, float]
    state: TradingState
    outcome: CycleOutcome
    shadow: bool
    opinions: tuple[Opinion, ...]
    cautions: tuple[Caution, ...]
    unpaid: tuple[str, ...]


class Replay:
    """One plan over one panel. The clock in force must be the desk's."""

    def __init__(self, panel: Panel, plan: Plan, desk: Desk) -> None:
        self._panel = panel
        self._plan = plan
        self._desk = desk

    async def day(self, day: Day) -> Close:
        """Live through one session to its close."""
        self._desk.clock.set(day.session.closes_at)
        if self._plan.fill is FillAt.CLOSE:
            # They met the close that they were decided at; an order of yesterday does not live to see today's open.
            await self._end_orders()
        bars = DayBars(self._panel, day.row)
        played = self._desk.broker.play(BarDay(session=day.session, bars=bars, last=day.last))
        await self._book(played)
        report = await run_cycle(self._desk.steps, self._cycle(day))
        for held in played.delisted:
            await leave(self._desk, self._plan, day, held.symbol)
        return self._close(await self._mark(report), report, played)

    def _close(self, portfolio: Portfolio, report: CycleReport, played: Played) -> Close:
        asks, on = self._plan.strategy == AGENTS, clock.now().date()
        return Close(
            equity=float(portfolio.equity),
            cash=float(portfolio.cash),
            gross=float(sum(abs(position.value) for position in portfolio.positions)),
            shares={position.symbol: float(position.quantity) for position in portfolio.positions},
            state=portfolio.trading_state,
            outcome=report.outcome,
            shadow=report.shadow,
            opinions=opinions_of(on, report) if asks else (),
            cautions=played.cautions,
            unpaid=self._desk.broker.unpaid,
        )

    async def _book(self, played: Played) -> None:
        """Bring the books level with what the bar did, in the order in which it did; then the day's orders are over."""
        turn = {fill.client_order_id: number for number, fill in reversed(list(enumerate(played.fills)))}
        for order in sorted(await self._open_orders(), key=lambda one: _turn(one, turn)):
            await self._desk.hands.sending.follow(order)
        if self._plan.fill is FillAt.NEXT_OPEN:
            await self._end_orders()

    async def _end_orders(self) -> None:
        """Cancel what is left of orders whose session is over; stops and targets go on."""
        for order in await self._open_orders():
            if order.request.leg not in PROTECTIVE:
                await self._desk.hands.sending.end(order)

    async def _open_orders(self) -> Sequence[Order]:
        return (await self._desk.ledger.portfolio(DESK)).open_orders

    def _cycle(self, day: Day) -> Cycle:
        name = f"{DESK}-{day.on:%Y%m%d}"
        request = CycleRequest(
            symbols=self._plan.symbols,
            strategy_id=strategy_of(self._plan).strategy_id,
            trigger=Trigger.SCHEDULED,
            trace_id=name,
            as_of=day.session.closes_at,
        )
        return Cycle(cycle_id=name, desk_id=DESK, request=request, started_at=clock.now())

    async def _mark(self, report: CycleReport) -> Portfolio:
        """Value the books at the bell; where the cycle has not come so far, the circuit breaker looks at that too."""
        at, ledger = clock.now(), self._desk.ledger
        held = [position.symbol for position in (await ledger.portfolio(DESK)).positions]
        quotes = await self._desk.market.quotes(held, at)
        marked = await ledger.mark(DESK, {s: one for s, one in quotes.items() if isinstance(one, Quote)}, at)
        if self._desk.hands.breaker is not None and report.outcome in _UNMARKED:
            await self._desk.hands.breaker.judge(LookAsked(desk_id=DESK, at=at, trace_id=report.cycle_id))
        return marked


def _turn(order: Order, turn: dict[str, int]) -> int:
    return turn.get(order.request.client_order_id, len(turn))
