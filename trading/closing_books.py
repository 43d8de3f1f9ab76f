"""A session's close from the books: what was held at the bell, valued, attributed and set against the closes before.

A pure function of fills, adjustments and capital up to the bell, so that a day that was missed is closed later as it
would have been in time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal

from trading.closing import (
    DailyClose,
    Due,
    Gains,
    Kept,
    Missing,
    Performance,
    Periods,
    SymbolLine,
    Tallies,
)
from trading.closing_state import History, Past, Seen, State, costs, state_of, unrealised
from trading.closing_strategies import reserve_of, strategy_lines
from trading.money import ZERO
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
from trading.portfolio import FLOWS, Position

__all__ = ["History", "Past", "Seen", "close_of", "held_at", "kept_of"]


def held_at(history: History, due: Due) -> dict[str, Decimal]:
    """Signed shares held at the bell, by symbol."""
    return {symbol: held.quantity for symbol, held in state_of(history, due).positions.items() if held.quantity}


def close_of(history: History, due: Due, seen: Seen, past: Past) -> DailyClose:
    """The close of one session."""
    state = state_of(history, due)
    marked = {s: _marked(p, seen.prices.get(s)) for s, p in state.positions.items() if p.quantity}
    missing = tuple(one for one in marked.values() if isinstance(one, Missing))
    valued = {s: one for s, one in marked.items() if isinstance(one, Position)}
    cash = state.cash
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
        strategies=tuple(strategy_lines(history, state, valued, due, past)),
        reserve=reserve_of(state),
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


def _marked(position: Position, price: Decimal | Missing | None) -> Position | Missing:
    if isinstance(price, Decimal):
        return position.model_copy(update={"mark": price})
    return price or Missing(symbol=position.symbol, reason="nobody was asked for its price")


def _gains(state: State, valued: Mapping[str, Position]) -> Gains:
    """Dollars earned since the opening. Shares that were taken over came without cash: their cost is a gain, too."""
    income = sum((one.amount for one in state.capital if one.kind not in FLOWS), ZERO)
    adopted = sum((one.cost for one in state.adjustments), ZERO)
    return Gains(
        realised=sum((one.realised_pnl for one in state.positions.values()), ZERO),
        unrealised=sum((unrealised(one) for one in valued.values()), ZERO),
        other=income + adopted,
    )


def _symbol_gains(state: State, valued: Mapping[str, Position]) -> dict[str, Decimal]:
    """Dollars that each symbol has earned since the opening, its dividends included; none for one without a price."""
    gains: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for symbol, position in state.positions.items():
        held = valued.get(symbol)
        gains[symbol] = position.realised_pnl + (unrealised(held) if held else ZERO)
    for event in state.capital:
        if event.symbol is not None and event.kind not in FLOWS:
            gains[event.symbol] += event.amount
    unpriced = {symbol for symbol, one in state.positions.items() if one.quantity} - valued.keys()
    return {symbol: gains[symbol] for symbol in sorted(gains.keys() - unpriced)}


def _symbol_lines(
    state: State, marked: Mapping[str, Position | Missing], base: DailyClose | None
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
                unrealised=unrealised(held) if held else None if quantity else ZERO,
                day=day,
            )


def _tallies(history: History, state: State) -> Tallies:
    changes = {**costs(history, state, state.fills), "fills": len(state.fills)}
    return Tallies.model_validate({**dict(history.counted), **changes})


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
