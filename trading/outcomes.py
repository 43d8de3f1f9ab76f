"""What a setup came to, in the numbers that are remembered: by its trade, or by what it would have made.

| of | ends as |
|---|---|
| a trade | `stop`, `target`, `exit`; `adjusted` where no order closed it |
| a shadow trade | `stop`, `target`, `exit`, `time`, `gone`, `resumed` |
| a thought | `stop`, `target`, `time`, `gone`; before it how its order ended, if there was one: `denied; stop` |

A trade's return and dollars are its own, costs included; of one that several orders made each has its part by what it
cost. A thought is of what was vetoed, denied or never filled, and of each exit: a shadow trade over the bars since,
closed after its horizon at the latest.

Best and worst are of the days between, of the first its close alone and of the last the price that ended it: what the
rest of those two bars saw may have been before it or after.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from trading.bars import Bars
from trading.corporate_actions import CorporateAction, effective_at
from trading.fates import Fate
from trading.instruments import Side
from trading.memory import Course, Outcome, Remembered, Setup
from trading.money import ZERO, cents, notional
from trading.shadow import ShadowTrade
from trading.trades import Trade

MOST_HORIZON = 60
"""Sessions after which a thought is counted, whatever its horizon: what a quarter has not shown teaches too late."""
_ALONE = Decimal("0.9")
"""From this part of a trade's dollars on an order may have made all of it: fills differ from the price decided at."""
GONE = "gone"
ADJUSTED = "adjusted"


class Path(NamedTuple):
    """Daily bars of a symbol and of the benchmark, both in the shares of now, with the splits of the symbol.

    `decided_on` is the last session that was complete when it was decided.
    """

    bars: Bars | None
    benchmark: Bars | None
    decided_on: date
    splits: Sequence[CorporateAction] = ()


class End(NamedTuple):
    """How something ended: at a price, on a day, and why; its prices are in the shares of `told_at`."""

    price: Decimal
    on: date
    closed_at: datetime
    reason: str
    told_at: datetime


def of_trade(setup: Setup, fate: Fate, path: Path, at: datetime) -> Outcome | None:
    """The outcome of an entry that was traded; None while its trade is open."""
    trade = fate.trade
    if trade is None or trade.closed_at is None or trade.exit_price is None:
        return None
    reason = fate.exit_leg.value if fate.exit_leg else ADJUSTED
    end = End(trade.exit_price, trade.closed_at.date(), trade.closed_at, reason, trade.closed_at)
    whole = notional(trade.quantity, trade.entry_price)
    made = float(trade.realised_pnl / whole) if whole > 0 else 0.0
    pnl = cents(trade.realised_pnl * _part(setup, fate, trade))
    return _outcome(Course.TRADED, (made, pnl), _walk(trade), (end, path, at))


def of_shadow(shadow: ShadowTrade, path: Path, at: datetime) -> Outcome | None:
    """The outcome of a decision that was only thought of; None while its shadow trade is open."""
    if shadow.closed_at is None or shadow.exit_price is None or shadow.pnl is None or shadow.ending is None:
        return None
    end = End(shadow.exit_price, shadow.closed_at.date(), shadow.closed_at, shadow.ending.value, shadow.looked_at)
    return _outcome(Course.SHADOW, _made(shadow), _walk_of(shadow), (end, path, at))


def of_thought(
    memory: Remembered, fate: Fate, closed: tuple[datetime, bool], path: Path, at: datetime
) -> Outcome | None:
    """The outcome of what was not traded, or of an exit, by its thought; None while that goes on.

    `closed` is the bell of the session that ended it, and whether its symbol was still priced.
    """
    thought, setup = memory.thought, memory.setup
    if thought.exit_price is None or thought.ending is None:
        return None
    closed_at, is_priced = closed
    ending = thought.ending.value if is_priced else GONE
    unfilled = setup.course is Course.TRADED and not any(order.filled_quantity for order in fate.orders)
    before = (fate.came_to_nothing or "never ordered") if unfilled else ""
    course = Course.FORGONE if unfilled else setup.course
    reason = f"{before}; {ending}" if before else ending
    end = End(thought.exit_price, thought.seen_on, closed_at, reason, thought.looked_at)
    return _outcome(course, _made(thought), _walk_of(thought), (end, path, at))


def _part(setup: Setup, fate: Fate, trade: Trade) -> Decimal:
    """The setup's part of a trade, by dollars: a split changes shares, and not what was paid.

    By shares alone, two orders of one trade would each be all of it after a reverse split.
    """
    filled = sum((order.filled_quantity for order in fate.orders), ZERO)
    whole = notional(trade.quantity, trade.entry_price)
    if whole <= 0:
        return Decimal(1)
    part = min(notional(filled, setup.price) / whole, Decimal(1))
    return Decimal(1) if filled >= trade.quantity and part >= _ALONE else part


def _made(trade: ShadowTrade) -> tuple[float, Decimal]:
    pnl = trade.pnl or ZERO
    return (float(pnl / trade.notional) if trade.notional > 0 else 0.0), pnl


class _Walk(NamedTuple):
    """From where a price went: the entry, the day of it, and the sign of a gain."""

    price: float
    on: date
    sign: int


def _walk(trade: Trade) -> _Walk:
    return _Walk(float(trade.entry_price), trade.opened_at.date(), 1 if trade.side is Side.BUY else -1)


def _walk_of(trade: ShadowTrade) -> _Walk:
    return _Walk(float(trade.entry_price), trade.opened_at.date(), trade.sign)


def _outcome(course: Course, made: tuple[float, Decimal], walk: _Walk, seen: tuple[End, Path, datetime]) -> Outcome:
    (fraction, pnl), (end, path, at) = made, seen
    days = _between(path.bars, walk.on, end.on)
    worst, best = _excursion(walk, days, end, path)
    return Outcome(
        course=course,
        return_fraction=fraction,
        benchmark_return=_benchmark(path, end.on),
        sessions=len(days),
        best=best,
        worst=worst,
        pnl=pnl,
        exit_reason=end.reason,
        closed_at=end.closed_at,
        resolved_at=at,
    )


def _between(bars: Bars | None, first: date, last: date) -> range:
    """The places of the bars after the first day, up to the last."""
    if bars is None:
        return range(0)
    days = [day.item() for day in bars.session_on]
    after = next((number for number, day in enumerate(days) if day > first), len(days))
    until = next((number for number, day in enumerate(days) if day > last), len(days))
    return range(after, until)


def _excursion(walk: _Walk, days: range, end: End, path: Path) -> tuple[float, float]:
    """The worst and the best return on the way."""
    prices = [float(end.price)]
    if path.bars is not None:
        then = _shares_then(path.splits, end.told_at)
        whole = [number for number in days if path.bars.session_on[number].item() < end.on]
        for number in whole:
            prices += [float(path.bars.low[number]) * then, float(path.bars.high[number]) * then]
        if end.on > walk.on and days.start > 0 and path.bars.session_on[days.start - 1].item() == walk.on:
            prices.append(float(path.bars.close[days.start - 1]) * then)
    returns = [0.0, *(walk.sign * (price / walk.price - 1) for price in prices)]
    return min(returns), max(returns)


def _shares_then(splits: Sequence[CorporateAction], at: datetime) -> float:
    """What a price in the shares of now is multiplied by to be one of then: the splits since."""
    ratio = 1.0
    for split in splits:
        if split.ratio is not None and effective_at(split.ex_on) > at:
            ratio *= float(split.ratio)
    return ratio


def _benchmark(path: Path, until: date) -> float | None:
    """The benchmark's return from the last close before the decision to that of the end; None where it has not both."""
    bars = path.benchmark
    if bars is None:
        return None
    closes = {day.item(): float(close) for day, close in zip(bars.session_on, bars.close, strict=True)}
    before, after = closes.get(path.decided_on), closes.get(until)
    if until == path.decided_on:
        return 0.0
    return None if not before or after is None else after / before - 1
