"""A symbol in the books after one more happening, or counted anew from all of them: its position, parts and trades."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from trading.adjustments import Adjustment, price_through
from trading.orders import Fill, effective
from trading.portfolio import CapitalEvent, Position
from trading.sleeves import Holding, Owners, Step, Told, after, divide, fold, together
from trading.trades import Trade, book_trade, trades_by


class Valued(NamedTuple):
    """A price, in the shares of today, and the moment it is of."""

    mark: Decimal
    marked_at: datetime


class Quoted(NamedTuple):
    """The last quote of a symbol, in the shares of its moment."""

    mark: Decimal
    quoted_at: datetime


class Counted(NamedTuple):
    """A symbol as it is now; `valued` is what a share is worth.

    `changed` are the strategies whose part is another, `trades` those that are.
    """

    position: Position
    valued: Valued
    holding: Holding
    changed: frozenset[str]
    trades: tuple[Trade, ...]


def extended(
    before: Holding, fill: Fill, owners: Owners, quoted: Quoted | None, open_trades: Mapping[str, Trade]
) -> Counted:
    """After a fill that is the newest of its symbol; `open_trades` by strategy."""
    steps = divide(before, fill, owners)
    holding = after(before, steps)
    position = together(fill.symbol, holding) or Position(symbol=fill.symbol, mark=fill.price)
    # The quote is of this moment or later: it is in the same shares.
    valued = newer(Valued(fill.price, fill.filled_at), fill.symbol, quoted, ())
    names = frozenset(step.strategy_id for step in steps)
    return Counted(position, valued, holding, names, _traded(steps, open_trades))


def paid_on(before: Holding, capital: CapitalEvent) -> Holding:
    """A symbol's parts after money was paid for its shares, later than anything else that happened to it."""
    steps = divide(before, capital, {})
    return after(before, steps) if steps else before


def recounted(symbol: str, told: Told, quoted: Quoted | None) -> Counted | None:
    """From all that happened to it; None when nobody ever held any."""
    fills, adjusted = tuple(told.fills), tuple(told.adjustments)
    holdings, steps = fold(told._replace(fills=fills, adjustments=adjusted))
    holding = holdings.get(symbol, Holding())
    position = together(symbol, holding)
    if position is None and fills:
        # When every fill was taken back there is still a row to value, at nothing.
        position = Position(symbol=symbol, mark=price_through(fills[-1].price, symbol, adjusted, fills[-1].filled_at))
    if position is None:
        return None
    booked = Valued(position.mark, priced_at(fills, adjusted))
    valued = newer(booked, symbol, quoted, adjusted)
    return Counted(position, valued, holding, frozenset(holding.parts), tuple(trades_by(steps).values()))


def priced_at(fills: Sequence[Fill], adjusted: Iterable[Adjustment]) -> datetime:
    """When the newest price was booked: of fills in the order of time, and of adoptions."""
    moments = [fill.filled_at for fill in effective(fills) or fills[-1:]]
    return max([*moments, *(one.effective_at for one in adjusted if one.ratio is None)])


def newer(booked: Valued, symbol: str, quoted: Quoted | None, adjusted: Iterable[Adjustment]) -> Valued:
    """The last quote, through the splits since, if it is not older than what was booked last."""
    if quoted is None or quoted.quoted_at < booked.marked_at:
        return booked
    return Valued(price_through(quoted.mark, symbol, adjusted, quoted.quoted_at), quoted.quoted_at)


def _traded(steps: Iterable[Step], open_trades: Mapping[str, Trade]) -> tuple[Trade, ...]:
    latest, changed = dict(open_trades), dict[str, Trade]()
    for step in steps:
        trade = book_trade(latest.get(step.strategy_id), step)
        if trade is not None:
            changed[trade.trade_id] = latest[step.strategy_id] = trade
    return tuple(changed.values())
