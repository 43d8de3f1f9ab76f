"""A session's close from the books: what was held at the bell, valued, attributed and set against the closes before.

A pure function of fills, adjustments and capital up to the bell, so that a day that was missed is closed later as it
would have been in time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple

from trading.adjustments import Adjustment, in_force, price_through
from trading.closing import (
    Benchmark,
    DailyClose,
    Due,
    Gains,
    Kept,
    Missing,
    Performance,
    Periods,
    StrategyLine,
    SymbolLine,
    Tallies,
)
from trading.instruments import Side
from trading.money import ZERO, cents
from trading.orders import Fill, Leg, OrderRequest, effective
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
from trading.portfolio import FLOWS, CapitalEvent, Position, positions_of
from trading.trades import Trade, trades_of

ADOPTED = "adopted"
"""The strategy of shares that a person told the books to take over."""


class History(NamedTuple):
    """What a desk's books hold. `capital` begins with the opening; `counted` tells orders and model calls so far."""

    desk_id: str
    capital: Sequence[CapitalEvent]
    orders: Mapping[str, OrderRequest]
    fills: Sequence[Fill]
    adjustments: Sequence[Adjustment]
    counted: Tallies


class Seen(NamedTuple):
    """What the market said of the session: its name, a price in dollars of each symbol that is held, or why not."""

    market: str
    prices: Mapping[str, Decimal | Missing]
    benchmark: Benchmark = Benchmark()
    note: str = ""


class Past(NamedTuple):
    """The closes before: all in short, the oldest first, and the last priced one whole."""

    kept: Sequence[Kept] = ()
    base: DailyClose | None = None


class _State(NamedTuple):
    """The books at the bell."""

    positions: Mapping[str, Position]
    trades: Sequence[Trade]
    fills: Sequence[Fill]
    adjustments: Sequence[Adjustment]
    capital: Sequence[CapitalEvent]


def held_at(history: History, due: Due) -> dict[str, Decimal]:
    """Signed shares held at the bell, by symbol."""
    return {symbol: held.quantity for symbol, held in _state(history, due).positions.items() if held.quantity}


def close_of(history: History, due: Due, seen: Seen, past: Past) -> DailyClose:
    """The close of one session."""
    state = _state(history, due)
    marked = {s: _marked(p, seen.prices.get(s)) for s, p in state.positions.items() if p.quantity}
    missing = tuple(one for one in marked.values() if isinstance(one, Missing))
    valued = {s: one for s, one in marked.items() if isinstance(one, Position)}
    cash = _cash(state)
    flows = [one.amount for one in state.capital if one.kind in FLOWS]
    base = past.base
    made = DailyClose(
        desk_id=history.desk_id,
        session_on=due.session.session_on,
        closes_at=due.session.closes_at,
        until_at=due.until_at,
        market=seen.market,
        note=seen.note,
        base_on=base.session_on if base else None,
        cash=cash,
        equity=None if missing else cash + sum((one.value for one in valued.values()), ZERO),
        opening=history.capital[0].amount,
        paid_in=sum(flows, ZERO),
        flow_count=len(flows) - 1,
        gains=None if missing else _gains(state, valued),
        symbols=tuple(_symbol_lines(state, marked, base)),
        symbol_gains=_symbol_gains(state, valued),
        strategies=tuple(_strategy_lines(history, state, valued, base)),
        missing=missing,
        tallies=_tallies(history, state),
        benchmark=seen.benchmark,
    )
    return _compared(made, past)


def _compared(made: DailyClose, past: Past) -> DailyClose:
    """With what the closes before it say."""
    base, now = past.base, (*past.kept, kept_of(made))
    returns = daily_returns(_valuations(made.opening, now))
    changes = {
        "pnl": _periods(made, past.kept),
        "day_tallies": made.tallies.since(base.tallies if base else Tallies()),
        "day_return": returns[-1] if made.equity is not None else None,
        "day_gains": made.gains and made.gains.since((base.gains if base else None) or Gains()),
        "performance": _performance(made, now, returns),
    }
    return made.model_copy(update=changes)


def _state(history: History, due: Due) -> _State:
    """The books at the bell. A fill of that very moment counts, and so does the opening, whenever it was."""
    bell = due.session.closes_at
    fills = [fill for fill in history.fills if fill.filled_at <= bell]
    adjusted = [one for one in history.adjustments if one.effective_at <= bell]
    opening, *later = history.capital
    return _State(
        positions=positions_of(fills, adjusted),
        trades=tuple(trades_of(fills, adjusted).values()),
        fills=effective(fills),
        adjustments=in_force(adjusted),
        capital=[opening, *(one for one in later if one.occurred_at <= due.until_at)],
    )


def _cash(state: _State) -> Decimal:
    paid = sum((one.amount for one in state.capital), ZERO)
    return paid + sum((fill.cash_change for fill in state.fills), ZERO)


def _marked(position: Position, price: Decimal | Missing | None) -> Position | Missing:
    if isinstance(price, Decimal):
        return position.model_copy(update={"mark": price})
    return price or Missing(symbol=position.symbol, reason="nobody was asked for its price")


def _gains(state: _State, valued: Mapping[str, Position]) -> Gains:
    """Dollars earned since the opening. Shares that were taken over came without cash: their cost is a gain, too."""
    income = sum((one.amount for one in state.capital if one.kind not in FLOWS), ZERO)
    adopted = sum((one.cost for one in state.adjustments), ZERO)
    return Gains(
        realised=sum((one.realised_pnl for one in state.positions.values()), ZERO),
        unrealised=sum((_unrealised(one) for one in valued.values()), ZERO),
        other=income + adopted,
    )


def _symbol_gains(state: _State, valued: Mapping[str, Position]) -> dict[str, Decimal]:
    """Dollars that each symbol has earned since the opening, its dividends included; none for one without a price."""
    gains: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for symbol, position in state.positions.items():
        held = valued.get(symbol)
        gains[symbol] = position.realised_pnl + (_unrealised(held) if held else ZERO)
    for event in state.capital:
        if event.symbol is not None and event.kind not in FLOWS:
            gains[event.symbol] += event.amount
    unpriced = {symbol for symbol, one in state.positions.items() if one.quantity} - valued.keys()
    return {symbol: gains[symbol] for symbol in sorted(gains.keys() - unpriced)}


def _symbol_lines(
    state: _State, marked: Mapping[str, Position | Missing], base: DailyClose | None
) -> Iterator[SymbolLine]:
    """What is held, and what has earned or lost something since the close before."""
    valued = {symbol: one for symbol, one in marked.items() if isinstance(one, Position)}
    gains, earlier = _symbol_gains(state, valued), base.symbol_gains if base else {}
    for symbol in sorted(state.positions.keys() | gains.keys() | earlier.keys()):
        held, position = valued.get(symbol), state.positions.get(symbol)
        quantity = position.quantity if position else ZERO
        known = symbol in valued or not quantity
        day = gains.get(symbol, ZERO) - earlier.get(symbol, ZERO) if known else None
        if quantity or day:
            yield SymbolLine(
                symbol=symbol,
                quantity=quantity,
                price=held.mark if held else None,
                value=held.value if held else None,
                realised=position.realised_pnl if position else ZERO,
                unrealised=_unrealised(held) if held else None if quantity else ZERO,
                day=day,
            )


def _strategy_lines(
    history: History, state: _State, valued: Mapping[str, Position], base: DailyClose | None
) -> Iterator[StrategyLine]:
    """Trades belong to the strategy that opened them, orders and their costs to the one that gave them."""
    earlier = {line.strategy_id: line.gain for line in base.strategies} if base else {}
    trades: dict[str, list[Trade]] = {}
    for trade in state.trades:
        opener = history.orders.get(trade.entry_order_id or "")
        trades.setdefault(opener.strategy_id if opener else ADOPTED, []).append(trade)
    fills: dict[str, list[Fill]] = {}
    for fill in state.fills:
        fills.setdefault(history.orders[fill.client_order_id].strategy_id, []).append(fill)
    for name in sorted(trades.keys() | fills.keys() | earlier.keys()):
        gain = _gain(trades.get(name, ()), valued)
        closed = [one.realised_pnl for one in trades.get(name, ()) if one.closed_at is not None]
        won, lost = [one for one in closed if one > 0], [-one for one in closed if one < 0]
        yield StrategyLine(
            strategy_id=name,
            gain=gain,
            day=None if gain is None else gain - (earlier.get(name) or ZERO),
            won=len(won),
            lost=len(lost),
            even=len(closed) - len(won) - len(lost),
            gained=sum(won, ZERO),
            given_up=sum(lost, ZERO),
            **_costs(history, state, fills.get(name, ())),
            win_rate=win_rate(len(won), len(lost)),
            profit_factor=profit_factor(sum(won, ZERO), sum(lost, ZERO)),
        )


def _gain(trades: Sequence[Trade], valued: Mapping[str, Position]) -> Decimal | None:
    still = [trade for trade in trades if trade.closed_at is None]
    if any(trade.symbol not in valued for trade in still):
        return None
    unrealised = sum((_unrealised(valued[trade.symbol]) for trade in still), ZERO)
    return sum((trade.realised_pnl for trade in trades), ZERO) + unrealised


def _tallies(history: History, state: _State) -> Tallies:
    changes = {**_costs(history, state, state.fills), "fills": len(state.fills)}
    return Tallies.model_validate({**dict(history.counted), **changes})


def _costs(history: History, state: _State, fills: Sequence[Fill]) -> dict[str, Decimal]:
    slippage = (_slippage(fill, history.orders[fill.client_order_id], state.adjustments) for fill in fills)
    return {
        "commission": sum((fill.commission for fill in fills), ZERO),
        "slippage": sum(slippage, ZERO),
        "traded": sum((fill.notional for fill in fills), ZERO),
    }


def _slippage(fill: Fill, order: OrderRequest, adjustments: Sequence[Adjustment]) -> Decimal:
    """Dollars that a fill cost against the price of its decision; of a stop or target, against its own price."""
    decided = {Leg.STOP: order.stop_price, Leg.TARGET: order.limit_price}.get(order.leg) or order.mark
    before = [one for one in adjustments if one.effective_at <= fill.filled_at]
    price = price_through(decided, fill.symbol, before, order.as_of)
    worse = fill.price - price if fill.side is Side.BUY else price - fill.price
    return cents(worse * fill.quantity)


def _unrealised(held: Position) -> Decimal:
    return held.value - held.cost_basis


def kept_of(close: DailyClose) -> Kept:
    """A close, as later ones need it."""
    compared = close.benchmark.day_return if close.equity is not None else None
    return Kept(close.session_on, close.closes_at, close.equity, close.paid_in, compared)


def _valuations(opening: Decimal, closes: Sequence[Kept]) -> list[Valuation]:
    """The priced closes after the opening deposit, each with what was paid in since the one before."""
    valuations: list[Valuation] = []
    paid_in = opening
    for one in closes:
        if one.equity is not None:
            valuations.append(Valuation(one.closes_at, one.equity, one.paid_in - paid_in))
            paid_in = one.paid_in
    first = closes[0].closes_at
    return [Valuation(first, opening), *valuations]


def _periods(close: DailyClose, earlier: Sequence[Kept]) -> Periods:
    if close.equity is None:
        return Periods()
    on, now = close.session_on, close.equity - close.paid_in
    priced = [one for one in earlier if one.equity is not None]

    def since(first: date) -> Decimal:
        before = [one for one in priced if one.session_on < first]
        return now - ((before[-1].equity or ZERO) - before[-1].paid_in if before else ZERO)

    monday = on - timedelta(days=on.weekday())
    return Periods(day=since(on), week=since(monday), month=since(on.replace(day=1)), opening=now)


def _performance(close: DailyClose, closes: Sequence[Kept], returns: Sequence[float]) -> Performance:
    priced = [one for one in closes if one.equity is not None]
    pairs = [
        (ours, one.benchmark_return)
        for ours, one in zip(returns, priced, strict=True)
        if one.benchmark_return is not None
    ]
    theirs = compounded([one for _, one in pairs]) if pairs else None
    fallen = drawdown_of(returns)
    won, lost = (sum(getattr(line, name) for line in close.strategies) for name in ("won", "lost"))
    gained, given_up = (sum((getattr(line, n) for line in close.strategies), ZERO) for n in ("gained", "given_up"))
    return Performance(
        sessions=len(priced),
        total_return=compounded(returns),
        max_drawdown=fallen.deepest,
        drawdown=fallen.now,
        sharpe=sharpe(returns),
        sortino=sortino(returns),
        win_rate=win_rate(won, lost),
        profit_factor=profit_factor(gained, given_up),
        turnover=turnover(close.tallies.traded, [one.equity for one in priced if one.equity is not None]),
        benchmark_return=theirs,
        excess_return=None if theirs is None else compounded([one for one, _ in pairs]) - theirs,
    )
