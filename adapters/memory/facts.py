"""What the circuit breakers look at, counted from the books in memory."""

from __future__ import annotations

from heapq import nlargest
from itertools import islice
from operator import attrgetter
from zoneinfo import ZoneInfo

from adapters.memory.desk import Desk
from trading.breaker import StrategyBreaker
from trading.breaker_facts import OF_DESK, OF_STRATEGY, Closing, Known, facts_of, reaches_back
from trading.breaker_rules import BreakerFacts, BreakerLook
from trading.money import ZERO, cents
from trading.trades import Trade


def desk_facts(desk: Desk, look: BreakerLook) -> BreakerFacts:
    """The facts of a look at a desk's books."""
    known = Known(
        event_count=len(desk.log.events),
        equity=desk.equity,
        peak_equity=desk.peak_equity,
        marked_at=desk.marked_at,
        opening_cash=desk.flows[0] if desk.flows else ZERO,
        flows=desk.flows[1:],
        marks=desk.marks.of_days(reaches_back(desk.marked_at, look), ZoneInfo(look.zone)),
        told=desk.log.told(),
        closings=list(islice(reversed(desk.closings.values()), OF_DESK.closings)),
    )
    return facts_of(known, desk.breaker, look)


def strategy_facts(desk: Desk, own: StrategyBreaker, look: BreakerLook) -> BreakerFacts:
    """The facts of a look at one strategy: what it has was transferred to it or earned, but for what it had before."""
    name = own.strategy_id
    account, marks = desk.accounts.get(name), desk.strategy_marks.get(name)
    equity = account.cash if account is not None else ZERO
    for book in desk.symbols.values():
        part = book.parts.get(name)
        if part is not None and part.quantity and book.position is not None:
            equity += cents(part.quantity * book.position.mark)
    first = marks.first if marks is not None else None
    since = reaches_back(desk.marked_at, look)
    known = Known(
        event_count=len(desk.log.events),
        equity=equity,
        peak_equity=max(account.peak_equity if account is not None else ZERO, equity),
        marked_at=desk.marked_at,
        opening_cash=first.equity if first is not None and first.flow_count == 0 else ZERO,
        flows=[one.amount for one in desk.allocations if one.strategy_id == name],
        marks=[] if marks is None else marks.of_days(since, ZoneInfo(look.zone)),
        told=desk.log.told_of(name),
        closings=_closings_of(desk, name),
    )
    return facts_of(known, own.breaker, look)


def _closings_of(desk: Desk, name: str) -> list[Closing]:
    """Of the newest closed trades of a strategy those that an order closed, the newest first."""
    trades = (trade for book in desk.symbols.values() for trade in book.trades.values())
    closed = (trade for trade in trades if trade.strategy_id == name and trade.closed_at is not None)
    newest: list[Trade] = nlargest(OF_STRATEGY.closings, closed, key=attrgetter("closed_at", "trade_id"))
    told = ((desk.closings[one.trade_id], one.trade_id) for one in newest if one.trade_id in desk.closings)
    return [closing for closing, _ in sorted(told, key=lambda one: (one[0].sequence, one[1]), reverse=True)]
