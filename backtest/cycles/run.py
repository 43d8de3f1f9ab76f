"""A backtest by whole cycles: each session's fills, then the cycle at its close, as the desk would have run it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain
from typing import NamedTuple

import numpy as np

from activities import clock
from adapters.exchange_calendar import ExchangeCalendar
from backtest.cycles.clock import BarClock
from backtest.cycles.days import Day, days_of
from backtest.cycles.deciders import Deciders
from backtest.cycles.desk import Desk
from backtest.cycles.market import PanelMarket
from backtest.cycles.mask import Mask
from backtest.cycles.replay import Close, Replay
from backtest.cycles.telling import (
    cautions_of,
    decisions_of,
    failed_of,
    fills_of,
    halted_of,
    notes_of,
    refusals_of,
    untraded,
)
from backtest.cycles.terms import DESK
from backtest.data.cautions import idle
from backtest.data.panel import Column, Panel
from backtest.measures.yardsticks import benchmark_of, held_of
from backtest.results.result import Result
from trading.audit import Books, audit
from trading.backtest_plan import Engine, Plan
from trading.docket import CycleOutcome
from trading.errors import BadRule
from trading.money import Record
from trading.portfolio import CapitalKind
from trading.strategy import AGENTS

EXCHANGE = "XNYS"


class Progress(Record):
    """How far a run has come: days done of all, and the equity in dollars at the newest close."""

    done: int
    total: int
    equity: float


async def run_cycles(
    panel: Panel,
    plan: Plan,
    deciders: Deciders | None = None,
    tell: Callable[[Progress], None] | None = None,
) -> Result:
    """Replay a plan over a panel; `tell` hears of each day that is done.

    Without `deciders` the agents' seats are taken by the rules model. A run that its models end early is cut after the
    day that it came to, and says so. Raises BadConfiguration for a plan that the panel
    cannot serve: a symbol without bars, no session between its dates, more symbols than one cycle looks at; BadRule for
    a rule that cannot be made, or that failed on every day: what it would have earned nobody knows.
    """
    if plan.mask:
        mask = Mask.of(panel, plan)
        return mask.taken_off(await run_cycles(mask.panel, mask.plan, deciders, tell), panel, plan)
    return await _result(panel, plan, await live_through(panel, plan, deciders, tell))


class Lived(NamedTuple):
    """A desk after its last day, the days, and what it was at the close of each."""

    desk: Desk
    days: tuple[Day, ...]
    closes: tuple[Close, ...]


async def live_through(
    panel: Panel,
    plan: Plan,
    deciders: Deciders | None = None,
    tell: Callable[[Progress], None] | None = None,
    market: PanelMarket | None = None,
) -> Lived:
    """Open a desk on the plan's cash and let it live its days; as `run_cycles` otherwise.

    `market` is what the desk sees, the panel itself by default; the broker's bars are the panel's in any case.
    """
    deciders = deciders or Deciders()
    if plan.strategy != AGENTS:
        deciders.rules.load(plan.strategy, plan.parameters)
    market = market or PanelMarket(panel, ExchangeCalendar(EXCHANGE, until=panel.days[-1].item()))
    days = days_of(panel, plan, market.calendar)
    bell = BarClock(days[0].session.opens_at)
    with clock.by(bell):
        desk = Desk.of(plan, market, deciders, bell)
        await desk.open(plan)
        replay, closes = Replay(panel, plan, desk), list[Close]()
        for day in days:
            closes.append(await replay.day(day))
            if tell is not None:
                tell(Progress(done=len(closes), total=len(days), equity=closes[-1].equity))
            if desk.meter.stopped is not None:
                await desk.idle()
                break
    return Lived(desk, days[: len(closes)], tuple(closes))


async def _result(panel: Panel, plan: Plan, lived: Lived) -> Result:
    desk, days, closes = lived
    stopped = desk.meter.stopped
    if stopped is not None:
        plan = plan.model_copy(update={"to_on": days[-1].on})
    books = await desk.ledger.whole_books(DESK)
    failed = failed_of(books)
    if plan.strategy != AGENTS and all(close.outcome is CycleOutcome.FAILED for close in closes):
        raise BadRule(failed[0].reason)
    findings = audit(books, await desk.broker.orders(DESK))
    told = (caution for close in closes for caution in close.cautions)
    symbols, traded = tuple(sorted(plan.symbols)), panel.days[[day.row for day in days]]
    rows = {day.on: number for number, day in enumerate(days)}
    positions = _positions(closes, symbols)
    fills = fills_of(desk.broker.all_fills, books, rows, symbols)
    refusals = refusals_of(books, {name for close in closes for name in close.unpaid})
    return Result(
        plan=plan,
        engine=Engine.CYCLES,
        days=traded,
        symbols=symbols,
        equity=np.array([close.equity for close in closes]),
        cash=np.array([close.cash for close in closes]),
        gross=np.array([close.gross for close in closes]),
        positions=positions,
        closes=_prices(panel, days, symbols),
        fills=fills,
        refusals=refusals,
        cautions=(
            *panel.cautions,
            *untraded(panel, plan, days),
            *told,
            *failed,
            *halted_of([day.on for day in days], closes),
            *cautions_of(books, findings),
            *idle(fills, refusals),
        ),
        benchmark=benchmark_of(panel, plan, traded),
        held=held_of(panel, plan, traded),
        interest=_paid(books, CapitalKind.INTEREST),
        borrow=0.0 - _paid(books, CapitalKind.FEE),
        dividends=_paid(books, CapitalKind.DIVIDEND),
        decisions=decisions_of(books),
        spent_usd=float(desk.meter.spent_usd),
        notes=notes_of(books),
        highs=_of_days(panel.high, panel, days, symbols),
        lows=_of_days(panel.low, panel, days, symbols),
        opinions=tuple(chain.from_iterable(close.opinions for close in closes)),
        stopped=stopped,
    )


def _positions(closes: Sequence[Close], symbols: Sequence[str]) -> Column:
    columns = {symbol: number for number, symbol in enumerate(symbols)}
    shares = np.zeros((len(closes), len(symbols)))
    for row, close in enumerate(closes):
        for symbol, held in close.shares.items():
            shares[row, columns[symbol]] = held
    return shares


def _prices(panel: Panel, days: Sequence[Day], symbols: Sequence[str]) -> Column:
    """The newest close of each symbol at each day; NaN before its first."""
    columns = [panel.symbols.index(symbol) for symbol in symbols]
    prices = panel.close[:, columns].copy()
    for row in range(1, len(prices)):
        prices[row] = np.where(np.isfinite(prices[row]), prices[row], prices[row - 1])
    return prices[[day.row for day in days]]


def _of_days(column: Column, panel: Panel, days: Sequence[Day], symbols: Sequence[str]) -> Column:
    """A column of the panel on the days of the result; NaN where a symbol has no bar."""
    columns = [panel.symbols.index(symbol) for symbol in symbols]
    return column[np.ix_([day.row for day in days], columns)]


def _paid(books: Books, kind: CapitalKind) -> float:
    return float(sum(one.amount for one in books.capital if one.kind is kind))
