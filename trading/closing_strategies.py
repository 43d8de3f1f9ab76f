"""A session's close by strategy: what each has of the desk at the bell, and how it has done since its beginning.

What the strategies have sums to the desk's, to the cent, with the reserve: cash that is nobody's. Transfers between a
strategy and the reserve are its flows, as deposits and withdrawals are the desk's: no gain, no loss and no drawdown.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import takewhile
from statistics import fmean
from typing import Any, NamedTuple

from trading.closing import DailyClose, Due, KeptLine, Periods, StrategyLine
from trading.closing_state import History, Past, State, costs
from trading.money import ZERO
from trading.orders import Fill
from trading.performance import (
    Valuation,
    compounded,
    daily_returns,
    drawdown_of,
    profit_factor,
    sharpe,
    sortino,
    turnover,
    win_rate,
)
from trading.portfolio import Position
from trading.sleeves import FIRST, shares_out
from trading.trades import Trade

_ADOPTED = "adopted"
"""Whose gains shares were that the books took over, before they were the first strategy's."""


class _Part(NamedTuple):
    """A strategy's part of a symbol, in dollars: worth (None without a price), cost, gain by closing, cash brought."""

    value: Decimal | None
    cost: Decimal
    realised: Decimal
    cash: Decimal


class _Account(NamedTuple):
    """What a strategy has at the bell."""

    cash: Decimal
    paid_in: Decimal
    held: Decimal | None
    value: Decimal | None
    transfers: int
    allocation: Decimal | None


def strategy_lines(
    history: History, state: State, valued: Mapping[str, Position], due: Due, past: Past
) -> Iterator[StrategyLine]:
    """Every strategy that has, or ever had, a part of the desk."""
    parts, earlier = _parts(state, valued), _earlier(past.base)
    fills: dict[str, list[Fill]] = defaultdict(list)
    for fill in state.fills:
        fills[history.orders[fill.client_order_id].strategy_id].append(fill)
    funded = {one.strategy_id for one in state.allocations}
    for name in sorted(parts.keys() | fills.keys() | earlier.keys() | funded):
        gain = _gain(parts[name])
        day = None if gain is None else gain - earlier.get(name, ZERO)
        done = {**_trades([t for t in state.trades if t.strategy_id == name]), **costs(history, state, fills[name])}
        line = StrategyLine(strategy_id=name, gain=gain, day=day, **done)
        yield _led(line, _account(state, name, parts[name]), due, past.lines.get(name, ())) if funded else line


def reserve_of(state: State) -> Decimal | None:
    """Dollars of cash that are nobody's; None where nothing was ever allocated."""
    if not state.allocations:
        return None
    parts = (part.cash for holding in state.holdings.values() for part in holding.parts.values())
    return state.cash - sum((one.amount for one in state.allocations), ZERO) - sum(parts, ZERO)


def kept_line(close: DailyClose, line: StrategyLine) -> KeptLine | None:
    """A strategy's line, as later closes need it; None where it was not worth a known sum."""
    if line.equity is None or line.paid_in is None or line.held is None:
        return None
    return KeptLine(close.session_on, close.closes_at, line.equity, line.paid_in, line.held)


def _parts(state: State, valued: Mapping[str, Position]) -> defaultdict[str, list[_Part]]:
    """By strategy. What a position is worth is divided so that the parts sum to it, to the cent."""
    found: defaultdict[str, list[_Part]] = defaultdict(list)
    for symbol, holding in state.holdings.items():
        shares = {name: abs(part.position.quantity) for name, part in holding.parts.items() if part.position.quantity}
        desks = valued.get(symbol)
        values = dict(shares_out(desks.value, shares.items())) if desks else {}
        for name, part in holding.parts.items():
            value = values.get(name) if name in shares else ZERO
            found[name].append(_Part(value, part.position.cost_basis, part.position.realised_pnl, part.cash))
    return found


def _earlier(base: DailyClose | None) -> dict[str, Decimal]:
    """The gains at the last priced close."""
    gains: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for line in base.strategies if base else ():
        gains[FIRST if line.strategy_id == _ADOPTED else line.strategy_id] += line.gain or ZERO
    return dict(gains)


def _gain(parts: Iterable[_Part]) -> Decimal | None:
    gain = ZERO
    for part in parts:
        if part.value is None:
            return None
        gain += part.realised + part.value - part.cost
    return gain


def _trades(trades: Sequence[Trade]) -> dict[str, Any]:
    ended = sorted((one.closed_at, one.trade_id, one.realised_pnl) for one in trades if one.closed_at is not None)
    earned = [pnl for _, _, pnl in ended]
    won, lost = [one for one in earned if one > 0], [-one for one in earned if one < 0]
    gained, given_up = sum(won, ZERO), sum(lost, ZERO)
    return {
        "won": len(won),
        "lost": len(lost),
        "even": len(earned) - len(won) - len(lost),
        "lost_in_a_row": sum(1 for _ in takewhile(lambda one: one < 0, reversed(earned))),
        "gained": gained,
        "given_up": given_up,
        "win_rate": win_rate(len(won), len(lost)),
        "profit_factor": profit_factor(gained, given_up),
    }


def _account(state: State, name: str, parts: Sequence[_Part]) -> _Account:
    moved = [one for one in state.allocations if one.strategy_id == name]
    paid_in = sum((one.amount for one in moved), ZERO)
    values = [part.value for part in parts if part.value is not None]
    known = len(values) == len(parts)
    return _Account(
        cash=paid_in + sum((part.cash for part in parts), ZERO),
        paid_in=paid_in,
        held=sum(map(abs, values), ZERO) if known else None,
        value=sum(values, ZERO) if known else None,
        transfers=len(moved),
        allocation=max(moved, key=lambda one: one.allocated_at).allocation if moved else None,
    )


def _led(line: StrategyLine, account: _Account, due: Due, kept: Sequence[KeptLine]) -> StrategyLine:
    """The line of a strategy whose part of the books is led, with how it has done."""
    changes: dict[str, Any] = {**account._asdict()}
    value = changes.pop("value")
    if value is None or account.held is None:
        return line.model_copy(update=changes)
    session = due.session
    now = KeptLine(session.session_on, session.closes_at, account.cash + value, account.paid_in, account.held)
    return line.model_copy(update={**changes, "equity": now.equity, **_figures((*kept, now), line.traded)})


def _figures(series: Sequence[KeptLine], traded: Decimal) -> dict[str, Any]:
    """Over the priced closes of a strategy, which began with nothing."""
    now, returns = series[-1], daily_returns(_valuations(series))
    fallen = drawdown_of(returns)
    exposed = [float(one.held / one.equity) for one in series if one.equity > 0]
    return {
        "pnl": _periods(series),
        "sessions": len(series),
        "day_return": returns[-1],
        "total_return": compounded(returns),
        "drawdown": fallen.now,
        "max_drawdown": fallen.deepest,
        "sharpe": sharpe(returns),
        "sortino": sortino(returns),
        "turnover": turnover(traded, [one.equity for one in series]),
        "exposure": fmean(exposed) if exposed and now.equity > 0 else None,
    }


def _valuations(series: Sequence[KeptLine]) -> list[Valuation]:
    valuations, paid_in = [Valuation(series[0].closes_at, ZERO)], ZERO
    for one in series:
        valuations.append(Valuation(one.closes_at, one.equity, one.paid_in - paid_in))
        paid_in = one.paid_in
    return valuations


def _periods(series: Sequence[KeptLine]) -> Periods:
    *earlier, now = series
    earned, on = now.equity - now.paid_in, now.session_on

    def since(first: date) -> Decimal:
        before = [one for one in earlier if one.session_on < first]
        return earned - (before[-1].equity - before[-1].paid_in if before else ZERO)

    monday = on - timedelta(days=on.weekday())
    return Periods(day=since(on), week=since(monday), month=since(on.replace(day=1)), opening=earned)
